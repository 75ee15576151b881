import DemandData
import Foundation

/// Rows of totals among those of sales: told by the words that stand in them and by their figures.
extension MappingInference {
  /// Rows that may be totals or those of a product or store that is called so, which no figures decide.
  public struct DoubtfulTotals: Sendable, Hashable {
    /// The column of the names.
    public let column: String
    /// `product` or `store`.
    public let kind: String
    public let names: [String]
    public let rows: Int
  }

  /// Leaves out rows whose date is a word for totals: they are of no day.
  mutating func leaveOutTotalsOfDays(_ sample: Sample, _ date: Int, _ table: inout SourceMapping.Table) {
    let words = sample.values(date).filter(ColumnGuess.namesTotalOfDays)
    guard !words.isEmpty else { return }
    let distinct = Set(words).sorted()
    table.except[sample.header[date], default: []] += distinct
    notes.append(
      "\(words.count) of \(sample.rows.count) rows have \(Self.quoted(distinct)) in '\(sample.header[date])' in place of a "
        + "day: they are totals, and left out by 'except:'")
  }

  /// Leaves out rows whose product or store is called like a total and whose figures are the sums of others. What has
  /// figures of its own is a product or store; what no figures decide is asked.
  mutating func leaveOutTotals(_ sample: Sample, _ found: [String: Int], _ table: inout SourceMapping.Table) {
    var evidence = TotalsEvidence(sample, found, table)
    // What has sales of its own is summed by the totals of the others.
    evidence = TotalsEvidence(sample, found, table, own: evidence.ownNames)
    for ours in ["product", "store"] {
      guard let column = found[ours] else { continue }
      let names = sample.values(column)
      let called = Set(names).filter { ColumnGuess.namesTotals($0, among: evidence.keys) }
      guard !called.isEmpty, names.contains(where: { !$0.isEmpty && !called.contains($0) }) else { continue }
      let header = sample.header[column]
      var verdicts: [TotalsEvidence.Verdict: [String]] = [:]
      for name in called.sorted() { verdicts[evidence.verdict(on: name, ours), default: []].append(name) }
      func rows(_ some: [String]) -> Int { names.count { some.contains($0) } }
      if let totals = verdicts[.totals] {
        table.except[header] = totals
        notes.append(
          "\(rows(totals)) of \(names.count) rows have \(Self.quoted(totals)) in '\(header)', which looks like totals: they are "
            + "left out by 'except:'; take that out if it is the name of a \(ours)")
      }
      if let own = verdicts[.own] {
        notes.append(
          "\(rows(own)) of \(names.count) rows have \(Self.quoted(own)) in '\(header)', which is called like totals; but their "
            + "figures are not the sums of others, so that they are read as a \(ours): if they are totals, leave them out "
            + "by 'except: {\(header): [\(own.joined(separator: ", "))]}'")
      }
      if let open = verdicts[.undecided] {
        doubtfulTotals.append(DoubtfulTotals(column: header, kind: ours, names: open, rows: rows(open)))
      }
    }
  }

  private static func quoted(_ names: [String]) -> String {
    names.prefix(5).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  /// Both readings of doubtful totals, in words.
  public static func readings(of totals: DoubtfulTotals) -> String {
    "\(totals.rows) rows have \(quoted(totals.names)) in '\(totals.column)', which may be totals of other rows or "
      + (totals.names.count == 1 ? "the name of a \(totals.kind)" : "names of \(totals.kind)s")
  }
}

/// What the figures of a file say of names that are called like totals.
private struct TotalsEvidence {
  enum Verdict: Hashable {
    case totals
    /// A product or store with figures of its own.
    case own
    case undecided
  }

  /// Units of rows that are no totals, and how many rows they are.
  private struct Sum {
    var units = 0.0
    var rows = 0
  }

  /// Names that may be summed: also all of a department, or of a region.
  let keys: Set<String>
  private let sample: MappingInference.Sample
  private let columns: [String: Int]
  private let levels: [Int]
  /// Units of each row; nil for those without.
  private let units: [Double?]
  private let isTotal: [Bool]
  private let areFractions: Bool
  /// Names called like totals that are known for products or stores.
  private let own: [String: Set<String>]

  init(
    _ sample: MappingInference.Sample, _ found: [String: Int], _ table: SourceMapping.Table,
    own: [String: Set<String>] = [:]
  ) {
    self.own = own
    self.sample = sample
    columns = found
    let named = ["product", "store", "category", "department", "region"].compactMap { found[$0] }
    let keys = Set(named.flatMap(sample.values))
    self.keys = keys
    levels = ["category", "department", "region"].compactMap { found[$0] }
    let column = found["units"] ?? 0
    units = sample.rows.map { table.numbers.amount(Array($0[column].utf8)[...]) }
    var called: [String: Bool] = [:]
    func namesTotals(_ name: String) -> Bool {
      if let known = called[name] { return known }
      let its = ColumnGuess.namesTotals(name, among: keys)
      called[name] = its
      return its
    }
    let date = found["date"] ?? 0
    let (product, store) = (found["product"], found["store"])
    func isOwn(_ row: [String], _ column: Int) -> Bool {
      column == product && own["product"]?.contains(row[column]) == true
        || column == store && own["store"]?.contains(row[column]) == true
    }
    isTotal = sample.rows.map { row in
      named.contains { namesTotals(row[$0]) && !isOwn(row, $0) } || row[date].isEmpty
        || ColumnGuess.namesTotalOfDays(row[date])
    }
    areFractions = units.contains { $0.map { $0 != $0.rounded() } ?? false }
  }

