import DemandData
import SalesStore

/// Reads the small tables of the long format: masters and events.
struct LongTables {
  let writer: LoadWriter
  let options: LongFormatLoad.Options
  var meter: ProgressMeter
  var refusals: RowRefusals

  init(writer: LoadWriter, options: LongFormatLoad.Options, meter: ProgressMeter) {
    self.writer = writer
    self.options = options
    self.meter = meter
    refusals = RowRefusals(policy: options.badRows)
  }

  mutating func loadProducts(_ path: String) throws {
    var table = try TableReader(path: path, required: ["product", "category", "department"], optional: ["kind"])
    let kind = table.columns["kind"]
    var seen: Set<String> = []
    while try nextRow(&table) {
      guard let names = try names(["category", "department", "product"], &table) else { continue }
      let kindText = kind.map { table.csv.text($0) } ?? "count"
      guard kindText == "count" || kindText == "measure" || kindText.isEmpty else {
        try refusals.refuse(
          table.refusal("kind", "unknown_kind", "not a kind of units: write count or measure"), in: writer)
        continue
      }
      guard seen.insert(names[2]).inserted else {
        try refusals.refuse(
          table.refusal("product", "duplicate_row", "the product is listed twice: keep one of the rows"), in: writer)
        continue
      }
      do {
        try writer.addProduct(path: names, isCount: kindText != "measure")
      } catch StoreError.hierarchy(let reason) {
        try refusals.refuse(table.refusal("product", "hierarchy", reason), in: writer)
      }
    }
    try meter.finish(table.csv.source)
  }

  mutating func loadStores(_ path: String) throws {
    var table = try TableReader(path: path, required: ["store", "region"])
    var seen: Set<String> = []
    while try nextRow(&table) {
      guard let names = try names(["region", "store"], &table) else { continue }
      guard seen.insert(names[1]).inserted else {
        try refusals.refuse(
          table.refusal("store", "duplicate_row", "the store is listed twice: keep one of the rows"), in: writer)
        continue
      }
      do {
        try writer.addStore(path: names)
      } catch StoreError.hierarchy(let reason) {
        try refusals.refuse(table.refusal("store", "hierarchy", reason), in: writer)
      }
    }
    try meter.finish(table.csv.source)
  }

  mutating func loadEvents(_ path: String) throws {
    var table = try TableReader(path: path, required: ["date", "event", "type"], optional: ["region", "closed"])
    let (date, name, type) = (table.position("date"), table.position("event"), table.position("type"))
    let (region, closed) = (table.columns["region"], table.columns["closed"])
    var last: Day?
    while try nextRow(&table) {
      guard let day = FieldParsing.day(table.csv.bytes(date)) else {
        try refusals.refuse(table.refusal("date", "unparseable_date", Reasons.date), in: writer)
        continue
      }
      guard let name = table.validText(name), let type = table.validText(type) else {
        try refusals.refuse(table.refusal("event", "invalid_utf8", Reasons.utf8), in: writer)
        continue
      }
      let shut = closed.map { table.csv.text($0) } ?? "0"
      guard ["", "0", "1"].contains(shut) else {
        try refusals.refuse(table.refusal("closed", "not_a_flag", "not a flag: write 0 or 1"), in: writer)
        continue
      }
      guard !name.isEmpty || shut == "1" else {
        try refusals.refuse(table.refusal("event", "empty_name", "name the event"), in: writer)
        continue
      }
      var scope = EventCalendar.Scope.everywhere
      if let region, !table.csv.fields[region].isEmpty {
        let place = table.csv.text(region)
        guard try writer.hasLocation(level: "region", name: place) else {
          try refusals.refuse(
            table.refusal("region", "unknown_region", "no store is in this region: correct it or add it to stores.csv"),
            in: writer)
          continue
        }
        scope = .location(level: "region", node: place)
      }
      if !name.isEmpty { try writer.writeEvent(.init(day: day, name: name, type: type, scope: scope)) }
      if shut == "1" { try writer.writeClosure(.init(day: day, scope: scope)) }
      last = max(last ?? day, day)
    }
    if let through = options.calendarThrough ?? last { try writer.noteCalendar(knownThrough: through) }
    try meter.finish(table.csv.source)
  }

  /// Moves to the next row that is one, refusing those that are none.
  mutating func nextRow(_ table: inout TableReader) throws -> Bool {
    while try table.csv.advance() {
      try meter.row(table.csv.source)
      guard let refusal = table.structuralRefusal else { return true }
      try refusals.refuse(refusal, in: writer)
    }
    return false
  }

  /// Names in these columns, or nil after refusing the row.
  private mutating func names(_ columns: [String], _ table: inout TableReader) throws -> [String]? {
    var names: [String] = []
    for column in columns {
      guard let name = table.validText(table.position(column)) else {
        try refusals.refuse(table.refusal(column, "invalid_utf8", Reasons.utf8), in: writer)
        return nil
      }
      guard !name.isEmpty else {
        try refusals.refuse(table.refusal(column, "empty_name", "fill in the \(column)"), in: writer)
        return nil
      }
      names.append(name)
    }
    return names
  }
}

/// Reasons that several tables give.
enum Reasons {
  static let date = "not a date: write it as YYYY-MM-DD"
  static let utf8 = "the text is not UTF-8: save the file as UTF-8"
}
