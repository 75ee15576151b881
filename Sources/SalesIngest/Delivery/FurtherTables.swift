import DemandData
import Foundation
import SalesStore

/// Why a field of a row is refused.
private struct FieldRefusal: Error {
  let column: MappedColumn
  let kind: String
  let reason: String
}

/// Tables of facts that a few rows a delivery bring: attributes, ranging, regressors, links, annotations.
extension DeliveryTables {
  private mutating func eachRow(
    of item: DeliveryFiles.Item, _ role: SourceMapping.Role,
    _ take: (borrowing MappedTable, inout DeliveryTables) throws -> Void
  ) throws {
    let names = mapping.columns(role)
    var table = try open(item, required: names.required, optional: names.optional)
    while try nextRow(&table) {
      do {
        try take(table, &self)
      } catch let it as FieldRefusal {
        try refusals.refuse(table.refusal(it.column, it.kind, it.reason), in: writer)
      }
      noteOthers(table)
    }
    try finish(table)
  }

  private mutating func note(_ what: String) { remarks.stored[what, default: 0] += 1 }

  /// Reads how far a delivery reaches; options say it better.
  mutating func loadCoverage(_ item: DeliveryFiles.Item) throws {
    var line: Int?
    try eachRow(of: item, .coverage) { table, tables in
      guard line == nil else {
        throw FieldRefusal(
          column: table.column("complete_through")!, kind: "duplicate_row",
          reason: "line \(line!) says already how far the delivery reaches: keep one of the rows")
      }
      line = table.reader.csv.line
      if try table.given("complete_through") != nil {
        let through = try table.requiredDay("complete_through")
        if let today = tables.options.today, through > today + tables.options.futureDays {
          throw FieldRefusal(
            column: table.column("complete_through")!, kind: "future_date",
            reason: "the day has not happened yet: correct it, or leave it empty")
        }
        if tables.options.completeThrough == nil {
          tables.options.completeThrough = through
          tables.coverageFile = table.reader.file
        }
      }
      if try table.given("calendar_through") != nil {
        let through = try table.requiredDay("calendar_through")
        tables.options.calendarThrough = tables.options.calendarThrough ?? through
      }
    }
  }

  mutating func loadAttributes(_ item: DeliveryFiles.Item) throws {
    try eachRow(of: item, .attributes) { table, tables in
      let level = try table.required("level")
      let tree = tables.mapping.productLevels.contains(level) ? "product" : "location"
      guard tree == "product" || tables.mapping.locationLevels.contains(level) else {
        throw table.unknownLevel("level", tables.mapping.productLevels + tables.mapping.locationLevels)
      }
      let (node, name, value) = (
        try table.required("node"), try table.required("attribute"), try table.required("value")
      )
      guard try tables.writer.writeAttribute(tree: tree, level: level, node: node, name: name, value: value) else {
        throw table.unknown("node", level: level)
      }
      tables.note("attributes")
    }
  }

  mutating func loadRanging(_ item: DeliveryFiles.Item) throws {
    try eachRow(of: item, .ranging) { table, tables in
      let writer = tables.writer
      guard let product = writer.products[try table.required("product")] else {
        throw table.unknown("product", level: "product")
      }
      guard let store = writer.stores[try table.required("store")] else {
        throw table.unknown("store", level: "store")
      }
      let (from, through) = try table.days("from", "through")
      guard try !table.isWithdrawn() else {
        let series = writer.knownSeries(product: product.id, store: store)
        let isDone = try series.map { try writer.withdrawRangingWindow(series: $0, from: from.number) } ?? false
        return tables.noteWithdrawal("ranging_windows", isDone, table)
      }
      try writer.writeRangingWindow(
        series: try writer.seriesID(product: product.id, store: store), from: from.number, through: through?.number)
      tables.note("ranging_windows")
    }
  }

