import DemandData
import SalesStore

/// What the days of a load mean where no row says otherwise, by store.
private struct StoreMeanings {
  let days: ClosedRange<Int>
  private let closures: StoreClosures
  private let reported: [Int: [Int: Bool]]
  private var known: [Int: (classes: [DayClass], shut: [Int])] = [:]

  init(_ writer: LoadWriter, _ days: ClosedRange<Int>, _ closures: StoreClosures) throws {
    self.days = days
    self.closures = closures
    reported = try writer.storeDays(in: days)
  }

  /// Classes of missing rows, a day each, and the days on which the store is shut.
  mutating func of(_ store: Int) -> (classes: [DayClass], shut: [Int]) {
    if let known = known[store] { return known }
    var classes = [DayClass](repeating: .storeSilent, count: days.count)
    for (day, isZero) in reported[store] ?? [:] {
      classes[day - days.lowerBound] = isZero ? .missingReadAsZero : .missingUnknown
    }
    let shut = closures.days(of: store).days.filter(days.contains)
    for day in shut { classes[day - days.lowerBound] = .closed }
    known[store] = (classes, shut)
    return (classes, shut)
  }
}

extension SalesTable {
  /// Counts the days of the series that this load brings, from its first day to its last, by what a panel will say of
  /// them: by their rows, be they of this load or of earlier ones, else by ranges, closures and what their store
  /// reported.
  ///
  /// - Returns: counts by the names of classes, zeros left out.
  func dayClasses(
    grain: SourceMapping.TimeGrain, _ closures: StoreClosures
  ) throws -> [String: Int] {
    guard let start = summary.firstDay?.number, let end = summary.lastDay?.number else { return [:] }
    let writer = tables.writer
    var stores = try StoreMeanings(writer, start...end, closures)
    let declared = try writer.declaredRange()
    let origin = max(summary.completeThrough?.number ?? end, try writer.lastCompleteDay() ?? end)
    let step = grain == .week ? 7 : 1
    var counts = [Int](repeating: 0, count: DayClass.allCases.count)
    for (index, count) in record.filled.enumerated() { counts[index] += count }
    for id in record.touched {
      let days = record.days(of: id)
      guard !days.isEmpty, let firstDay = writer.series(id).firstDay else { continue }
      let store = record.store(of: id)
      let (meanings, shut) = stores.of(store)
      let isLimited = declared.isLimited(series: id, store: store)
      func isInRange(_ day: Int) -> Bool { !isLimited || declared.allows(series: id, store: store, day: day) }
      for its in DayClass.allCases {
        let empty = record.emptyDays(of: id, its)
        guard !empty.isEmpty else { continue }
        if isLimited {
          for day in empty.days {
            counts[its.when(isShut: shut.contains(day), isInRange: isInRange(day)).rawValue] += 1
          }
        } else {
          let closed = shut.count { empty.contains($0) }
          counts[its.when(isShut: true, isInRange: true).rawValue] += closed
          counts[its.rawValue] += empty.count - closed
        }
      }
      if step == 1, days.count(in: start...end) == end - start + 1 { continue }
      var earlier: [Int: (units: Double, status: DayStatus)] = [:]
      if let before = record.lastRowBefore(series: id), before >= start {
        earlier = try writer.existingRows(series: id, in: start...min(end, before))
      }
      let lastRanged = try lastRangedDay(of: id, origin: origin, isDeclared: declared.isDeclared(series: id))
      for day in stride(from: start, through: end, by: step) where !days.contains(day) {
        let its: DayClass
        if let row = earlier[day] {
          let plain = DayClass(units: row.units, row.status)
          its =
            row.units.rounded() != 0
            ? plain : plain.when(isShut: shut.contains(day), isInRange: isInRange(day))
        } else if day < firstDay || !isInRange(day) || (day > lastRanged && day <= origin) {
          its = .notRanged
        } else {
          its = meanings[day - start]
        }
        counts[its.rawValue] += 1
      }
    }
    var named: [String: Int] = [:]
    for its in DayClass.allCases where counts[its.rawValue] > 0 { named[its.name] = counts[its.rawValue] }
    return named
  }

  /// The last day before a series' range ends by itself: its last row up to the origin, once that is long ago.
  private func lastRangedDay(of id: Int, origin: Int, isDeclared: Bool) throws -> Int {
    let writer = tables.writer
    let series = writer.series(id)
    guard !isDeclared, let gap = series.delistAfter, var last = series.lastRow else { return Int.max }
    if last > origin {
      let own = record.days(of: id).days.last { $0 <= origin }
      let earlier = try writer.existingRows(series: id, in: origin - gap...origin).keys.max()
      last = max(own ?? Int.min, earlier ?? Int.min)
    }
    return last < origin - gap ? last : Int.max
  }
}
