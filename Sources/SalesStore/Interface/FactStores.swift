import DemandData
import Foundation

/// Deliveries of data.
public protocol LoadStore: Sendable {
  /// Loads a delivery in one transaction: all of it, or nothing. Two loads never mix: the second waits for the first.
  ///
  /// - Parameters:
  ///   - header: contents that were loaded before make this a no-op.
  ///   - now: the clock, read at the start and at the end.
  ///   - body: writes masters and facts and returns the summary. What it throws undoes the load and is passed on.
  /// - Throws: what `body` throws, and ``StoreError``.
  func withLoad(
    _ header: LoadHeader, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> LoadResult

  /// All loads, oldest first.
  func loads() throws(StoreError) -> [LoadRecord]

  /// Rows that a load refused, in the order they were met, `limit` at most.
  func quarantine(load: Int, limit: Int) throws(StoreError) -> [QuarantinedRow]

  /// Forgets rows in quarantine by their numbers; numbers that are not there are passed over. Where they were lines of
  /// receipts, their loads keep which they were, for their days lack them.
  ///
  /// - Parameters:
  ///   - areDaysWhole: whether the days are said to be whole without them.
  ///   - loads: loads of which that holds for all lines that were dropped before, too.
  func dropQuarantine(_ ids: [Int], areDaysWhole: Bool, settling loads: Set<Int>) throws(StoreError)

  /// Keeps why rows in quarantine do not fit now: their kinds, reasons, columns and values.
  func explainQuarantine(_ rows: [QuarantinedRow]) throws(StoreError)
}

/// Sales facts as models and analysts read them.
public protocol FactStore: Sendable {
  /// Both trees and all series. Leaves are ordered by their path's names, so that the order in which data arrived does
  /// not matter.
  ///
  /// - Parameter stores: only these stores and their series; nil for all.
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` for a store that is not there, ``StoreError/noData(reason:)``
  ///   in an empty database.
  func hierarchy(stores: [String]?) throws(StoreError) -> Hierarchy

  /// Events, closures and how far ahead they are known.
  func calendar() throws(StoreError) -> EventCalendar

  /// The calendar as rows of events tell it: without the closures that follow from links.
  func deliveredCalendar() throws(StoreError) -> EventCalendar

  /// Sales history of all series up to the origin, prices and calendar as far as they are known.
  ///
  /// The first day is the first on which any of the series was ranged. Status of a day: its row; else not ranged before
  /// the series' first day, and after its last row once that is more than the load's limit ago; else closed by the
  /// calendar; else what the load said that a missing row of a reporting store means; else unknown. Units of a
  /// `measure` are rounded to whole ones. Declared ranges win: outside of a series' windows, and of its store's life, a day
  /// without units is not ranged. A closed day keeps what was recorded all the same, as M5 has on Christmas.
  ///
  /// - Parameters:
  ///   - through: the origin; nil for the last day that a load declared complete.
  ///   - stores: only these stores; nil for all.
  ///   - showsAnnotatedDays: whether days that an annotation in force at the origin calls not representative are as they
  ///     were; otherwise, as fits want them, they are unknown.
  /// - Throws: ``StoreError/noData(reason:)`` when nothing is known up to the origin,
  ///   ``StoreError/unknownName(kind:name:known:)`` for a store that is not there.
  /// - Complexity: O(rows), some millions a second.
  func panel(through: Day?, stores: [String]?, showsAnnotatedDays: Bool) throws(StoreError) -> Panel

  /// The last day that a load declared complete: the default origin. Nil in an empty database.
  func lastCompleteDay() throws(StoreError) -> Day?

  /// Daily sales of any node, one entry per day, from the first day of data to the origin at most.
  ///
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` for a level or node that is not there,
  ///   ``StoreError/noData(reason:)`` when the days asked for lie outside the history.
  /// - Complexity: O(rows of the node's series).
  func salesHistory(_ names: NodeNames, from: Day?, to: Day?) throws(StoreError) -> [HistoryDay]

  /// Units that series of measured products sold up to a day, decimals as stored.
  func measuredUnits(through day: Day) throws(StoreError) -> [Hierarchy.Series: Double]

  /// Counts what is there.
  ///
  /// - Complexity: one pass over all rows.
  func dataSummary() throws(StoreError) -> DataSummary
}

extension LoadStore {
  /// Forgets rows in quarantine by their numbers; days of receipts that lack them stay unknown.
  public func dropQuarantine(_ ids: [Int]) throws(StoreError) {
    try dropQuarantine(ids, areDaysWhole: false, settling: [])
  }

  /// The first thousand rows that a load refused.
  public func quarantine(load: Int) throws(StoreError) -> [QuarantinedRow] { try quarantine(load: load, limit: 1000) }
}

extension FactStore {
  /// Sales history of all series up to the origin as fits see it.
  public func panel(through: Day?, stores: [String]?) throws(StoreError) -> Panel {
    try panel(through: through, stores: stores, showsAnnotatedDays: false)
  }

  /// Both trees and all series.
  public func hierarchy() throws(StoreError) -> Hierarchy { try hierarchy(stores: nil) }

  /// Sales history of all series up to the last complete day.
  public func panel() throws(StoreError) -> Panel { try panel(through: nil, stores: nil) }

  /// Sales history of all series up to the origin.
  public func panel(through: Day?) throws(StoreError) -> Panel { try panel(through: through, stores: nil) }

  /// Sales history of some stores' series up to the last complete day.
  public func panel(stores: [String]?) throws(StoreError) -> Panel { try panel(through: nil, stores: stores) }

  /// Daily sales of any node over its whole history.
  public func salesHistory(_ names: NodeNames) throws(StoreError) -> [HistoryDay] {
    try salesHistory(names, from: nil, to: nil)
  }

  /// Daily sales of any node from a day on.
  public func salesHistory(_ names: NodeNames, from: Day?) throws(StoreError) -> [HistoryDay] {
    try salesHistory(names, from: from, to: nil)
  }

  /// Hash of everything that a fit on this part of the data sees, see ``DemandData/Panel/snapshot``.
  public func dataSnapshot(through: Day? = nil, stores: [String]? = nil) throws(StoreError) -> String {
    try panel(through: through, stores: stores).snapshot
  }
}
