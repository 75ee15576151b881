import DemandData

/// What the page shows of one node: history and forecast, already reduced to figures that a chart needs.
struct ReportNode: Sendable {
  /// Probabilities of the bands' edges and of the median: 95, 80 and 50% intervals.
  static let probabilities = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
  /// Days of the comparison with recent sales.
  static let recentDays = 28
  /// Weeks of weekly history that product nodes keep; nodes above keep all.
  static let productWeeks = 104

  let node: Node
  let names: NodeNames
  /// Sold per day, the last on the origin; nil where not known.
  let daily: [Int?]
  /// Sold per seven days, the last seven ending on the origin; nil where no day of the seven is known.
  let weekly: [Int?]
  /// Quantiles of each day ahead, at ``probabilities``.
  let days: [[Int]]
  /// Mean and quantiles of the horizon's sum.
  let mean: Double
  let total: [Int]
  /// Sales that the horizon would see at the pace of the last four weeks, and at that of the same weekdays a year ago
  /// (364 days); nil without such history.
  let atRecentPace: Double?
  let atLastYearsPace: Double?

  init(forecast: NodeForecast, history: NodeHistory, input: ReportInput) {
    let origin = input.run.origin
    let horizon = forecast.days.count
    node = forecast.node
    names = input.hierarchy.names(of: forecast.node)
    days = forecast.days.map { $0.quantiles(Self.probabilities) }
    mean = forecast.total.mean
    total = forecast.total.quantiles(Self.probabilities)
    let first = max(history.firstDay, origin - (input.limits.dailyHistory - 1))
    daily = first <= origin ? (first...origin).map { history[$0] } : []
    let isProduct = forecast.node.pair.product == input.hierarchy.product.leafLevel
    weekly = Self.weekly(history, until: origin, atMost: isProduct ? Self.productWeeks : .max)
    atRecentPace = Self.pace((0..<Self.recentDays).map { history.pace(on: origin - $0) }, horizon: horizon)
    atLastYearsPace = Self.pace(
      (1...max(horizon, 1)).map { offset in
        history.pace(on: origin + (offset - 364 * ((offset + 363) / 364)))
      }, horizon: horizon)
  }

  /// Mean of the known days times the horizon; nil where less than nine tenths of the days are known.
  private static func pace(_ sold: [Int?], horizon: Int) -> Double? {
    let known = sold.compactMap { $0 }
    guard !known.isEmpty, known.count * 10 >= sold.count * 9 else { return nil }
    return known.reduce(0.0) { $0 + Double($1) } / Double(known.count) * Double(horizon)
  }

  private static func weekly(_ history: NodeHistory, until origin: Day, atMost limit: Int) -> [Int?] {
    let weeks = min(limit, max(0, (origin - history.firstDay + 1) / 7))
    return (0..<weeks).map { week in
      let first = origin - (7 * (weeks - week) - 1)
      let known = (0..<7).compactMap { history[first + $0] }
      return known.isEmpty ? nil : known.reduce(0, &+)
    }
  }

  var lower80: Int { total[1] }
  var upper80: Int { total[5] }
  var median: Int { total[3] }

  /// `department:store/FOODS_1/CA_1`, each name percent-encoded: how links and the page's address name a node.
  var path: String {
    func encoded(_ name: String) -> String {
      String(
        decoding: name.utf8.flatMap { byte -> [UInt8] in
          let scalar = Unicode.Scalar(byte)
          let plain = byte < 128 && (scalar.properties.isAlphabetic || (48...57).contains(byte))
          if plain || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte) { return [byte] }
          let hex = String(byte, radix: 16, uppercase: true)
          return Array("%\(hex.count == 1 ? "0" : "")\(hex)".utf8)
        }, as: UTF8.self)
    }
    return "\(encoded(names.productLevel)):\(encoded(names.locationLevel))/"
      + "\(encoded(names.product))/\(encoded(names.location))"
  }
}
