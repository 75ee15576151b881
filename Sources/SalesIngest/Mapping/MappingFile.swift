import Yams

/// What is wrong with a mapping in a file, and where.
public struct MappingError: Error, Hashable, Sendable {
  public let line: Int?
  public let column: Int?
  public let key: String
  public let problem: String
  public let hint: String
}

extension SourceMapping {
  /// Reads mappings by name from a file whose top keys are names.
  public static func read(yaml: String) throws(MappingError) -> [String: SourceMapping] {
    let root: Yams.Node?
    do { root = try Yams.compose(yaml: yaml) } catch {
      throw MappingError(line: nil, column: nil, key: "", problem: "is no valid YAML", hint: "\(error)")
    }
    guard let root, root.scalar?.string.isEmpty != true else { return [:] }
    return try read(named: root)
  }

  /// Reads mappings from a node whose keys are their names.
  public static func read(named node: Yams.Node) throws(MappingError) -> [String: SourceMapping] {
    guard let pairs = node.mapping else {
      throw MappingNode(node, "mappings").error("must hold names with mappings", "see docs/data.md, Mappings")
    }
    var found: [String: SourceMapping] = [:]
    for (key, value) in pairs { found[key.scalar?.string ?? ""] = try SourceMapping(yaml: value) }
    return found
  }

