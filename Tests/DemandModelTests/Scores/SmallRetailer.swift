import DemandData

/// The data set of `Reference/m5_scores.py`: 5 products, 4 stores, 19 series, sales from an integer formula.
enum SmallRetailer {
  static let trainingDays = 50
  static let horizon = 28
  static let drawCount = 20
  static let firstDay = Day(year: 2020, month: 1, day: 1)!
  static let department = [0, 0, 1, 2, 2]
  static let category = [0, 0, 1]
  static let region = [0, 0, 1, 1]

  static func sales(_ p: Int, _ s: Int, _ t: Int) -> Int {
    if t < 3 * p + 2 * s || (p, s) == (3, 0) { return 0 }
    return max(0, (p * 31 + s * 17 + t * 7 + (t * t) % 13 + p * s * t) % 11 - 3)
  }

  static func price(_ p: Int, _ s: Int, _ t: Int) -> Float? {
    (p, s) == (1, 1) && t < 40 ? nil : 1 + 0.25 * Float(p) + 0.5 * Float(s) + 0.25 * Float((t / 7) % 3)
  }

  static func draw(_ p: Int, _ s: Int, _ h: Int, _ k: Int) -> Int { (p * 5 + s * 3 + h * 2 + k * k + k * p) % 7 }

  static let hierarchy: Hierarchy = {
    let product = try! Tree(
      levelNames: ["category", "department", "product"],
      paths: (0..<5).map { ["c\(category[department[$0]])", "d\(department[$0])", "p\($0)"] })
    let location = try! Tree(levelNames: ["region", "store"], paths: (0..<4).map { ["r\(region[$0])", "s\($0)"] })
    let series = (0..<5).flatMap { p in (0..<4).map { Hierarchy.Series(product: p, store: $0) } }
    return Hierarchy(product: product, location: location, series: series.filter { ($0.product, $0.store) != (4, 3) })
  }()

  /// - Parameter unknown: series and day of cells whose sales are unknown.
  static func panel(withPrices: Bool = true, unknown: [(series: Int, day: Int)] = []) -> Panel {
    let days = trainingDays + horizon
    var units = hierarchy.series.flatMap { it in (0..<days).map { Int32(sales(it.product, it.store, $0)) } }
    var status = [UInt8](repeating: DayStatus.sold.rawValue, count: units.count)
    for cell in unknown {
      units[cell.series * days + cell.day] = 0
      status[cell.series * days + cell.day] = DayStatus.unknown.rawValue
    }
    var offsets = [0]
    var fromDay: [Int32] = []
    var prices: [Float] = []
    for it in hierarchy.series {
      for day in 0..<days {
        guard let price = price(it.product, it.store, day) else { continue }
        fromDay.append(Int32((firstDay + day).number))
        prices.append(price)
      }
      offsets.append(prices.count)
    }
    let count = hierarchy.series.count
    return Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: days, units: units, status: status,
      startIsKnown: [Bool](repeating: true, count: count),
      prices: withPrices
        ? PriceHistory(offsets: offsets, fromDay: fromDay, price: prices) : .none(seriesCount: count),
      calendar: EventCalendar())
  }

  /// A forecast of every node, whose draws are the sums of the series' draws.
  static var forecasts: [NodeForecast] {
    hierarchy.levelPairs.flatMap { pair -> [NodeForecast] in
      let (nodes, nodeOfSeries) = hierarchy.membership(at: pair)
      return nodes.indices.map { node in
        let members = hierarchy.series.indices.filter { nodeOfSeries[$0] == node }.map { hierarchy.series[$0] }
        let days = (0..<horizon).map { h in
          (0..<drawCount).map { k in members.reduce(0) { $0 + draw($1.product, $1.store, h, k) } }
        }
        return NodeForecast(
          node: nodes[node], days: days.map { EmpiricalDistribution(draws: $0) },
          total: EmpiricalDistribution(draws: (0..<drawCount).map { k in days.reduce(0) { $0 + $1[k] } }))
      }
    }
  }
}
