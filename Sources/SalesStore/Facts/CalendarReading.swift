import DemandData
import GRDB

extension SalesStore {
  /// Events, closures and how far ahead they are known.
  public func calendar() throws(StoreError) -> EventCalendar {
    try read { try Self.calendar($0) }
  }

  static func calendar(_ database: Database) throws -> EventCalendar {
    func scope(_ row: Row) -> EventCalendar.Scope {
      let level: String = row["scope_level"]
      return level.isEmpty ? .everywhere : .location(level: level, node: row["scope_node"])
    }
    let events = try Row.fetchAll(
      database, sql: "SELECT * FROM events ORDER BY day, name, type, scope_level, scope_node"
    ).map {
      EventCalendar.Event(day: Day(number: $0["day"]), name: $0["name"], type: $0["type"], scope: scope($0))
    }
    let closures = try Row.fetchAll(
      database, sql: "SELECT * FROM closures ORDER BY day, scope_level, scope_node"
    ).map { EventCalendar.Closure(day: Day(number: $0["day"]), scope: scope($0)) }
    let through = try Int.fetchOne(database, sql: "SELECT known_through FROM calendar_coverage")
    return EventCalendar(events: events, closures: closures, knownThrough: through.map(Day.init(number:)))
  }
}