  /// Reads a mapping.
  ///
  /// - Throws: ``MappingError`` for unknown keys and values that are none, with their place.
  public init(yaml node: Yams.Node) throws(MappingError) {
    self.init()
    for (key, it) in try MappingNode(node, "mapping").entries() {
      switch key {
      case "about": about = try it.text()
      case "product_levels": productLevels = try it.levels()
      case "location_levels": locationLevels = try it.levels()
      case "rows": rows = try it.choice()
      case "time_grain": grain = try it.choice()
      case "week_date": weekDate = try it.choice()
      case "kind":
        switch try it.text() {
        case "count": measured = false
        case "measure": measured = true
        default: throw it.error("must be count or measure", "measure is for weights and revenue")
        }
      case "missing": missing = try it.choice() as MissingRows
      case "zero": zero = try it.choice()
      case "negative": negative = try it.choice()
      case "unknown_keys": unknownKeys = try it.choice()
      case "revenue": revenue = try it.choice()
      default:
        guard let role = Role(rawValue: key) else {
          throw it.unknownKey(
            key,
            known: "about, product_levels, location_levels, rows, time_grain, week_date, kind, missing, zero, "
              + "negative, unknown_keys, revenue, " + Role.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self[role] = try it.tables(columns(role))
      }
    }
    // Levels may stand behind the tables that name them.
    for role in Role.allCases {
      let known = Set(columns(role).required + columns(role).optional)
      for table in tables(role) {
        if let name = (table.columns.keys.sorted() + table.constants.keys.sorted()).first(where: { !known.contains($0) }
        ) {
          throw MappingNode(node, role.rawValue).error(
            "'\(name)' is no column of \(role.rawValue)",
            "known are " + (columns(role).required + columns(role).optional).joined(separator: ", "))
        }
      }
    }
    guard Role.allCases.contains(where: { !self[$0].isEmpty }) else {
      throw MappingNode(node, "mapping").error("names no table", "add at least 'sales:' with files and columns")
    }
  }
}

/// A node with the path to it, for errors.
private struct MappingNode {
  let node: Yams.Node
  let path: String
  /// Where its key stands, which is a line above a value that is a block.
  let keyMark: Mark?

  init(_ node: Yams.Node, _ path: String, keyMark: Mark? = nil) {
    self.node = node
    self.path = path
    self.keyMark = keyMark
  }

  func unknownKey(_ key: String, known: String) -> MappingError {
    MappingError(
      line: keyMark?.line, column: keyMark?.column, key: path, problem: "\(path): unknown key '\(key)'",
      hint: "known here: \(known)")
  }

  func error(_ problem: String, _ hint: String) -> MappingError {
    MappingError(
      line: node.mark?.line, column: node.mark?.column, key: path, problem: "\(path): \(problem)", hint: hint)
  }

  func entries() throws(MappingError) -> [(String, MappingNode)] {
    guard let pairs = node.mapping else { throw error("must hold keys with values", "indent its keys below it") }
    var entries: [(String, MappingNode)] = []
    for (key, value) in pairs {
      let name = key.scalar?.string ?? ""
      entries.append((name, MappingNode(value, path == "mapping" ? name : "\(path).\(name)", keyMark: key.mark)))
    }
    return entries
  }

  func text() throws(MappingError) -> String {
    guard let text = node.scalar?.string else { throw error("must be a text", "write one value") }
    return text
  }

  func texts() throws(MappingError) -> [String] {
    if let text = node.scalar?.string { return [text] }
    guard let items = node.sequence else { throw error("must be a list of texts", "write [one, two]") }
    var texts: [String] = []
    for item in items { texts.append(try MappingNode(item, path).text()) }
    return texts
  }

  func flag() throws(MappingError) -> Bool {
    switch try text() {
    case "true": return true
    case "false": return false
    default: throw error("must be true or false", "write true or false")
    }
  }

  func pairs() throws(MappingError) -> [String: String] {
    var pairs: [String: String] = [:]
    for (key, value) in try entries() { pairs[key] = try value.text() }
    return pairs
  }

  func lists() throws(MappingError) -> [String: [String]] {
    var lists: [String: [String]] = [:]
    for (key, value) in try entries() { lists[key] = try value.texts() }
    return lists
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>() throws(MappingError) -> Choice {
    let word = try text()
    guard let choice = Choice(rawValue: word) else {
      throw error(
        "is '\(word)'", "write one of " + Choice.allCases.map { $0.rawValue }.joined(separator: ", "))
    }
    return choice
  }

  func levels() throws(MappingError) -> [String] {
    let names = try texts()
    guard !names.isEmpty, Set(names).count == names.count, !names.contains(""), !names.contains("all") else {
      throw error("must be different names of levels, top down, without 'all'", "write [category, product]")
    }
    return names
  }

  func tables(_ known: (required: [String], optional: [String])) throws(MappingError) -> [SourceMapping.Table] {
    guard let items = node.sequence else { return [try table()] }
    var tables: [SourceMapping.Table] = []
    for (index, item) in items.enumerated() { tables.append(try MappingNode(item, "\(path)[\(index)]").table()) }
    return tables
  }

  func table() throws(MappingError) -> SourceMapping.Table {
    var table = SourceMapping.Table(files: [])
    for (key, it) in try entries() {
      switch key {
      case "files": table.files = try it.texts()
      case "separator": table.separator = try it.text() == "auto" ? nil : try it.choice() as Separator
      case "encoding": table.encoding = try it.text() == "auto" ? nil : try it.choice() as TextEncoding
      case "decimal":
        table.numbers.decimal = try it.choice()
        table.declaresNumbers = true
      case "thousands":
        table.numbers.thousands = try it.choice()
        table.declaresNumbers = true
      case "date_pattern":
        var patterns: [DatePattern] = []
        for text in try it.texts() {
          guard let pattern = DatePattern(text) else {
            throw it.error("'\(text)' is no date pattern", "write one such as yyyy-MM-dd, dd.MM.yyyy or yyyy-Www")
          }
          patterns.append(pattern)
        }
        table.datePatterns = patterns
      case "empty": table.empty = [""] + (try it.texts()).filter { !$0.isEmpty }
      case "columns": table.columns = try it.pairs()
      case "constants": table.constants = try it.pairs()
      case "values":
        for (column, values) in try it.entries() { table.values[column] = try values.pairs() }
      case "only": table.only = try it.lists()
      case "except":
        if it.node.scalar?.string == "undecided" {
          throw it.error("is undecided", "write one of the two lines that the comment above it gives")
        }
        table.except = try it.lists()
      case "promotions": table.promotions = try it.pairs()
      case "attributes": table.attributes = try it.pairs()
      case "regressors": table.regressors = try it.pairs()
      case "line_key": table.lineKey = try it.texts()
      case "others": table.others = try it.texts()
      case "ignore_others": table.ignoresOthers = try it.flag()
      case "yes": table.yes = try it.texts()
      case "no": table.no = try it.texts()
      default:
        throw it.unknownKey(
          key,
          known: "files, separator, encoding, decimal, thousands, date_pattern, empty, columns, constants, "
            + "values, only, except, promotions, attributes, regressors, line_key, others, ignore_others, yes, no")
      }
    }
    guard table.numbers.isConsistent else {
      throw error("decimal and thousands are the same mark", "give thousands another mark, or none")
    }
    guard !table.datePatterns.isEmpty else { throw error("date_pattern is empty", "write yyyy-MM-dd") }
    guard !table.files.isEmpty else { throw error("names no files", "add 'files: [sales*.csv*]'") }
    return table
  }
}
