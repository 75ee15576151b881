import DemandData

extension LoadWriter {
  /// When series are in range by declaration, as things stand in this load; stores go by their ids.
  package func declaredRange() throws -> DeclaredRange { try DeclaredRange(database, stores: stores) }

  /// The last day that an earlier load declared complete.
  public func lastCompleteDay() throws -> Int? { try SQLStore.lastCompleteDay(database) }

  /// Days on which stores reported, by this load or an earlier one, with whether a missing row means zero then.
  public func storeDays(in range: ClosedRange<Int>) throws -> [Int: [Int: Bool]] {
    var days: [Int: [Int: Bool]] = [:]
    try database.scan(
      """
      SELECT store_id, day, missing FROM store_days
      WHERE day BETWEEN \(range.lowerBound) AND \(range.upperBound)
      """
    ) { days[$0.int(0), default: [:]][$0.int(1)] = $0.int(2) == Int(DayStatus.sold.rawValue) }
    return days
  }

  /// Names of every store's nodes by level, by the store's id.
  public func storeNodes() throws -> [Int: [String: String]] {
    let levels = try self.levels("location")
    let byID = Dictionary(
      nodes.lazy.filter { $0.key.tree == "location" }.map { ($0.value.id, ($0.key, $0.value.parent)) }
    ) { first, _ in first }
    return Dictionary(
      stores.values.map { id in
        var names: [String: String] = [:]
        var next: Int? = id
        while let node = next, let (key, parent) = byID[node] {
          if levels.indices.contains(key.depth - 1) { names[levels[key.depth - 1]] = key.name }
          next = parent
        }
        return (id, names)
      }
    ) { first, _ in first }
  }
}
