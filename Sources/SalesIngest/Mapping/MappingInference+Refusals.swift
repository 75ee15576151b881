/// Why nothing can be inferred from a file, and what would mend that.
extension MappingInference {
  /// Refuses lines of title above a header.
  static func requireHeader(_ rows: [[String]], _ name: String) throws(IngestError) {
    guard let header = rows.first else { return }
    let widths = Dictionary(grouping: rows.indices.dropFirst(), by: { rows[$0].count }).mapValues(\.count)
    guard let width = widths.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key, width > 2 else { return }
    func named(_ row: [String]) -> Int { row.count { !$0.isEmpty } }
    guard named(header) * 2 <= width,
      let line = rows.indices.first(where: { rows[$0].count == width && named(rows[$0]) * 2 > width })
    else { return }
    throw .option(
      "'\(name)' begins with '\(header.first { !$0.isEmpty } ?? "")' and names its columns only on line \(line + 1), not "
        + "counting empty ones: delete the lines above, such as a title")
  }

  /// Refuses a header by whose names columns cannot be told apart.
  static func requireDistinct(_ sample: Sample) throws(IngestError) {
    var seen: Set<String> = []
    guard let twice = sample.header.first(where: { !seen.insert($0).inserted }) else { return }
    throw .option(
      "'\(sample.input.name)' line 1: "
        + (twice.isEmpty ? "several columns have no name" : "the column '\(twice)' is there more than once")
        + ": give every column a name of its own, and infer again")
  }

  /// What keeps a file from being sales, in words.
  static func whyNotSales(_ sample: Sample) -> String {
    let name = "'\(sample.input.name)'"
    let names = sample.header.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    if sample.header.contains(where: { !patterns([$0]).isEmpty }) {
      return "\(name) begins with data (\(names)): add a first line with the names of the columns"
    }
    guard let date = sample.header.indices.first(where: { !patterns(sample.values($0)).isEmpty }) else {
      return "\(name) has no column whose values are dates among \(names)"
    }
    let numeric = sample.header.indices.filter { $0 != date && format(sample.values($0), sample.separator) != nil }
      .map { "'\(sample.header[$0])'" }
    return "\(name) has dates in '\(sample.header[date])', but "
      + (numeric.isEmpty
        ? "no other column holds numbers among \(names)"
        : "no column is called like units; those of numbers are \(numeric.prefix(12).joined(separator: ", "))")
  }
}
