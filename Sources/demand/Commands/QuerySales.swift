import ArgumentParser
import DemandData
import SalesStore

struct QuerySales: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sales",
    abstract: "Prints the sales history of one node, or of all nodes of a level.",
    discussion: """
      Examples:
        demand query sales --product FOODS_3 --location CA_1 --from 2016-01-01
        demand query sales --level category:region --format csv

      Beside the units stands how many of the node's series were on sale (sold), closed, not ranged, out of stock or \
      unknown on the day: a zero is not one thing.
      """)

  @OptionGroup var selection: NodeSelection
  @Option(help: ArgumentHelp("First day, as YYYY-MM-DD.", valueName: "YYYY-MM-DD")) var from: Day?
  @Option(help: ArgumentHelp("Last day, as YYYY-MM-DD.", valueName: "YYYY-MM-DD")) var to: Day?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if let from, let to, to < from { throw ValidationError("--to \(to) is before --from \(from)") }
  }

  func run() throws {
    let store = try common.openForReading()
    var table = OutputTable(
      NodeNames.columns + [
        .day("date"), .number("units"), .integer("sold"), .integer("closed"), .integer("not_ranged"),
        .integer("out_of_stock"), .integer("unknown"),
      ])
    for names in try selection.nodes(in: try store.hierarchy()) {
      for it in try store.salesHistory(names, from: from, to: to) {
        let counts = [it.sold, it.closed, it.notRanged, it.outOfStock, it.unknown]
        table.append(names.cells + [.day(it.day), .units(it.units)] + counts.map { .integer($0) })
      }
    }
    try output.show(table)
  }
}