  mutating func loadRegressors(_ item: DeliveryFiles.Item) throws {
    try eachRow(of: item, .regressors) { table, tables in
      guard !table.regressors.isEmpty || (table.column("regressor") != nil && table.column("value") != nil) else {
        throw IngestError.wrongHeader(
          file: table.reader.file, found: table.reader.columnNames, required: ["date", "regressor", "value"],
          optional: tables.mapping.columns(.regressors).optional)
      }
      let day = try table.requiredDay("date")
      guard let scope = try tables.scope(table, tables.places(table)) else { return }
      func write(_ name: String, _ value: Double) throws {
        try tables.writer.writeRegressor(Regressor(name: name, day: day, scope: scope, value: value))
        tables.note("regressors")
      }
      for (name, position) in table.regressors {
        guard let field = table.bytes(at: position) else { continue }
        guard let value = table.table.numbers.number(field) else {
          let source = table.table.regressors[name] ?? name
          let column = MappedColumn(name: name, source: source, position: position, constant: [], values: [:])
          throw FieldRefusal(
            column: column, kind: "not_a_number",
            reason: "'\(name)' is no number: write \(table.numberWords), or leave it empty")
        }
        try write(name, value)
      }
      if table.column("regressor") != nil, let value = try table.number("value") {
        try write(try table.required("regressor"), value)
      }
    }
  }

  mutating func loadLinks(_ item: DeliveryFiles.Item) throws {
    var named = item.table
    // The long format's own column, which its mapping does not name.
    if !named.ignoresOthers, named.columns["previous"] == nil { named.columns["previous"] = "previous" }
    let item = DeliveryFiles.Item(role: item.role, table: named, input: item.input)
    try eachRow(of: item, .links) { table, tables in
      guard let kind = LifeCycleLink.Kind(rawValue: try table.required("kind")) else {
        let kinds = LifeCycleLink.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw FieldRefusal(
          column: table.column("kind")!, kind: "unknown_kind", reason: "no kind of link: write one of \(kinds)")
      }
      let node = try table.required("node")
      let ofProduct = kind == .successor || kind == .departmentMove
      let other = ofProduct ? try table.required("other") : ""
      let (from, through) = try table.days("date", "through")
      let ratio = try table.number("ratio")
      if let ratio, ratio <= 0 {
        throw FieldRefusal(
          column: table.column("ratio")!, kind: "too_small",
          reason: "a successor sells more than 0 times as much: correct the ratio, or leave it empty")
      }
      if kind == .closure, let through, through - from >= 3660 {
        throw FieldRefusal(
          column: table.column("through")!, kind: "too_long_closure",
          reason: "more than ten years: leave the day empty for a closure for good, or correct it")
      }
      let previous = kind == .departmentMove ? try table.given("previous") ?? "" : ""
      let link = LifeCycleLink(
        kind: kind, node: node, other: other, day: from, through: through, ratio: ratio, previous: previous)
      guard try !table.isWithdrawn() else {
        return tables.noteWithdrawal("links", try tables.writer.withdrawLink(link), table)
      }
      try tables.writer.writeLink(link)
      tables.links.append(("'\(table.reader.file)' line \(table.reader.csv.line)", link))
      tables.note("links")
    }
  }

  /// Warns of links whose products, stores or departments are not there once all is loaded: they do nothing until then.
  mutating func warnOfLinks() throws {
    var count = 0
    for (place, link) in links {
      let ofProduct = link.kind == .successor || link.kind == .departmentMove
      let (tree, levels) =
        ofProduct ? ("product", mapping.productLevels) : ("location", mapping.locationLevels)
      var wanted = [(level: levels[levels.count - 1], name: link.node)]
      if link.kind == .successor { wanted.append((wanted[0].level, link.other)) }
      if link.kind == .departmentMove, levels.count > 1 { wanted.append((levels[levels.count - 2], link.other)) }
      let missing = try wanted.filter { try !writer.hasNode(tree: tree, level: $0.level, name: $0.name) }
      guard !missing.isEmpty else { continue }
      count += 1
      if count > 5 { continue }
      let kind = link.kind.rawValue.replacing("_", with: " ")
      remarks.warn(
        "\(place): there is no \(missing.map { "\($0.level) '\($0.name)'" }.joined(separator: " and no ")), so the "
          + "\(kind) does nothing yet: correct the name, or load the \(missing[0].level)")
    }
    if count > 5 {
      remarks.warn("\(count - 5) further links name what is not there; 'demand data check' counts them all")
    }
  }

  mutating func loadAnnotations(_ item: DeliveryFiles.Item) throws {
    try eachRow(of: item, .annotations) { table, tables in
      let (from, through) = try table.days("from", "through")
      let (reason, author) = (try table.required("reason"), try table.required("author"))
      let product = try table.node("product_level", "product", tables.mapping.productLevels)
      let location = try table.node("location_level", "location", tables.mapping.locationLevels)
      let names = NodeNames(
        productLevel: product.level, product: product.name, locationLevel: location.level, location: location.name)
      var expires: Day?
      if try table.given("expires_on") != nil { expires = try table.requiredDay("expires_on") }
      var made = try tables.writer.loadStart()
      if let given = try table.moment("made_at") { made = given }
      let annotation = Annotation(
        days: UnrepresentativeDays(node: names, from: from, through: through ?? from), reason: reason, author: author,
        madeAt: made, expiresOn: expires)
      switch try tables.add(annotation) {
      case .none: break
      case .some(let unknown):
        throw table.unknown(unknown.name == product.name ? "product" : "location", level: unknown.level)
      }
    }
  }

