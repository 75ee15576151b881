import DemandData
import Inference

/// The groups, and the tree levels above them at which they share shocks and coefficients.
package struct GroupStructure: Sendable {
  package let groups: [Node]
  package let groupOfSeries: [Int]
  /// `product|location` names, as diagnostics show them.
  package let names: [String]
  /// Levels that tell groups apart differently, the top first; none for a single group.
  package let components: [SharedShocks.Component]
  /// Names of each component's nodes.
  package let componentNodeNames: [[String]]
  /// Distinct location nodes of the groups, the position of each group's among them, and the stores of each.
  package let locations: [Int]
  package let locationOfGroup: [Int]
  package let storesOfLocation: [[Int]]

  package init(hierarchy: Hierarchy, specification: ModelSpecification.Groups) throws(Stage1Error) {
    let (product, location) = (hierarchy.product, hierarchy.location)
    guard let p = product.level(named: specification.productLevel) else {
      throw .unknownLevel(name: specification.productLevel, tree: "product", known: product.levels.map(\.name))
    }
    guard let l = location.level(named: specification.locationLevel) else {
      throw .unknownLevel(name: specification.locationLevel, tree: "location", known: location.levels.map(\.name))
    }
    let membership = hierarchy.membership(at: LevelPair(product: p, location: l))
    let groups = membership.nodes
    self.groups = groups
    groupOfSeries = membership.nodeOfSeries
    names = groups.map { "\(product.levels[p].nodes[$0.product])|\(location.levels[l].nodes[$0.location])" }
    (components, componentNodeNames) = Self.components(of: groups, product: product, location: location)
    let locations = Set(groups.map(\.location)).sorted()
    self.locations = locations
    locationOfGroup = groups.map { locations.firstIndex(of: $0.location)! }
    storesOfLocation = locations.map { node in
      (0..<location.leafCount).filter { location.node(ofLeaf: $0, atLevel: l) == node }
    }
  }

  private static func components(
    of groups: [Node], product: Tree, location: Tree
  ) -> ([SharedShocks.Component], nodeNames: [[String]]) {
    var named = [(name: "total", nodeOfUnit: groups.map { _ in 0 })]
    var labels = ["total": groups.map { _ in "all" }]
    if let pair = groups.first?.pair {
      for level in stride(from: 1, through: pair.product, by: 1) {
        let above = groups.map { product.ancestor(of: $0.product, from: pair.product, at: level) }
        named.append((product.levels[level].name, above))
        labels[product.levels[level].name] = above.map { product.levels[level].nodes[$0] }
      }
      for level in stride(from: 1, through: pair.location, by: 1) {
        let above = groups.map { location.ancestor(of: $0.location, from: pair.location, at: level) }
        named.append((location.levels[level].name, above))
        labels[location.levels[level].name] = above.map { location.levels[level].nodes[$0] }
      }
    }
    let levels = CrossedEffects.distinctLevels(named: named, unitCount: groups.count, includeAll: true)
    let components = levels.map { level in
      SharedShocks.Component(
        name: level.name, nodeCount: (level.nodeOfUnit.max() ?? -1) + 1, nodeOfGroup: level.nodeOfUnit)
    }
    let nodeNames = components.map { component in
      (0..<component.nodeCount).map { labels[component.name]![component.nodeOfGroup.firstIndex(of: $0)!] }
    }
    return (components, nodeNames)
  }
}

extension Tree {
  /// The node of `level` above `node` of the level `from`, which is at or below it.
  func ancestor(of node: Int, from: Int, at level: Int) -> Int {
    var node = node
    for depth in stride(from: from, to: level, by: -1) { node = levels[depth].parents[node] }
    return node
  }
}
