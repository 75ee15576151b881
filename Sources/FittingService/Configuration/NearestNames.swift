/// Finds what somebody may have meant by a name that does not exist.
public enum NearestNames {
  /// The known names nearest to `name`, best first: those that differ only in case, then those within about a third of
  /// its length in edits, then those that it begins.
  ///
  /// - Complexity: O(names x length^2); meant for an error path.
  public static func find(_ name: String, in known: some Sequence<String>, limit: Int = 3) -> [String] {
    let wanted = Array(name.lowercased().utf8)
    guard !wanted.isEmpty else { return [] }
    let tolerance = max(1, wanted.count / 3)
    var found: [(cost: Int, name: String)] = []
    for candidate in known {
      let other = Array(candidate.lowercased().utf8)
      if other == wanted {
        found.append((0, candidate))
      } else if abs(other.count - wanted.count) <= tolerance, case let cost = distance(wanted, other), cost <= tolerance
      {
        found.append((cost, candidate))
      } else if wanted.count >= 3, other.starts(with: wanted) {
        found.append((tolerance + 1, candidate))
      }
    }
    return found.sorted { ($0.cost, $0.name) < ($1.cost, $1.name) }.prefix(limit).map(\.name)
  }

  /// `'a', 'b' or 'c'`; nil for none.
  public static func quoted(_ names: [String]) -> String? {
    guard let last = names.last else { return nil }
    let head = names.dropLast().map { "'\($0)'" }.joined(separator: ", ")
    return head.isEmpty ? "'\(last)'" : "\(head) or '\(last)'"
  }

  /// Optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbours cost one each.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, beforeLast[j - 2] + 1) }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
