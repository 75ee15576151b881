import DemandData
import SalesStore

extension DeliveryTables {
  mutating func loadEvents(_ item: DeliveryFiles.Item) throws {
    let optional = mapping.columns(.events).optional
    var table = try open(item, required: ["date", "event", "type"], optional: optional)
    let (date, event, type) = (table.column("date")!, table.column("event")!, table.column("type")!)
    let (closed, withdrawn) = (table.column("closed"), table.column("withdrawn"))
    let places = places(table)
    var last: Day?
    while try nextRow(&table) {
      guard let day = table.day(date) else {
        try refusals.refuse(table.refusal(date, "unparseable_date", table.dateWords), in: writer)
        continue
      }
      guard let name = table.text(event), let kind = table.text(type) else {
        try refusals.refuse(table.refusal(event, "invalid_utf8", Reasons.utf8), in: writer)
        continue
      }
      guard let shut = try flag(closed, table), let isWithdrawn = try flag(withdrawn, table) else { continue }
      guard !name.isEmpty || shut else {
        try refusals.refuse(table.refusal(event, "empty_name", "name the event"), in: writer)
        continue
      }
      guard let scope = try scope(table, places) else { continue }
      let named = EventCalendar.Event(day: day, name: name, type: kind, scope: scope)
      let closure = EventCalendar.Closure(day: day, scope: scope)
      noteOthers(table)
      guard !isWithdrawn else {
        let wasEvent = try !name.isEmpty && writer.withdrawEvent(named)
        let wasShut = try shut && writer.withdrawClosure(closure)
        noteWithdrawal("events", wasEvent || wasShut, table)
        continue
      }
      if !name.isEmpty { try writer.writeEvent(named) }
      if shut { try writer.writeClosure(closure) }
      last = max(last ?? day, day)
    }
    if let through = options.calendarThrough ?? last { try writer.noteCalendar(knownThrough: through) }
    try finish(table)
  }

  /// A flag of the present row, false without its column, or nil after refusing the row.
  private mutating func flag(_ column: MappedColumn?, _ table: borrowing MappedTable) throws -> Bool? {
    guard let column else { return false }
    if let flag = table.flag(column) { return flag }
    try refusals.refuse(table.refusal(column, "not_a_flag", Self.flagWords(table.table)), in: writer)
    return nil
  }

  /// Counts what the present row takes back, and tells of a row that takes back nothing.
  mutating func noteWithdrawal(_ what: String, _ isDone: Bool, _ table: borrowing MappedTable) {
    if isDone {
      remarks.stored["\(what)_withdrawn", default: 0] += 1
    } else {
      remarks.warn(
        "'\(table.reader.file)' line \(table.reader.csv.line) takes back what the database does not have: if it was not "
          + "taken back before, write the row as it was delivered first")
    }
  }

  static func flagWords(_ table: SourceMapping.Table) -> String {
    "not a flag: write \(table.no.first { !$0.isEmpty } ?? "0") or \(table.yes.first ?? "1")"
  }

  /// Columns that name a place, the finest level first.
  func places(_ table: borrowing MappedTable) -> [(level: String, column: MappedColumn)] {
    var places: [(level: String, column: MappedColumn)] = []
    for level in mapping.locationLevels.reversed() {
      if let column = table.column(level) { places.append((level, column)) }
    }
    return places
  }

  /// Where what the present row says holds, or nil after refusing the row.
  mutating func scope(
    _ table: borrowing MappedTable, _ places: [(level: String, column: MappedColumn)]
  ) throws -> EventCalendar.Scope? {
    var found: (level: String, node: String, column: MappedColumn)?
    if let level = table.column("scope_level"), let node = table.column("scope_node") {
      let name = table.text(level) ?? ""
      if !name.isEmpty {
        guard mapping.locationLevels.contains(name) else {
          try refusals.refuse(
            table.refusal(
              level, "unknown_level",
              "no level of locations: write one of \(mapping.locationLevels.joined(separator: ", "))"),
            in: writer)
          return nil
        }
        found = (name, table.text(node) ?? "", node)
      }
    } else {
      for (level, column) in places where found == nil && !table.bytes(column).isEmpty {
        found = (level, table.text(column) ?? "", column)
      }
    }
    guard let found else { return .everywhere }
    guard try writer.hasNode(tree: "location", level: found.level, name: found.node) else {
      try refusals.refuse(
        table.refusal(
          found.column, "unknown_\(found.level)",
          "no store is in this \(found.level): correct it or add it to the stores' file"), in: writer)
      return nil
    }
    return .location(level: found.level, node: found.node)
  }
}
