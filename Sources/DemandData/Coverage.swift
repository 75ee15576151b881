/// What is known of the series under one node, in series-days; in series-weeks where the data is weekly.
public struct Coverage: Sendable, Hashable {
  public let node: Node
  public var series = 0
  public var units = 0
  /// Days on sale with units, and days on sale without.
  public var sold = 0
  public var zeros = 0
  public var closed = 0
  public var notRanged = 0
  public var outOfStock = 0
  public var unknown = 0
  /// First and last day that says something about demand: sold or out of stock.
  public var firstDay: Day?
  public var lastDay: Day?

  init(node: Node) { self.node = node }
}

/// Days in a row on which nothing is known of any product that a store had in range.
public struct StoreGap: Sendable, Hashable {
  public let store: String
  public let from: Day
  public let through: Day

  public init(store: String, from: Day, through: Day) {
    self.store = store
    self.from = from
    self.through = through
  }
}

extension Panel {
  /// What is known of every node of a pair of levels that holds a series, by node.
  ///
  /// - Complexity: O(cells).
  public func coverage(at pair: LevelPair) -> [Coverage] {
    let (nodes, position) = hierarchy.membership(at: pair)
    var found = nodes.map(Coverage.init(node:))
    let phase = weeklyPhase
    for series in 0..<seriesCount {
      var it = found[position[series]]
      it.series += 1
      var (first, last): (Int?, Int?) = (nil, nil)
      let cells = cells(ofSeries: series)
      for cell in cells where phase == nil || (cell - cells.lowerBound) % 7 == phase {
        it.units += Int(units[cell])
        switch DayStatus(rawValue: status[cell]) {
        case .sold:
          if units[cell] > 0 { it.sold += 1 } else { it.zeros += 1 }
        case .closed: it.closed += 1
        case .notRanged: it.notRanged += 1
        case .outOfStock: it.outOfStock += 1
        case .unknown, nil: it.unknown += 1
        }
        if status[cell] == DayStatus.sold.rawValue || status[cell] == DayStatus.outOfStock.rawValue {
          if first == nil { first = cell - cells.lowerBound }
          last = cell - cells.lowerBound
        }
      }
      if let first, let last {
        it.firstDay = min(it.firstDay ?? firstDay + first, firstDay + first)
        it.lastDay = max(it.lastDay ?? firstDay + last, firstDay + last)
      }
      found[position[series]] = it
    }
    return found
  }

  /// Where in every seven days the facts of weekly data lie; nil where the data is daily, or too short to tell.
  ///
  /// - Complexity: O(cells).
  private var weeklyPhase: Int? {
    var hasFact = [Bool](repeating: false, count: dayCount)
    for series in 0..<seriesCount {
      for (day, cell) in cells(ofSeries: series).enumerated()
      where status[cell] == DayStatus.sold.rawValue || status[cell] == DayStatus.outOfStock.rawValue {
        hasFact[day] = true
      }
    }
    let days = hasFact.indices.filter { hasFact[$0] }
    guard days.count >= 3, let phase = days.first.map({ $0 % 7 }), days.allSatisfy({ $0 % 7 == phase }) else {
      return nil
    }
    return phase
  }

  /// Silent stretches of each store, by store and day: deliveries that did not come. Those of weekly data are whole weeks.
  ///
  /// - Complexity: O(cells).
  public func storeGaps() -> [StoreGap] {
    let stores = hierarchy.location.leaves
    // A store's day is silent when something was in range and all of that is unknown.
    var ranged = [Bool](repeating: false, count: stores.count * dayCount)
    var known = ranged
    for series in 0..<seriesCount {
      let start = hierarchy.series[series].store * dayCount
      for (day, cell) in cells(ofSeries: series).enumerated() where status[cell] != DayStatus.notRanged.rawValue {
        ranged[start + day] = true
        if status[cell] != DayStatus.unknown.rawValue { known[start + day] = true }
      }
    }
    let phase = weeklyPhase
    let step = phase == nil ? 1 : 7
    var gaps: [StoreGap] = []
    for store in stores.indices {
      var begin: Int?
      for day in stride(from: phase ?? 0, to: dayCount + step, by: step) {
        let cell = store * dayCount + day
        let isSilent = day < dayCount && ranged[cell] && !known[cell]
        if isSilent, begin == nil { begin = day }
        if !isSilent, let first = begin {
          // A week stands under its last day.
          gaps.append(
            StoreGap(store: stores[store], from: firstDay + (first - step + 1), through: firstDay + (day - step)))
          begin = nil
        }
      }
    }
    return gaps
  }
}
