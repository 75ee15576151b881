/// One of the two trees of the hierarchy: levels from the single node at the top down to the leaves.
///
/// Level 0 has one node, named `all`; the last level holds the leaves (products, or stores). Node indices are
/// positions within their level.
public struct Tree: Sendable, Hashable, Codable {
  /// A level: its name and the names of its nodes.
  public struct Level: Sendable, Hashable, Codable {
    public let name: String
    public let nodes: [String]
    /// Parent of every node, an index into the level above; empty for the top.
    public let parents: [Int]

    public init(name: String, nodes: [String], parents: [Int]) {
      self.name = name
      self.nodes = nodes
      self.parents = parents
    }
  }

  /// From the top (`all`) to the leaves.
  public let levels: [Level]
  /// `ancestors[level][leaf]`: the node above each leaf at each level.
  public let ancestors: [[Int]]

  /// Builds the tree of leaves with their ancestors' names.
  ///
  /// - Parameters:
  ///   - levelNames: names of the levels below `all`, top down, the leaf level last, such as
  ///     `["category", "department", "product"]`.
  ///   - paths: for every leaf the node names along those levels. Leaf order is kept; nodes of upper levels are
  ///     numbered in order of first appearance.
  /// - Throws: ``HierarchyError`` when a path has the wrong length, a leaf appears twice, or a node would have two
  ///   parents.
  public init(levelNames: [String], paths: [[String]]) throws(HierarchyError) {
    var built = [Level(name: Tree.topName, nodes: [Tree.topName], parents: [])]
    var ancestors = [[Int](repeating: 0, count: paths.count)]
    for (depth, name) in levelNames.enumerated() {
      var index: [String: Int] = [:]
      var nodes: [String] = []
      var parents: [Int] = []
      var ofLeaf = [Int](repeating: 0, count: paths.count)
      for (leaf, path) in paths.enumerated() {
        guard path.count == levelNames.count else {
          throw .wrongDepth(leaf: path.last ?? "", found: path.count, expected: levelNames.count)
        }
        let parent = ancestors[depth][leaf]
        if let known = index[path[depth]] {
          guard depth < levelNames.count - 1 else { throw .duplicateLeaf(level: name, leaf: path[depth]) }
          guard parents[known] == parent else {
            let above = built[depth].nodes
            throw .twoParents(level: name, node: path[depth], parents: [above[parents[known]], above[parent]])
          }
          ofLeaf[leaf] = known
        } else {
          index[path[depth]] = nodes.count
          ofLeaf[leaf] = nodes.count
          nodes.append(path[depth])
          parents.append(parent)
        }
      }
      built.append(Level(name: name, nodes: nodes, parents: parents))
      ancestors.append(ofLeaf)
    }
    levels = built
    self.ancestors = ancestors
  }

  /// Name of the top level and of its only node.
  public static let topName = "all"

  public var leafLevel: Int { levels.count - 1 }
  public var leafCount: Int { levels[leafLevel].nodes.count }
  public var leaves: [String] { levels[leafLevel].nodes }

  /// Index of the level of this name.
  public func level(named name: String) -> Int? { levels.firstIndex { $0.name == name } }

  /// Node of `level` that stands above `leaf` (or is it).
  public func node(ofLeaf leaf: Int, atLevel level: Int) -> Int { ancestors[level][leaf] }
}

/// Why product or store masters do not form a tree.
public enum HierarchyError: Error, Hashable, Sendable, CustomStringConvertible {
  case wrongDepth(leaf: String, found: Int, expected: Int)
  case duplicateLeaf(level: String, leaf: String)
  case twoParents(level: String, node: String, parents: [String])

  public var description: String {
    switch self {
    case .wrongDepth(let leaf, let found, let expected):
      "'\(leaf)' names \(found) hierarchy levels where \(expected) are configured: give it all of them"
    case .duplicateLeaf(let level, let leaf):
      "\(level) '\(leaf)' is listed twice: keep one of the rows"
    case .twoParents(let level, let node, let parents):
      "\(level) '\(node)' stands under both \(parents.map { "'\($0)'" }.joined(separator: " and ")): "
        + "a tree needs one parent, so rename one of the two"
    }
  }
}
