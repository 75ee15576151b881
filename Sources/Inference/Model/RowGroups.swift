/// Rows with equal elements of all terms, found by their first.
struct RowGroups {
  /// For each row its group, and for each group one row.
  private(set) var group: [Int]
  private(set) var representative: [Int] = []

  /// - Parameter elements: For each term the element of each row.
  init(_ elements: [[Int32]], count: Int) {
    group = [Int](repeating: 0, count: count)
    var known: [UInt64: Int] = [:]
    // Terms are folded in one by one, so that keys stay within 64 bits.
    var present = [Int](repeating: 0, count: count)
    for term in elements {
      known.removeAll(keepingCapacity: true)
      for row in 0..<count {
        let key = UInt64(present[row]) << 32 | UInt64(UInt32(bitPattern: term[row]))
        if let found = known[key] {
          present[row] = found
        } else {
          present[row] = known.count
          known[key] = known.count
        }
      }
    }
    group = present
    for row in 0..<count where group[row] == representative.count { representative.append(row) }
  }
}
