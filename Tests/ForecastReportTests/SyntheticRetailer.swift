import DemandData
import ForecastReport

/// A retailer to fill reports with: weekly pattern, season, trend, slow sellers, closed days, shared shocks in the
/// forecast. Same seed, same figures.
struct SyntheticRetailer {
  let hierarchy: Hierarchy
  let origin = Day(iso: "2016-03-27")!
  let horizon: Int
  let draws: Int
  private let historyDays: Int
  /// Mean daily sales of each series.
  private let rates: [Double]
  private let growth: [Double]
  private var random: SplitMix

  init(productsPerDepartment: Int = 8, historyDays: Int = 900, horizon: Int = 28, draws: Int = 200, seed: UInt64 = 7) {
    var random = SplitMix(state: seed)
    let departments = [
      ("FOODS", "FOODS_1"), ("FOODS", "FOODS_2"), ("FOODS", "FOODS_3"), ("HOBBIES", "HOBBIES_1"),
      ("HOBBIES", "HOBBIES_2"), ("HOUSEHOLD", "HOUSEHOLD_1"), ("HOUSEHOLD", "HOUSEHOLD_2"),
    ]
    let products = departments.flatMap { category, department in
      (1...productsPerDepartment).map { [category, department, "\(department)_\($0 + 100)"] }
    }
    let stores = [("CA", 4), ("TX", 3), ("WI", 3)].flatMap { region, count in
      (1...count).map { [region, "\(region)_\($0)"] }
    }
    let product = try! Tree(levelNames: ["category", "department", "product"], paths: products)
    let location = try! Tree(levelNames: ["region", "store"], paths: stores)
    let series = products.indices.flatMap { p in stores.indices.map { Hierarchy.Series(product: p, store: $0) } }
    hierarchy = Hierarchy(product: product, location: location, series: series)
    let byProduct = products.map { _ in
      (
        rate: 0.15 * (80 * random.uniform()).squareRoot() * exp2(4 * random.uniform()),
        growth: random.uniform() < 0.15 ? 1.6 * random.uniform() - 0.8 : 0.1
      )
    }
    let byStore = stores.map { _ in 0.5 + random.uniform() }
    rates = hierarchy.series.map { byProduct[$0.product].rate * byStore[$0.store] }
    growth = hierarchy.series.map { byProduct[$0.product].growth }
    self.historyDays = historyDays
    self.horizon = horizon
    self.draws = draws
    self.random = random
  }

  /// Expected sales of a series `offset` days after the origin.
  private func expected(_ series: Int, _ offset: Int) -> Double {
    let day = origin + offset
    let week = [0.92, 0.86, 0.85, 0.92, 1.08, 1.25, 1.22][day.weekday]
    let phase = Double(day.dayOfYear) / 365 * 2 * Double.pi
    let season = 1 + 0.12 * sine(phase - 1.1)
    // Products that change do so within the last hundred days and the horizon; the others grow slowly throughout.
    let trend =
      abs(growth[series]) > 0.11
      ? 1 + growth[series] * max(0, min(1.3, Double(offset + 60) / 60)) : 1 + 0.1 * Double(offset) / 365
    return rates[series] * week * season * trend
  }

  private func sine(_ angle: Double) -> Double {
    var reduced = angle.truncatingRemainder(dividingBy: 2 * .pi)
    if reduced > .pi { reduced -= 2 * .pi }
    if reduced < -.pi { reduced += 2 * .pi }
    let square = reduced * reduced
    return reduced * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))))
  }

  private func isClosed(_ day: Day) -> Bool { day.components.month == 12 && day.components.day == 25 }

  /// Every node of every pair of levels, with its history.
  func nodes() -> [(forecast: NodeForecast, history: NodeHistory)] {
    var random = random
    let count = hierarchy.series.count
    let shared = (0..<historyDays + draws * horizon).map { _ in 1 + 0.05 * random.normal() }
    var sold = [[Int]](repeating: [], count: count)
    var paths = [[Int]](repeating: [], count: count)
    for series in 0..<count {
      sold[series] = (0..<historyDays).map { index in
        let offset = index - historyDays + 1
        return isClosed(origin + offset) ? 0 : random.count(mean: expected(series, offset) * shared[index])
      }
      paths[series] = (0..<draws).flatMap { draw in
        (1...horizon).map { random.count(mean: expected(series, $0) * shared[historyDays + draw * horizon + $0 - 1]) }
      }
    }
    return hierarchy.levelPairs.flatMap { pair in
      let (nodes, membership) = hierarchy.membership(at: pair)
      var nodeSold = [[Int]](repeating: [Int](repeating: 0, count: historyDays), count: nodes.count)
      var nodePaths = [[Int]](repeating: [Int](repeating: 0, count: draws * horizon), count: nodes.count)
      for series in 0..<count {
        for index in 0..<historyDays { nodeSold[membership[series]][index] += sold[series][index] }
        for index in 0..<draws * horizon { nodePaths[membership[series]][index] += paths[series][index] }
      }
      return nodes.indices.map { position in
        let path = nodePaths[position]
        let days = (0..<horizon).map { day in
          EmpiricalDistribution(draws: (0..<draws).map { path[$0 * horizon + day] })
        }
        let total = EmpiricalDistribution(
          draws: (0..<draws).map { draw in path[draw * horizon..<(draw + 1) * horizon].reduce(0, +) })
        let units = nodeSold[position].enumerated().map { index, value -> Int? in
          isClosed(origin - (historyDays - 1 - index)) ? nil : value
        }
        return (
          NodeForecast(node: nodes[position], days: days, total: total),
          NodeHistory(firstDay: origin - (historyDays - 1), units: units)
        )
      }
    }
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014) with the few variates that the synthetic retailer needs.
struct SplitMix {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }

  /// Sum of twelve uniforms: near enough to normal for a picture.
  mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }

  /// Over-dispersed count: Poisson-like by a chain of exponential gaps below thirty, normal above.
  mutating func count(mean: Double) -> Int {
    guard mean < 30 else { return max(0, Int((mean + (mean * 1.3).squareRoot() * normal()).rounded())) }
    var product = uniform()
    let limit = reciprocalExponential(mean)
    var count = 0
    while product > limit {
      product *= uniform()
      count += 1
    }
    return count
  }

  private func reciprocalExponential(_ x: Double) -> Double {
    // (1 - x/n)^n with n = 2^20 by repeated squaring.
    var base = 1 - x / 1_048_576
    for _ in 0..<20 { base *= base }
    return base
  }
}

/// Straight lines between the powers of two.
private func exp2(_ x: Double) -> Double {
  var value = 1.0
  for _ in 0..<Int(x) { value *= 2 }
  return value * (1 + (x - x.rounded(.down)))
}
