import DemandData
import DemandModel
import Foundation
import NumericKernels

/// Sizes of a retailer drawn from the demand model's own priors.
public struct ModelRetailerOptions: Sendable, Hashable, Codable {
  public var regions = 2
  public var stores = 4
  public var categories = 2
  public var departments = 3
  public var products = 12
  public var days = 364
  public var firstDay = Day(number: 19268)
  public var seed: UInt64 = 1
  /// Median daily units of a group (a department in a store) before calendar effects.
  public var typicalUnits = 60.0
  /// Standard deviation of the groups' log levels about it.
  public var levelSpread = 0.5
  /// Shape of the Dirichlet that splits a group into its products; small makes unequal shares.
  public var shareConcentration = 2.0
  /// The model whose priors are drawn from.
  public var specification = ModelSpecification()

  public init() {}

  /// - Throws: ``RetailerError/invalidOption(name:value:mend:)`` for the first option that cannot be met.
  public func validate() throws(RetailerError) {
    var sizes = SimulatorOptions()
    (sizes.regions, sizes.stores, sizes.categories) = (regions, stores, categories)
    (sizes.departments, sizes.products, sizes.days, sizes.firstDay) = (departments, products, days, firstDay)
    try sizes.validate()
    func require(_ holds: Bool, _ name: String, _ value: Double, _ mend: String) throws(RetailerError) {
      if !holds { throw .invalidOption(name: name, value: "\(value)", mend: mend) }
    }
    try require(
      typicalUnits > 0 && typicalUnits <= 1e5, "typical units", typicalUnits, "give a number above 0, at most 100000")
    try require(levelSpread >= 0 && levelSpread <= 3, "level spread", levelSpread, "give a number from 0 to 3")
    try require(
      shareConcentration > 0 && shareConcentration <= 1e6, "share concentration", shareConcentration,
      "give a number above 0, at most 1000000")
  }
}

/// Draws retailers from stage 1's priors, so that posterior intervals can be checked against known truth.
///
/// Group counts are y_gt ~ Poisson(exp(eta_gt)) with all of eta from the priors. Each group's count is dropped into its
/// products by a multinomial with shares drawn once from a Dirichlet. Products are then independent Poisson with means
/// share x exp(eta_gt), and their sums are the group model's counts, to the unit.
public struct ModelRetailer: Sendable {
  /// One retailer: its history as the model sees it, and the truth by the names of `GroupPosterior.diagnostics`.
  public struct Draw: Sendable {
    public let panel: Panel
    public let truth: [String: Double]
    /// Share of each series in its group.
    public let shares: [Double]
    /// Units, `[group][day]`.
    package let groupCounts: [Int]
  }

  public let options: ModelRetailerOptions
  private let assortment: Assortment
  private let calendar: HolidayCalendar
  private let hierarchy: Hierarchy
  private let prior: Stage1Prior
  private let knownCalendar: EventCalendar

  /// - Throws: ``RetailerError/invalidOption(name:value:mend:)``, or `Stage1Error` for a specification that does not
  ///   fit the trees.
  public init(_ options: ModelRetailerOptions = ModelRetailerOptions()) throws {
    try options.validate()
    self.options = options
    assortment = Assortment(
      regions: options.regions, stores: options.stores, categories: options.categories,
      departments: options.departments, products: options.products)
    calendar = HolidayCalendar(
      regions: assortment.regions, firstDay: options.firstDay, lastDay: options.firstDay + (options.days - 1))
    hierarchy = try assortment.hierarchy()
    knownCalendar = calendar.eventCalendar(regions: assortment.regions)
    prior = try Stage1Prior(
      hierarchy: hierarchy, calendar: knownCalendar, firstDay: options.firstDay, dayCount: options.days,
      typicalUnits: options.typicalUnits, levelSpread: options.levelSpread, specification: options.specification)
  }

