/// What is known of one product in one store on one day. Zero is not one thing: these are distinct in the database and
/// in the likelihood. Raw values are stored; never renumber them.
public enum DayStatus: UInt8, Sendable, Codable, CaseIterable {
  /// On offer in an open store: the units are what was sold, and zero means that none was.
  case sold = 0
  /// The store was shut.
  case closed = 1
  /// The product was not in the store's range.
  case notRanged = 2
  /// Out of stock for at least part of the day: the units are a lower bound of demand.
  case outOfStock = 3
  /// Nothing is known, such as a late delivery of data.
  case unknown = 4
}

/// Sales history of all series over one stretch of days, flat and columnar, and what is known of prices and days.
public struct Panel: Sendable {
  public let hierarchy: Hierarchy
  public let firstDay: Day
  /// Days of history; the last of them is the origin.
  public let dayCount: Int
  /// Units sold, `[series][day]`; 0 when `notRanged` or `unknown`. A `closed` day keeps what was recorded all the same
  /// (M5 has a handful on Christmas): likelihoods mask it, sums and scores that follow M5 count it.
  public let units: [Int32]
  /// Raw values of ``DayStatus``, `[series][day]`.
  public let status: [UInt8]
  /// Whether the first ranged day of each series is known (M5: first price week) or only inferred from the first sale,
  /// in which case that first positive day is not scored.
  public let startIsKnown: [Bool]
  public let prices: PriceHistory
  public let calendar: EventCalendar

  /// - Precondition: `units` and `status` hold `series x dayCount` cells, `startIsKnown` one per series.
  public init(
    hierarchy: Hierarchy, firstDay: Day, dayCount: Int, units: [Int32], status: [UInt8], startIsKnown: [Bool],
    prices: PriceHistory, calendar: EventCalendar
  ) {
    let cells = hierarchy.series.count * dayCount
    precondition(units.count == cells && status.count == cells && startIsKnown.count == hierarchy.series.count)
    self.hierarchy = hierarchy
    self.firstDay = firstDay
    self.dayCount = dayCount
    self.units = units
    self.status = status
    self.startIsKnown = startIsKnown
    self.prices = prices
    self.calendar = calendar
  }

  public var seriesCount: Int { hierarchy.series.count }
  /// The forecast origin: the last day of history.
  public var origin: Day { firstDay + (dayCount - 1) }
  /// Cells of series `index` in ``units`` and ``status``.
  public func cells(ofSeries index: Int) -> Range<Int> { index * dayCount..<(index + 1) * dayCount }

  /// First day index of series `index` on which it was ranged (any status but `notRanged`), or nil.
  public func firstRangedDay(ofSeries index: Int) -> Int? {
    let range = cells(ofSeries: index)
    return status[range].firstIndex { $0 != DayStatus.notRanged.rawValue }.map { $0 - range.lowerBound }
  }

  /// The same panel as it was known at an earlier origin; prices and calendar stay, as they are known ahead.
  public func truncated(toDayCount count: Int) -> Panel {
    precondition((1...dayCount).contains(count))
    var units: [Int32] = []
    var status: [UInt8] = []
    units.reserveCapacity(seriesCount * count)
    status.reserveCapacity(seriesCount * count)
    for series in 0..<seriesCount {
      let start = series * dayCount
      units.append(contentsOf: self.units[start..<start + count])
      status.append(contentsOf: self.status[start..<start + count])
    }
    return Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: count, units: units, status: status,
      startIsKnown: startIsKnown, prices: prices, calendar: calendar)
  }
}

/// Prices per series as steps: a price holds from its day until the next step.
public struct PriceHistory: Sendable, Hashable {
  /// Steps of series `i` stand at `offsets[i]..<offsets[i + 1]`, by day.
  public let offsets: [Int]
  public let fromDay: [Int32]
  public let price: [Float]

  public init(offsets: [Int], fromDay: [Int32], price: [Float]) {
    self.offsets = offsets
    self.fromDay = fromDay
    self.price = price
  }

  /// No prices at all for `seriesCount` series.
  public static func none(seriesCount: Int) -> PriceHistory {
    PriceHistory(offsets: [Int](repeating: 0, count: seriesCount + 1), fromDay: [], price: [])
  }

  /// Price of `series` on `day`: the last step on or before it, nil before the first.
  ///
  /// - Complexity: O(log steps).
  public func price(ofSeries series: Int, on day: Day) -> Float? {
    var low = offsets[series]
    var high = offsets[series + 1]
    while low < high {
      let middle = (low + high) / 2
      if Int(fromDay[middle]) <= day.number { low = middle + 1 } else { high = middle }
    }
    return low > offsets[series] ? price[low - 1] : nil
  }
}
