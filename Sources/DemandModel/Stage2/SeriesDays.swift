import CNumericKernels
import DemandData

/// What the likelihood sees of one series: its days from the start to the origin, in the kernel's terms.
package struct SeriesDays: Sendable {
  /// Day index in the panel at which the series starts.
  package let start: Int
  package let units: [Int32]
  package let kinds: [UInt8]
  package let firstWeekday: Int
  /// `exceedances[k]`: scored days with more than k units, k below ``many``.
  package let exceedances: [Int32]
  /// Units of scored days with more than ``many``: one day's units, however many, take no memory of their number.
  package let large: [Int32]
  static let many = Int32(CNK_MANY)

  package var count: Int { units.count }

  /// Whether any day informs the parameters.
  package var hasScoredDays: Bool {
    kinds.contains { $0 == UInt8(CNK_ZERO) || $0 == UInt8(CNK_POSITIVE) || $0 == UInt8(CNK_SOLD_OUT) }
  }

  /// - Parameters:
  ///   - units, status: The series' whole history, day by day.
  ///   - window: First day that the likelihood may see.
  ///   - startIsKnown: Where false and the series begins inside the window, it starts at its first sale, which is not
  ///     scored: the series was chosen to begin there.
  /// - Returns: nil without a ranged day in the window (or without any sale where the start is not known).
  package init?(
    units: ArraySlice<Int32>, status: ArraySlice<UInt8>, window: Int, startIsKnown: Bool, firstDay: Day
  ) {
    let units = Array(units)
    let status = Array(status)
    let ranged = { (day: Int) in status[day] != DayStatus.notRanged.rawValue }
    guard let firstRanged = status.indices.first(where: ranged), window < status.count,
      var start = (window..<status.count).first(where: ranged)
    else { return nil }
    let startsAtSale = !startIsKnown && firstRanged >= window
    if startsAtSale {
      guard let sale = (start..<units.count).first(where: { units[$0] > 0 }) else { return nil }
      start = sale
    }
    var kinds: [UInt8] = []
    kinds.reserveCapacity(units.count - start)
    for day in start..<units.count {
      let kind: Int
      switch DayStatus(rawValue: status[day]) ?? .unknown {
      case .sold: kind = units[day] > 0 ? CNK_POSITIVE : CNK_ZERO
      case .outOfStock: kind = units[day] > 0 ? CNK_SOLD_OUT : CNK_SKIPPED
      case .closed, .notRanged, .unknown: kind = CNK_FROZEN
      }
      kinds.append(UInt8(kind))
    }
    if startsAtSale, kinds[0] == UInt8(CNK_POSITIVE) { kinds[0] = UInt8(CNK_FIRST_SALE) }
    if startsAtSale, kinds[0] == UInt8(CNK_SOLD_OUT) { kinds[0] = UInt8(CNK_SKIPPED) }
    self.start = start
    self.units = Array(units[start...])
    self.kinds = kinds
    firstWeekday = (firstDay + start).weekday
    exceedances = Self.exceedances(units: self.units, kinds: kinds)
    large = zip(self.units, kinds).filter { $1 == UInt8(CNK_POSITIVE) && $0 > Self.many }.map(\.0)
  }

  private static func exceedances(units: [Int32], kinds: [UInt8]) -> [Int32] {
    let scored = zip(units, kinds).filter { $1 == UInt8(CNK_POSITIVE) }.map { Int(min($0.0, many)) }
    var counts = [Int32](repeating: 0, count: scored.max() ?? 0)
    for sold in scored { counts[sold - 1] += 1 }
    var above: Int32 = 0
    for k in counts.indices.reversed() {
      above += counts[k]
      counts[k] = above
    }
    return counts
  }

  /// Calls `body` with the kernel's view of these days, valid only during the call.
  package func withKernelSeries<Result>(_ body: (UnsafePointer<cnk_series>) throws -> Result) rethrows -> Result {
    try units.withUnsafeBufferPointer { units in
      try kinds.withUnsafeBufferPointer { kinds in
        try exceedances.withUnsafeBufferPointer { exceedances in
          try large.withUnsafeBufferPointer { large in
            try SeriesParameter.contrastMatrix.withUnsafeBufferPointer { matrix in
              var series = cnk_series(
                day_count: Int32(units.count), first_weekday: Int32(firstWeekday), units: units.baseAddress,
                kinds: kinds.baseAddress, exceedance_count: Int32(exceedances.count),
                exceedances: exceedances.baseAddress, many_count: Int32(large.count), many: large.baseAddress,
                contrast_matrix: matrix.baseAddress)
              return try withUnsafePointer(to: &series, body)
            }
          }
        }
      }
    }
  }
}

/// What can be done for a series, from its status and prices alone.
package enum SeriesStanding: Sendable {
  case sampled(SeriesDays)
  /// On sale without history: parameters come from the hyperprior.
  case withoutHistory
  case notRanged

  /// A product whose last ranged period ended before the origin is not on sale, whatever its last price; one that was
  /// never ranged is on sale once it has a price in the horizon.
  package init(panel: Panel, series: Int, window: Int, horizon: Int) {
    let cells = panel.cells(ofSeries: series)
    if panel.dayCount == 0 || panel.status[cells.upperBound - 1] == DayStatus.notRanged.rawValue {
      let priced = panel.prices.price(ofSeries: series, on: panel.origin + horizon) != nil
      self = priced && panel.firstRangedDay(ofSeries: series) == nil ? .withoutHistory : .notRanged
      return
    }
    let days = SeriesDays(
      units: panel.units[cells], status: panel.status[cells], window: window,
      startIsKnown: panel.startIsKnown[series], firstDay: panel.firstDay)
    if let days, days.hasScoredDays { self = .sampled(days) } else { self = .withoutHistory }
  }
}
