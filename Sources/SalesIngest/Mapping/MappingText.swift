extension SourceMapping {
  /// The mapping as YAML that reads back to itself, without what is the default.
  ///
  /// - Parameters:
  ///   - indentation: spaces before every line.
  ///   - doubtfulNumber: a number of the sales that may be read in two ways: its key is left to be filled in.
  ///   - doubtfulTotals: rows of the sales that may be totals: likewise.
  public func yaml(
    indentation: Int = 0, doubtfulNumber: String? = nil, doubtfulTotals: [MappingInference.DoubtfulTotals] = []
  ) -> String {
    let plain = SourceMapping()
    var out = YAMLText(indentation: indentation)
    if !about.isEmpty { out.line("about", Self.quoted(about)) }
    if productLevels != plain.productLevels { out.list("product_levels", productLevels) }
    if locationLevels != plain.locationLevels { out.list("location_levels", locationLevels) }
    if measured { out.line("kind", "measure") }
    if rows != plain.rows { out.line("rows", rows.rawValue) }
    if grain != plain.grain { out.line("time_grain", grain.rawValue) }
    if weekDate != plain.weekDate { out.line("week_date", weekDate.rawValue) }
    if let missing { out.line("missing", missing.rawValue) }
    if zero != plain.zero { out.line("zero", zero.rawValue) }
    if negative != plain.negative { out.line("negative", negative.rawValue) }
    if unknownKeys != plain.unknownKeys { out.line("unknown_keys", unknownKeys.rawValue) }
    if revenue != plain.revenue { out.line("revenue", revenue.rawValue) }
    for role in [Role.sales] + Role.allCases.filter({ $0 != .sales }) {
      let tables = tables(role)
      guard !tables.isEmpty else { continue }
      out.line(role.rawValue, "")
      for table in tables {
        out.table(
          table, isItem: tables.count > 1, order: columns(role), doubtfulNumber: role == .sales ? doubtfulNumber : nil,
          doubtfulTotals: role == .sales ? doubtfulTotals : [])
      }
    }
    return out.text
  }

  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\t", with: "\\t") + "\""
  }
}

/// Lines of YAML in block style with flow collections inside.
private struct YAMLText {
  var indentation: Int
  var text = ""

  mutating func line(_ key: String, _ value: String) {
    text += String(repeating: " ", count: indentation) + key + ":" + (value.isEmpty ? "" : " " + value) + "\n"
  }

  mutating func list(_ key: String, _ values: [String]) { line(key, Self.flow(values)) }

  private static func flow(_ values: [String]) -> String { "[" + values.map(scalar).joined(separator: ", ") + "]" }

  /// A text as it is where YAML reads it as that text, else in quotes.
  private static func scalar(_ text: String) -> String {
    let first = text.unicodeScalars.first
    let isPlain =
      first.map { $0.properties.isAlphabetic && $0.isASCII } == true
      && text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-./".unicodeScalars.contains($0))
      }
      && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
    return isPlain ? text : SourceMapping.quoted(text)
  }

  private mutating func pairs(_ key: String, _ pairs: [String: String], order: [String] = []) {
    guard !pairs.isEmpty else { return }
    line(key, "")
    indentation += 2
    let ranks = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
    for (name, value) in pairs.sorted(by: { (ranks[$0.key] ?? 99, $0.key) < (ranks[$1.key] ?? 99, $1.key) }) {
      line(Self.scalar(name), Self.scalar(value))
    }
    indentation -= 2
  }

  private mutating func lists(_ key: String, _ lists: [String: [String]]) {
    guard !lists.isEmpty else { return }
    line(key, "")
    indentation += 2
    for (name, values) in lists.sorted(by: { $0.key < $1.key }) { line(Self.scalar(name), Self.flow(values)) }
    indentation -= 2
  }

  /// Asks whether rows are totals, with what to write for either.
  private mutating func question(_ totals: [MappingInference.DoubtfulTotals], _ except: [String: [String]]) {
    func flow(_ lists: [String: [String]]) -> String {
      "{"
        + lists.sorted { $0.key < $1.key }.map { "\(Self.scalar($0.key)): \(Self.flow($0.value))" }
        .joined(separator: ", ") + "}"
    }
    let space = String(repeating: " ", count: indentation)
    for it in totals { text += space + "# \(MappingInference.readings(of: it)).\n" }
    let all = totals.reduce(into: except) { $0[$1.column, default: []] += $1.names }
    text += space + "# If they are totals, which would count twice:  except: \(flow(all))\n"
    text += space + "# If they are sales of their own, to be loaded: except: \(flow(except))\n"
    line("except", "undecided  # write one of the two")
  }

  mutating func table(
    _ table: SourceMapping.Table, isItem: Bool, order: (required: [String], optional: [String]),
    doubtfulNumber: String? = nil, doubtfulTotals: [MappingInference.DoubtfulTotals] = []
  ) {
    let plain = SourceMapping.Table(files: [])
    indentation += isItem ? 4 : 2
    let start = text.endIndex
    list("files", table.files)
    if isItem {
      // The item's mark takes the place of the first key's last two spaces.
      let mark = text.index(start, offsetBy: indentation - 2)
      text.replaceSubrange(mark..<text.index(mark, offsetBy: 2), with: "- ")
    }
    if let separator = table.separator { line("separator", separator.rawValue) }
    if let encoding = table.encoding { line("encoding", encoding.rawValue) }
    if let doubtfulNumber {
      text += String(repeating: " ", count: indentation) + "# \(MappingInference.readings(of: doubtfulNumber))\n"
      line("decimal", "undecided  # write one of the two")
    }
    if doubtfulNumber == nil, table.declaresNumbers, table.numbers == NumberFormat() {
      line("decimal", table.numbers.decimal.rawValue)
    }
    if table.numbers.decimal != .point { line("decimal", table.numbers.decimal.rawValue) }
    if table.numbers.thousands != .none { line("thousands", table.numbers.thousands.rawValue) }
    if table.datePatterns != plain.datePatterns { list("date_pattern", table.datePatterns.map(\.description)) }
    if table.empty != plain.empty { list("empty", table.empty) }
    let ranks = order.required + order.optional
    pairs("columns", table.columns, order: ranks)
    pairs("constants", table.constants, order: ranks)
    if !table.values.isEmpty {
      line("values", "")
      indentation += 2
      for (column, values) in table.values.sorted(by: { $0.key < $1.key }) { pairs(column, values) }
      indentation -= 2
    }
    lists("only", table.only)
    if doubtfulTotals.isEmpty { lists("except", table.except) } else { question(doubtfulTotals, table.except) }
    pairs("promotions", table.promotions)
    pairs("attributes", table.attributes)
    pairs("regressors", table.regressors)
    if !table.lineKey.isEmpty { list("line_key", table.lineKey) }
    if !table.others.isEmpty { list("others", table.others) }
    if !table.ignoresOthers { line("ignore_others", "false") }
    if table.yes != plain.yes { list("yes", table.yes) }
    if table.no != plain.no { list("no", table.no) }
    indentation -= isItem ? 4 : 2
  }
}
