import DemandData

/// When series are in range by declaration: windows of a product in a store, and the life of the store itself.
///
/// What is declared wins over what rows suggest, but for a row with units: what was sold was there.
package struct DeclaredRange {
  /// Windows by series id.
  private var windows: [Int: [ClosedRange<Int>]] = [:]
  /// Days between opening and closure for good, by store; nothing for stores without either.
  private var lives: [Int: [ClosedRange<Int>]] = [:]

  /// - Parameter stores: what stores are called here, their indices or ids, by name.
  init(_ database: any SQLConnection, stores: [String: Int]) throws {
    _ = try database.all(
      "SELECT series_id, from_day, through_day FROM ranging_windows ORDER BY series_id, from_day"
    ) { windows[$0.int(0), default: []].append($0.int(1)...max($0.int(1), $0.optionalInt(2) ?? Int(Int32.max))) }
    var turns: [Int: [LifeCycleLink]] = [:]
    for link in try SQLStore.lifeCycleLinks(database) {
      guard link.kind == .opening || (link.kind == .closure && link.through == nil), let store = stores[link.node]
      else { continue }
      turns[store, default: []].append(link)
    }
    lives = turns.mapValues(Self.life)
  }

  /// Days on which a store is there, by its openings and closures in order.
  private static func life(_ turns: [LifeCycleLink]) -> [ClosedRange<Int>] {
    var start: Int? = turns.first?.kind == .opening ? nil : Int(Int32.min)
    var days: [ClosedRange<Int>] = []
    for turn in turns {
      if turn.kind == .opening {
        start = start ?? turn.day.number
      } else if let from = start {
        if from < turn.day.number { days.append(from...turn.day.number - 1) }
        start = nil
      }
    }
    if let start { days.append(start...Int(Int32.max)) }
    return days
  }

  /// Whether a series' range is declared, so that nothing is to be inferred.
  package func isDeclared(series id: Int) -> Bool { windows[id] != nil }

  /// Whether anything is declared of a series or its store.
  package func isLimited(series id: Int, store: Int) -> Bool { windows[id] != nil || lives[store] != nil }

  /// Whether no declaration has a series out of range on a day.
  package func allows(series id: Int, store: Int, day: Int) -> Bool {
    for declared in [windows[id], lives[store]] {
      if let declared, !declared.contains(where: { $0.contains(day) }) { return false }
    }
    return true
  }

  /// Takes days out of range on which nothing was sold and no declaration has the series in range.
  ///
  /// - Parameters:
  ///   - cells: the series' part of `units` and `status`.
  ///   - first: number of the first day.
  func apply(
    to series: StoredSeries, cells: Range<Int>, first: Int, units: [Int32], status: inout [UInt8]
  ) {
    for declared in [windows[series.id], lives[series.store]] {
      guard let declared else { continue }
      for cell in cells where units[cell] == 0 {
        let day = first + cell - cells.lowerBound
        if !declared.contains(where: { $0.contains(day) }) { status[cell] = DayStatus.notRanged.rawValue }
      }
    }
  }
}