  /// Names of products and stores that are called like totals and have figures of their own.
  var ownNames: [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    for ours in ["product", "store"] {
      guard let column = columns[ours] else { continue }
      let called = Set(sample.values(column)).filter { ColumnGuess.namesTotals($0, among: keys) }
      found[ours] = called.filter { verdict(on: $0, ours) == .own }
    }
    return found
  }

  /// What the rows of a name are.
  ///
  /// Rows of one day and, if it is named, one store (for a store: one product) are compared with the sums of the others
  /// there, once within their own department and region too; single rows also with the sums of all days.
  func verdict(on name: String, _ ours: String) -> Verdict {
    if own[ours]?.contains(name) == true { return .own }
    // A word for totals beside another name of the file sums what is called so, of which rows need not say more.
    guard ColumnGuess.namesTotals(name) else { return .totals }
    let isSure = !ColumnGuess.mayBeName(name)
    let (matches, smaller, all, summed) = compare(name, ours)
    if all == 0 { return isSure ? .totals : .undecided }
    if matches > 0, matches * 10 >= all * 9, matches >= 3 || summed >= 5 || isSure { return .totals }
    // A total is no smaller than what it sums.
    if !isSure, all >= 3, matches * 10 <= all, smaller * 2 >= all { return .own }
    return .undecided
  }

  private func compare(_ name: String, _ ours: String) -> (matches: Int, smaller: Int, all: Int, summed: Int) {
    guard let column = columns[ours], let date = columns["date"] else { return (0, 0, 0, 0) }
    let theirs = ours == "product" ? "store" : "product"
    let other = columns[theirs]
    /// A cell that names something, rather than all.
    func named(_ row: [String], _ column: Int) -> String? {
      let isOwn = column == other && own[theirs]?.contains(row[column]) == true
      return row[column].isEmpty || (!isOwn && ColumnGuess.namesTotals(row[column], among: keys)) ? nil : row[column]
    }
    func scopes(_ row: [String]) -> [[String]] {
      let place = other.flatMap { named(row, $0) }
      let day = ["day", row[date]] + (place.map { ["in", $0] } ?? [])
      let above = levels.compactMap { level in named(row, level).map { ["\(level)", $0] } }.flatMap { $0 }
      return (above.isEmpty ? [] : [day + above]) + [day]
    }
    var sums: [[String]: Sum] = [:]
    func add(_ units: Double, to key: [String]) {
      sums[key, default: Sum()].units += units
      sums[key]!.rows += 1
    }
    for (index, row) in sample.rows.enumerated() where !isTotal[index] {
      guard let units = units[index] else { continue }
      var days = [["day", row[date]]]
      if let place = other.flatMap({ named(row, $0) }) { days.append(["day", row[date], "in", place]) }
      for day in days {
        add(units, to: day)
        let above = levels.compactMap { level in named(row, level).map { ["\(level)", $0] } }.flatMap { $0 }
        if !above.isEmpty { add(units, to: day + above) }
      }
      add(units, to: ["always"])
      if let place = other.flatMap({ named(row, $0) }) { add(units, to: ["always", place]) }
    }
    // Several lines of a day are one figure.
    var groups: [[[String]]: Sum] = [:]
    var always: [[[String]]: [String]] = [:]
    for (index, row) in sample.rows.enumerated() where row[column] == name {
      guard let units = units[index] else { continue }
      let key = scopes(row)
      groups[key, default: Sum()].units += units
      groups[key]!.rows += 1
      always[key] = ["always"] + (other.flatMap { named(row, $0) }.map { [$0] } ?? [])
    }
    var (matches, smaller, all, summed) = (0, 0, 0, 0)
    for (key, group) in groups {
      let compared =
        key.compactMap { sums[$0] } + (groups.count <= 2 ? [always[key].flatMap { sums[$0] }].compactMap { $0 } : [])
      guard let last = key.compactMap({ sums[$0] }).last ?? compared.last, last.units != 0 || group.units != 0 else {
        continue
      }
      all += 1
      let match = compared.first { abs($0.units - group.units) <= tolerance($0) }
      if let match {
        matches += 1
        summed += match.rows
      } else if group.units < last.units {
        smaller += 1
      }
    }
    return (matches, smaller, all, summed)
  }

  /// What rounding of every row does to a sum, at most.
  private func tolerance(_ sum: Sum) -> Double {
    areFractions ? 1e-9 * abs(sum.units) + 0.005 * Double(sum.rows + 1) : 1e-9 * abs(sum.units)
  }
}
