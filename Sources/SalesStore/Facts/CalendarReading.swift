import DemandData

extension SQLStore {
  func calendar() throws(StoreError) -> EventCalendar {
    try read { try Self.calendar($0) }
  }

  func deliveredCalendar() throws(StoreError) -> EventCalendar {
    try read { try Self.calendar($0, impliesLinks: false) }
  }

  /// - Parameter impliesLinks: whether stores' closures for a time, which are links, shut their days.
  static func calendar(_ database: any SQLConnection, impliesLinks: Bool = true) throws -> EventCalendar {
    func scope(_ row: any SQLRow) -> EventCalendar.Scope {
      let level = row.text(1)
      return level.isEmpty ? .everywhere : .location(level: level, node: row.text(2))
    }
    let events = try database.all(
      "SELECT day, scope_level, scope_node, name, type FROM events ORDER BY day, name, type, scope_level, scope_node"
    ) {
      EventCalendar.Event(day: Day(number: $0.int(0)), name: $0.text(3), type: $0.text(4), scope: scope($0))
    }
    var closures = try database.all(
      "SELECT day, scope_level, scope_node FROM closures ORDER BY day, scope_level, scope_node"
    ) { EventCalendar.Closure(day: Day(number: $0.int(0)), scope: scope($0)) }
    // A store's closure for a time shuts it on these days, beside what events say.
    let level = try database.text("SELECT name FROM tree_levels WHERE tree = 'location' ORDER BY depth DESC LIMIT 1")
    let shut = try database.all(
      """
      SELECT node, day, through_day FROM life_cycle_links WHERE kind = 'closure' AND through_day IS NOT NULL
      ORDER BY day, through_day
      """
    ) { (store: $0.text(0), days: $0.int(1)...max($0.int(1), $0.int(2))) }
    if let level, impliesLinks, !shut.isEmpty {
      var seen = Set(closures)
      for it in shut {
        for day in it.days {
          let closure = EventCalendar.Closure(day: Day(number: day), scope: .location(level: level, node: it.store))
          if seen.insert(closure).inserted { closures.append(closure) }
        }
      }
      closures.sort { ($0.day.number, Self.place($0)) < ($1.day.number, Self.place($1)) }
    }
    let through = try database.int("SELECT known_through FROM calendar_coverage")
    return EventCalendar(events: events, closures: closures, knownThrough: through.map(Day.init(number:)))
  }

  /// Where a closure holds, as text to sort by.
  private static func place(_ it: EventCalendar.Closure) -> String {
    switch it.scope {
    case .everywhere: ""
    case .location(let level, let node): "\(level)\n\(node)"
    }
  }
}