  /// Adds an annotation; returns the node that it names and that is not there.
  private mutating func add(_ annotation: Annotation) throws -> (level: String, name: String)? {
    do {
      if try writer.writeAnnotation(annotation).isNew { note("annotations") }
      return nil
    } catch StoreError.unknownName(let kind, let name, _) {
      return (kind, name)
    }
  }
}

extension MappedTable {
  /// A text that is there, or nil.
  fileprivate func given(_ name: String) throws -> String? {
    guard let column = column(name) else { return nil }
    guard let text = text(column) else {
      throw FieldRefusal(column: column, kind: "invalid_utf8", reason: Reasons.utf8)
    }
    return text.isEmpty ? nil : text
  }

  fileprivate func required(_ name: String) throws -> String {
    guard let text = try given(name) else {
      // A mapping's optional column may be one that a kind of row needs.
      let column =
        column(name) ?? MappedColumn(name: name, source: name, position: nil, constant: [], values: [:])
      throw FieldRefusal(column: column, kind: "empty_name", reason: "fill in the \(column.source)")
    }
    return text
  }

  fileprivate func requiredDay(_ name: String) throws -> Day {
    let column = column(name)!
    guard let day = day(column) else {
      throw FieldRefusal(column: column, kind: "unparseable_date", reason: dateWords)
    }
    return day
  }

  /// Whether the row takes back what it says.
  fileprivate func isWithdrawn() throws -> Bool {
    guard let column = column("withdrawn") else { return false }
    guard let flag = flag(column) else {
      throw FieldRefusal(column: column, kind: "not_a_flag", reason: DeliveryTables.flagWords(table))
    }
    return flag
  }

  /// First and last day; nil for a last day that is not given.
  fileprivate func days(_ first: String, _ last: String) throws -> (from: Day, through: Day?) {
    let from = try requiredDay(first)
    guard try given(last) != nil else { return (from, nil) }
    let through = try requiredDay(last)
    guard through >= from else {
      throw FieldRefusal(
        column: column(last)!, kind: "reversed_days", reason: "before \(from), where it begins: correct one of the two")
    }
    return (from, through)
  }

  /// A node of one of the levels, by default the last; the top where none is named.
  fileprivate func node(
    _ level: String, _ name: String, _ levels: [String]
  ) throws -> (level: String, name: String) {
    guard let node = try given(name), node != Tree.topName else { return (Tree.topName, Tree.topName) }
    var found = levels[levels.count - 1]
    if let given = try given(level) { found = given }
    guard levels.contains(found) else { throw unknownLevel(level, levels) }
    return (found, node)
  }

  /// A number that is there, or nil.
  fileprivate func number(_ name: String) throws -> Double? {
    guard let column = column(name), case let field = bytes(column), !field.isEmpty else { return nil }
    guard let value = table.numbers.number(field) else {
      throw FieldRefusal(column: column, kind: "not_a_number", reason: "no number: write \(numberWords)")
    }
    return value
  }

  /// A day or a moment in ISO form, or nil where there is none.
  fileprivate func moment(_ name: String) throws -> Date? {
    guard let text = try given(name), let column = column(name) else { return nil }
    if let date = (try? Date(text, strategy: .iso8601)) { return date }
    if let date = (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))) { return date }
    guard let day = day(column) else {
      throw FieldRefusal(column: column, kind: "unparseable_date", reason: dateWords)
    }
    return Date(timeIntervalSince1970: Double(day.number) * 86_400)
  }

  fileprivate func unknown(_ column: String, level: String) -> FieldRefusal {
    FieldRefusal(
      column: self.column(column)!, kind: "unknown_\(level)",
      reason: "there is no such \(level): correct it, or add it to the masters")
  }

  fileprivate func unknownLevel(_ column: String, _ levels: [String]) -> FieldRefusal {
    FieldRefusal(
      column: self.column(column)!, kind: "unknown_level",
      reason: "no level: write one of \(levels.joined(separator: ", "))")
  }
}
