import DemandData

/// What the values of a file leave in doubt, and what they tell that names of columns do not.
extension MappingInference {
  /// Numbers that may be thousands as well as fractions: all marks are alike and have three digits behind them, and
  /// either no number goes without one or all marked ones end in three zeros. Thousands leave some numbers below one
  /// thousand, or one beyond a million, and fractions of goods that are weighed do neither.
  ///
  /// - Returns: one of them; nil where there is no doubt.
  static func doubtfulNumber(_ values: [String]) -> String? {
    let given = values.filter { $0.contains { $0 != "0" } }
    let marked = given.filter { $0.contains(/^-?[1-9][0-9]{0,2}[.,][0-9]{3}$/) }
    guard let example = marked.first, !given.contains(where: { $0.contains(/[.,].*[.,]/) }) else { return nil }
    let isRound = Set(marked).count > 2 && marked.allSatisfy { $0.hasSuffix("000") }
    return marked.count == given.count || isRound ? example : nil
  }

  /// Both readings of a doubtful number, in words.
  public static func readings(of number: String) -> String {
    let isPoint = number.contains(".")
    let (mark, other) = isPoint ? ("point", "comma") : ("comma", "point")
    let whole = number.filter { $0 != "." && $0 != "," }
    let fraction = number.replacing(",", with: ".")
    return "'\(number)' may be \(whole) ('decimal: \(other)' and 'thousands: \(mark)') or \(fraction) "
      + "('decimal: \(mark)' and 'thousands: none')"
  }

  /// Whether the names of the lower column stand under several of the upper one, and not the other way round: then the
  /// one that is called the upper is the lower.
  static func isUpsideDown(_ sample: Sample, upper: Int, lower: Int) -> Bool {
    func areUnderOne(_ inner: Int, _ outer: Int) -> Bool {
      var above: [String: String] = [:]
      for row in sample.rows where !row[inner].isEmpty && !row[outer].isEmpty {
        if above.updateValue(row[outer], forKey: row[inner]) ?? row[outer] != row[outer] { return false }
      }
      return true
    }
    return upper != lower && !areUnderOne(lower, upper) && areUnderOne(upper, lower)
  }

  /// Columns that tell a line of a receipt from others, where one of them numbers receipts.
  static func lineKey(_ table: SourceMapping.Table, _ header: [String]) -> [String]? {
    let receipts = ["invoice", "receipt", "bon", "beleg", "transaction", "order", "rechnung"]
    guard
      let receipt = header.first(where: { name in
        let plain = ColumnGuess.normalised(name)
        return !table.columns.values.contains(name) && !plain.contains("date") && !plain.contains("datum")
          && receipts.contains { plain.contains($0) }
      })
    else { return nil }
    return [receipt] + ["date", "product", "store", "units", "price"].compactMap { table.columns[$0] }
  }

  /// Weeks in forms that are not read, such as `202502`, `2/2025` or `KW 02 2025`.
  static func unreadWeeks(_ values: [String]) -> String? {
    let given = values.filter { !$0.isEmpty }
    guard let example = given.first else { return nil }
    let isWeek = given.prefix(2000).allSatisfy { text in
      text.contains(/(?i)^(19|20)[0-9]{2}[ .\/-]*(kw|cw|wk|week|woche|w)?[ .\/-]*[0-9]{1,2}$/)
        || text.contains(/(?i)^(kw|cw|wk|week|woche|w)?[ .\/-]*[0-9]{1,2}[ .\/-]+(19|20)[0-9]{2}$/)
    }
    return isWeek ? example : nil
  }

  /// Patterns that read all values of a column together and none alone; the one that reads most first.
  static func mixedPatterns(_ values: [String]) -> [(pattern: DatePattern, example: String)] {
    var rest = Array(values.filter { !$0.isEmpty }.prefix(2000))
    let most = rest.count / 20
    var found: [(pattern: DatePattern, example: String)] = []
    func reads(_ pattern: DatePattern, _ text: String) -> Bool {
      pattern.day(Array(text.utf8)[...]).map { (1950...2100).contains($0.components.year) } == true
    }
    while rest.count > most, found.count < 4 {
      let counts = knownPatterns.compactMap { DatePattern($0) }.map { pattern in
        (pattern: pattern, count: rest.count { reads(pattern, $0) })
      }
      guard let best = counts.max(by: { $0.count < $1.count }), best.count > 0,
        let first = counts.first(where: { $0.count == best.count }),
        let example = rest.first(where: { reads(first.pattern, $0) })
      else { return [] }
      found.append((first.pattern, example))
      rest.removeAll { reads(first.pattern, $0) }
    }
    return found.count > 1 ? found : []
  }

  /// Why no column holds dates, where their form is the reason; nil where it is not.
  static func whyNoDates(_ sample: Sample) -> String? {
    let name = "'\(sample.input.name)'"
    if sample.isHeaderOnly { return "\(name) holds a header and no rows: deliver it again, with its rows" }
    for column in sample.header.indices {
      let (title, values) = (sample.header[column], sample.values(column))
      let given = values.filter { !$0.isEmpty }
      if ColumnGuess.namesWeeks(title), !given.isEmpty,
        given.allSatisfy({ Int($0).map { (1...53).contains($0) } == true })
      {
        return
          "\(name) has weeks without their year in '\(title)', such as '\(given[0])': write year and week in one column, "
          + "as 2025-W02, or the week's last day"
      }
      if let week = unreadWeeks(values) {
        return
          "\(name) has weeks in '\(title)' in a form that is not read, such as '\(week)': write them as 2025-W02, or "
          + "write the week's last day"
      }
      let mixed = mixedPatterns(values)
      if !mixed.isEmpty {
        return "\(name) writes the dates of '\(title)' in several forms, such as "
          + mixed.map { "'\($0.example)'" }.joined(separator: " and ")
          + ": write them alike, or list the forms in a mapping, as date_pattern takes several: ["
          + mixed.map(\.pattern.description).joined(separator: ", ") + "]"
      }
    }
    return nil
  }
}
