import DemandData

extension SQLStore {
  func calendar() throws(StoreError) -> EventCalendar {
    try read { try Self.calendar($0) }
  }

  static func calendar(_ database: any SQLConnection) throws -> EventCalendar {
    func scope(_ row: any SQLRow) -> EventCalendar.Scope {
      let level = row.text(1)
      return level.isEmpty ? .everywhere : .location(level: level, node: row.text(2))
    }
    let events = try database.all(
      "SELECT day, scope_level, scope_node, name, type FROM events ORDER BY day, name, type, scope_level, scope_node"
    ) {
      EventCalendar.Event(day: Day(number: $0.int(0)), name: $0.text(3), type: $0.text(4), scope: scope($0))
    }
    let closures = try database.all(
      "SELECT day, scope_level, scope_node FROM closures ORDER BY day, scope_level, scope_node"
    ) { EventCalendar.Closure(day: Day(number: $0.int(0)), scope: scope($0)) }
    let through = try database.int("SELECT known_through FROM calendar_coverage")
    return EventCalendar(events: events, closures: closures, knownThrough: through.map(Day.init(number:)))
  }
}
