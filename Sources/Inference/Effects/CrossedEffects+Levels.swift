extension CrossedEffects {
  /// A level that a model keeps, under the name of the first of the levels that share its partition.
  public struct NamedLevel: Sendable, Equatable {
    public let name: String
    /// The names of further levels with the same partition, merged into this one.
    public let mergedNames: [String]
    /// The node of every unit, renumbered 0, 1, ... in the order of first appearance.
    public let nodeOfUnit: [Int]
  }

  /// The levels that can have scales of their own.
  ///
  /// Two levels that sort the units alike (a tree level with a single child everywhere) cannot be told apart, so the
  /// first named is kept. A level in which every unit has a node to itself is dropped, since that is the units' own
  /// term. A level with one node for all is the shared shock: kept, once, if `includeAll`, otherwise dropped. With a
  /// single unit, nothing remains.
  ///
  /// - Parameters:
  ///   - named: Levels in order of preference, each with the node of every unit; node numbers are arbitrary labels.
  ///   - unitCount: The number of units.
  ///   - includeAll: Whether to keep a level of one node.
  public static func distinctLevels(
    named: [(name: String, nodeOfUnit: [Int])], unitCount: Int, includeAll: Bool
  ) -> [NamedLevel] {
    var kept: [(name: String, merged: [String], partition: [Int])] = []
    for level in named {
      precondition(level.nodeOfUnit.count == unitCount, "level \(level.name) needs one node for every unit")
      let partition = renumbered(level.nodeOfUnit)
      let count = (partition.max() ?? -1) + 1
      if count == unitCount || (count == 1 && !includeAll) { continue }
      if let same = kept.firstIndex(where: { $0.partition == partition }) {
        kept[same].merged.append(level.name)
      } else {
        kept.append((level.name, [], partition))
      }
    }
    return kept.map { NamedLevel(name: $0.name, mergedNames: $0.merged, nodeOfUnit: $0.partition) }
  }

  /// Labels replaced by 0, 1, ... in the order in which they first appear, so that equal partitions become equal arrays.
  private static func renumbered(_ labels: [Int]) -> [Int] {
    var numbers: [Int: Int] = [:]
    return labels.map { label in
      if let known = numbers[label] { return known }
      numbers[label] = numbers.count
      return numbers.count - 1
    }
  }
}