  /// Retailer `number` of this seed; each number is a retailer of its own.
  public func draw(_ number: Int = 0) -> Draw {
    let purpose = StreamPurpose.priorSimulation.rawValue
    var random = RandomStream(seed: options.seed, purpose: purpose, draw: UInt64(number))
    let drawn = prior.draw(using: &random)
    let days = options.days
    let members = Dictionary(grouping: hierarchy.series.indices, by: { prior.groupOfSeries[$0] })
    var shares = [Double](repeating: 0, count: hierarchy.series.count)
    var units = [Int32](repeating: 0, count: hierarchy.series.count * days)
    for group in prior.groups.indices {
      var thinning = RandomStream(
        seed: options.seed, purpose: purpose, index: UInt64(group), chain: 1, draw: UInt64(number))
      let series = members[group] ?? []
      let weights = series.map { _ in max(thinning.gamma(shape: options.shareConcentration), .leastNormalMagnitude) }
      let total = weights.reduce(0, +)
      for (position, index) in series.enumerated() { shares[index] = weights[position] / total }
      var counts = [Int](repeating: 0, count: series.count)
      for day in 0..<days {
        thinning.multinomial(n: drawn.counts[group * days + day], weights: weights, into: &counts)
        for (position, index) in series.enumerated() { units[index * days + day] = Int32(counts[position]) }
      }
    }
    let status = hierarchy.series.flatMap { series -> [UInt8] in
      let region = assortment.stores[series.store].region
      return (0..<days).map {
        (calendar.isClosed(options.firstDay + $0, region: region) ? DayStatus.closed : .sold).rawValue
      }
    }
    let panel = Panel(
      hierarchy: hierarchy, firstDay: options.firstDay, dayCount: days, units: units, status: status,
      startIsKnown: [Bool](repeating: true, count: hierarchy.series.count),
      prices: .none(seriesCount: hierarchy.series.count), calendar: knownCalendar)
    return Draw(panel: panel, truth: drawn.truth, shares: shares, groupCounts: drawn.counts)
  }

  /// Writes retailer `number` as CSV files, with `truth.json` holding the parameters under `parameters`.
  ///
  /// - Throws: ``RetailerError``.
  public func write(
    to path: String, overwrite: Bool = false, number: Int = 0, control: RunControl = RunControl()
  ) throws -> SimulationSummary {
    var writer = try DeliveryWriter(directory: path, overwrite: overwrite)
    let drawn = draw(number)
    try RetailerFiles.writeMasters(assortment: assortment, calendar: calendar, writer: &writer)
    let truth = ModelTruth(
      seed: options.seed, number: number, firstDay: options.firstDay.iso,
      lastDay: drawn.panel.origin.iso, groupProductLevel: options.specification.groups.productLevel,
      groupLocationLevel: options.specification.groups.locationLevel, parameters: drawn.truth)
    try RetailerFiles.writeJSON(truth, to: "truth.json", writer: &writer)
    try writer.file("truth_series.csv") { buffer in
      buffer.append("product,store,share_of_group\n")
      for (index, series) in hierarchy.series.enumerated() {
        let (product, store) = (assortment.products[series.product].name, assortment.stores[series.store].name)
        buffer.append("\(product),\(store),\(drawn.shares[index])\n")
      }
    }
    var (rows, zeros) = (0, 0)
    try writer.file("sales.csv") { buffer in
      buffer.append("date,product,store,units,price,promotion,stock\n")
      let prefixes = hierarchy.series.map {
        Array(",\(assortment.products[$0.product].name),\(assortment.stores[$0.store].name),".utf8)
      }
      let suffix = Array(",,0,ok\n".utf8)
      for day in 0..<options.days {
        let date = Array((options.firstDay + day).iso.utf8)
        for index in hierarchy.series.indices {
          let cell = index * options.days + day
          if drawn.panel.status[cell] == DayStatus.closed.rawValue { continue }
          buffer.append(date)
          buffer.append(prefixes[index])
          buffer.append(decimal: drawn.panel.units[cell])
          buffer.append(suffix)
          rows += 1
          zeros += drawn.panel.units[cell] == 0 ? 1 : 0
        }
        try buffer.flushIfFull()
        if control.isCancelled() { throw Cancelled() }
        control.progress(day + 1, options.days)
      }
    }
    try writer.publish()
    return SimulationSummary(
      directory: path, regions: options.regions, stores: options.stores, categories: options.categories,
      departments: options.departments, products: options.products, series: hierarchy.series.count,
      firstDay: options.firstDay, lastDay: drawn.panel.origin, salesRows: rows, outOfStockRows: 0, promotionRows: 0,
      zeroRows: zeros, units: drawn.panel.units.reduce(0) { $0 + Int($1) }, lostUnits: 0)
  }
}

/// `truth.json` of a retailer drawn from the model.
private struct ModelTruth: Encodable {
  let seed: UInt64
  let number: Int
  let firstDay: String
  let lastDay: String
  let groupProductLevel: String
  let groupLocationLevel: String
  let parameters: [String: Double]
}
