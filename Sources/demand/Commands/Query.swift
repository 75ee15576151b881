import ArgumentParser

struct Query: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Asks for forecasts, sales and accuracy of any node.",
    discussion: """
      Examples:
        demand query forecast --product FOODS_3 --location CA_1
        demand query forecast --level department:store --total --format csv
        demand query sales --product FOODS_3_090 --location CA_1 --from 2016-01-01
        demand query accuracy --format markdown
      """,
    subcommands: [QueryForecast.self, QuerySales.self, QueryAccuracy.self])
}
