import DemandData

/// Columns and files beyond the figures of sales.
extension MappingInference {
  static let money: Set<String> = ["price", "base_price", "revenue"]

  /// Values as numbers are looked for in them: amounts of money without the signs of currencies.
  static func amounts(_ ours: String, _ values: [String]) -> [String] {
    guard money.contains(ours) || ours == "units", values.contains(where: { sign($0) != nil }) else { return values }
    // Units are money only where all of them have a sign, as where revenue is taken for them.
    if ours == "units", !values.allSatisfy({ sign($0) != nil }) { return values }
    return values.map { value in
      CurrencySign.split(Array(value.utf8)[...]).map { String(decoding: $0.amount, as: UTF8.self) } ?? value
    }
  }

  private static func sign(_ value: String) -> String? { CurrencySign.split(Array(value.utf8)[...])?.sign }

  /// Says how signs of currencies are read, and which columns that are called like prices hold none.
  mutating func noteMoney(
    _ sample: Sample, _ found: [String: Int], _ taken: Set<Int>, _ values: (Int) -> [String]
  ) {
    for ours in Self.money.sorted() {
      if let column = found[ours] {
        let signs = Set(values(column).compactMap(Self.sign)).sorted()
        guard let example = values(column).first(where: { Self.sign($0) != nil }) else { continue }
        notes.append(
          "'\(example)' in '\(sample.header[column])' is read without its sign of a currency"
            + (signs.count > 1
              ? ", and there are several, \(signs.joined(separator: ", ")): nothing is converted, so deliver one currency"
              : ""))
      } else if ours != "revenue", let column = ColumnGuess.column(ours, in: sample.header, taken: taken),
        let example = values(column).first(where: { !$0.isEmpty })
      {
        notes.append(
          "'\(sample.header[column])' is called like a price, and values such as '\(example)' are no numbers: it is not "
            + "read; write digits, or leave the column out")
      }
    }
  }

  /// Takes the columns of stock status, of open stores and of kinds of promotion as the long format has them.
  mutating func takeStatesAndKinds(
    _ sample: Sample, _ values: (Int) -> [String], _ taken: inout Set<Int>, _ table: inout SourceMapping.Table
  ) {
    func free(_ name: String) -> Int? {
      sample.header.indices.first { !taken.contains($0) && ColumnGuess.normalised(sample.header[$0]) == name }
    }
    if let column = free("stock") ?? free("stockstatus") {
      let words = Set(values(column))
      if words.isSubset(of: Set(StockWord.allCases.map(\.rawValue)).union([""])) {
        table.columns["stock"] = sample.header[column]
        taken.insert(column)
      } else if let other = words.subtracting(StockWord.allCases.map(\.rawValue)).min() {
        notes.append(
          "'\(sample.header[column])' holds values such as '\(other)', which are no stock status (\(StockWord.list)): it is "
            + "not read; name it under 'stock_on_hand:', or under 'stock:' and say under 'values:' what its words mean")
      }
    }
    if let column = free("open") ?? free("isopen") {
      let words = values(column).filter { !$0.isEmpty }
      if areFlags(words, table) {
        table.columns["open"] = sample.header[column]
        taken.insert(column)
      } else if let other = words.first(where: { !areFlags([$0], table) }) {
        notes.append(
          "'\(sample.header[column])' holds values such as '\(other)', which are neither yes nor no: it is not read, and days "
            + "on which the store was shut count as days without a sale; name it under 'open:' and declare yes: and no:"
        )
      }
    }
    if let column = free("promotionkinds") {
      table.columns["promotion_kinds"] = sample.header[column]
      taken.insert(column)
    }
  }

  /// Says which column of dates was taken where there are several.
  mutating func noteFurtherDates(
    _ sample: Sample, _ date: Int, _ taken: Set<Int>, _ values: (Int) -> [String]
  ) {
    let others = sample.header.indices.filter {
      $0 != date && !taken.contains($0) && !Self.patterns(values($0), sample.header[$0]).isEmpty
    }.map { "'\(sample.header[$0])'" }
    guard !others.isEmpty else { return }
    notes.append(
      "the day of a sale is taken from '\(sample.header[date])'; \(others.joined(separator: ", ")) "
        + "\(others.count == 1 ? "holds" : "hold") dates too: if sales are of \(others.count == 1 ? "those" : "one of those"), "
        + "name that column under 'date:'")
  }

  static let measuredNote = "units have fractions: products are measured, not counted"

  /// Products that say which of them are measured need no rule for all.
  mutating func heedKinds() {
    guard let note = notes.firstIndex(of: Self.measuredNote) else { return }
    notes.remove(at: note)
    mapping.measured = sumsMoney
  }

  // MARK: Files

  /// Tables of the long format by the columns that tell them from others.
  private static let facts: [(role: SourceMapping.Role, telling: [String])] = [
    (.events, ["date", "event", "type"]), (.attributes, ["level", "node", "attribute", "value"]),
    (.ranging, ["product", "store", "from"]), (.regressors, ["date", "regressor", "value"]),
    (.links, ["kind", "node", "date"]), (.annotations, ["from", "through", "reason", "author"]),
    (.coverage, ["complete_through"]),
  ]

  /// Takes a file of facts beside sales whose columns are called as the long format calls them.
  mutating func inferFacts(_ sample: Sample) throws(IngestError) -> Bool {
    guard !sample.header.contains("units"),
      let role = Self.facts.first(where: { $0.telling.allSatisfy(sample.header.contains) })?.role
    else { return false }
    try Self.requireDistinct(sample)
    var table = Self.table(sample)
    let (required, optional) = mapping.columns(role)
    for name in required + optional where sample.header.contains(name) { table.columns[name] = name }
    table.others = sample.header.filter { table.columns[$0] == nil }
    func values(_ names: [String]) -> [String] {
      names.compactMap { sample.header.firstIndex(of: $0) }.flatMap(sample.values).filter { !$0.isEmpty }
    }
    let days = values(["date", "from", "through", "expires_on", "complete_through", "calendar_through"])
    let patterns = Self.patterns(days, "")
    if !patterns.isEmpty, !patterns.contains(.iso) { chooseDates(days, "", &table) }
    let numbers = role == .attributes ? [] : values(["value", "ratio"])
    if let format = Self.format(numbers, sample.separator) {
      table.numbers = format
      table.declaresNumbers = format != NumberFormat()
    }
    mapping[role].append(table)
    return true
  }
}
