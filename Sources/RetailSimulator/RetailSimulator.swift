import DemandData
import DemandModel

/// What a simulation wrote.
public struct SimulationSummary: Sendable, Hashable, Codable {
  public let directory: String
  public let regions: Int
  public let stores: Int
  public let categories: Int
  public let departments: Int
  public let products: Int
  /// Ranged product-store pairs.
  public let series: Int
  public let firstDay: Day
  public let lastDay: Day
  /// Rows of `sales.csv`, and how many of them are flagged out of stock, are promoted, and sold nothing.
  public let salesRows: Int
  public let outOfStockRows: Int
  public let promotionRows: Int
  public let zeroRows: Int
  public let units: Int
  /// Demand that stock-outs and hidden absences kept from becoming sales.
  public let lostUnits: Int
}

/// A retailer with known truth: writes its sales, masters and event calendar as CSV files, and its true parameters.
///
/// The parameters and the demand equation are those of `RetailTruth`. On top of demand come stock-outs (a stock filled
/// up on delivery days, some of which are missed; a day whose shelf is empty at its end is flagged `out`), hidden
/// stretches off the shelf, closed days, and products that come late or leave early. The same options give the same
/// bytes, whatever the number of threads.
public struct RetailSimulator: Sendable {
  public let options: SimulatorOptions
  package let assortment: Assortment
  package let calendar: HolidayCalendar
  package let prices: PricePlan
  package let truth: RetailTruth
  private let streams: SimulationStreams

  /// - Throws: ``RetailerError/invalidOption(name:value:mend:)``.
  public init(_ options: SimulatorOptions = SimulatorOptions()) throws(RetailerError) {
    try options.validate()
    self.options = options
    streams = SimulationStreams(seed: options.seed)
    assortment = Assortment(
      regions: options.regions, stores: options.stores, categories: options.categories,
      departments: options.departments, products: options.products)
    calendar = HolidayCalendar(
      regions: assortment.regions, firstDay: options.firstDay, lastDay: options.firstDay + (options.days - 1))
    truth = RetailTruth(options: options, assortment: assortment, calendar: calendar, streams: streams)
    prices = PricePlan(assortment: assortment, options: options, streams: streams)
  }

  /// Simulates without writing: the series of every product, by store.
  package func records(control: RunControl = RunControl()) throws(Cancelled) -> [[SeriesRecord]] {
    try demand().records(control: control)
  }

  /// Planned and shocked demand of every series, before a single count is drawn.
  package func demand() -> SimulatedDemand {
    SimulatedDemand(
      assortment: assortment, options: options, truth: truth, calendar: calendar, prices: prices, streams: streams)
  }

  /// Simulates and writes `products.csv`, `stores.csv`, `events.csv`, `sales.csv`, `truth.json` and
  /// `truth_series.csv` into a directory, which is made where there is none.
  ///
  /// - Parameters:
  ///   - path: the directory; must be empty unless `overwrite`.
  ///   - overwrite: replace the files of an earlier simulation; other files stay.
  ///   - control: progress counts products simulated, then days written.
  /// - Throws: ``RetailerError``, or `Cancelled`.
  public func write(
    to path: String, overwrite: Bool = false, control: RunControl = RunControl()
  ) throws -> SimulationSummary {
    var writer = try DeliveryWriter(directory: path, overwrite: overwrite)
    let steps = options.products + options.days
    var simulation = control
    simulation.progress = { done, _ in control.progress(done, steps) }
    let records = try records(control: simulation)
    try RetailerFiles.writeMasters(assortment: assortment, calendar: calendar, writer: &writer)
    try RetailerFiles.writeJSON(truth, to: "truth.json", writer: &writer)
    try writeSeriesTruth(records, writer: &writer)
    var tally = SalesTally()
    try writer.file("sales.csv") { buffer in
      tally = try writeSales(records, control: control, into: &buffer)
    }
    try writer.publish()
    return SimulationSummary(
      directory: path, regions: options.regions, stores: options.stores, categories: options.categories,
      departments: options.departments, products: options.products,
      series: records.reduce(0) { $0 + $1.count }, firstDay: options.firstDay,
      lastDay: options.firstDay + (options.days - 1), salesRows: tally.rows, outOfStockRows: tally.out,
      promotionRows: tally.promoted, zeroRows: tally.zeros, units: tally.units, lostUnits: tally.lost)
  }

  private struct SalesTally {
    var rows = 0
    var out = 0
    var promoted = 0
    var zeros = 0
    var units = 0
    var lost = 0
  }

  private func writeSales(
    _ records: [[SeriesRecord]], control: RunControl, into buffer: inout ByteBuffer
  ) throws -> SalesTally {
    var tally = SalesTally()
    let prefixes = records.enumerated().map { product, series in
      series.map { Array(",\(assortment.products[product].name),\(assortment.stores[$0.store].name),".utf8) }
    }
    let (ok, out) = (Array(",ok\n".utf8), Array(",out\n".utf8))
    buffer.append("date,product,store,units,price,promotion,stock\n")
    for day in 0..<options.days {
      let today = options.firstDay + day
      let date = Array(today.iso.utf8)
      let closed = assortment.regions.indices.map { calendar.isClosed(today, region: $0) }
      for product in records.indices {
        for (position, series) in records[product].enumerated() where series.ranged.contains(day) {
          let region = assortment.stores[series.store].region
          if closed[region] { continue }
          let index = day - series.ranged.lowerBound
          let units = series.units[index]
          let isPromoted = prices.isPromoted(product: product, region: region, day: day)
          buffer.append(date)
          buffer.append(prefixes[product][position])
          buffer.append(decimal: units)
          buffer.append(44)
          buffer.append(cents: prices.price(product: product, region: region, day: day))
          buffer.append(44)
          buffer.append(isPromoted ? 49 : 48)
          buffer.append(series.isOut[index] ? out : ok)
          tally.rows += 1
          tally.out += series.isOut[index] ? 1 : 0
          tally.promoted += isPromoted ? 1 : 0
          tally.zeros += units == 0 ? 1 : 0
          tally.units += Int(units)
          tally.lost += Int(series.demand[index] - units)
        }
        try buffer.flushIfFull()
      }
      if control.isCancelled() { throw Cancelled() }
      control.progress(options.products + day + 1, options.products + options.days)
    }
    return tally
  }

  private func writeSeriesTruth(_ records: [[SeriesRecord]], writer: inout DeliveryWriter) throws {
    try writer.file("truth_series.csv") { buffer in
      buffer.append("product,store,first_day,last_day,base_level,size,demand,units,out_days,off_shelf\n")
      for (product, series) in records.enumerated() {
        for record in series {
          let first = options.firstDay + record.ranged.lowerBound
          let last = options.firstDay + (record.ranged.upperBound - 1)
          let demand = record.demand.reduce(0) { $0 + Int($1) }
          let units = record.units.reduce(0) { $0 + Int($1) }
          let out = record.isOut.count { $0 }
          let absences = record.offShelf.map {
            "\((options.firstDay + $0.lowerBound).iso)/\((options.firstDay + ($0.upperBound - 1)).iso)"
          }
          buffer.append("\(assortment.products[product].name),\(assortment.stores[record.store].name),")
          buffer.append("\(first.iso),\(last.iso),\(record.baseLevel),\(record.size),\(demand),\(units),\(out),")
          buffer.append("\(absences.joined(separator: " "))\n")
        }
        try buffer.flushIfFull()
      }
    }
  }
}
