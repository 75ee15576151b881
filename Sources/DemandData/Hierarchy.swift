/// The two crossed trees and the series that exist in them.
public struct Hierarchy: Sendable, Hashable, Codable {
  /// A product in a store, as leaf indices of the two trees.
  public struct Series: Sendable, Hashable, Codable, Comparable {
    public let product: Int
    public let store: Int

    public init(product: Int, store: Int) {
      self.product = product
      self.store = store
    }

    public static func < (lhs: Series, rhs: Series) -> Bool {
      (lhs.product, lhs.store) < (rhs.product, rhs.store)
    }
  }

  public let product: Tree
  public let location: Tree
  /// Sorted by product, then store: all stores of a product stand side by side.
  public let series: [Series]

  public init(product: Tree, location: Tree, series: [Series]) {
    self.product = product
    self.location = location
    self.series = series.sorted()
  }

  /// Every pair of a product level with a location level, coarse to fine: location varies fastest.
  ///
  /// With the default four and three levels these are the 12 aggregation levels of the M5 competition.
  public var levelPairs: [LevelPair] {
    product.levels.indices.flatMap { p in location.levels.indices.map { LevelPair(product: p, location: $0) } }
  }

  /// The finest pair: product in store.
  public var seriesPair: LevelPair { LevelPair(product: product.leafLevel, location: location.leafLevel) }

  /// `department:store` and the like.
  public func name(of pair: LevelPair) -> String {
    "\(product.levels[pair.product].name):\(location.levels[pair.location].name)"
  }

  /// The pair of this name (`department:store`), or nil.
  public func levelPair(named name: String) -> LevelPair? {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let p = product.level(named: parts[0]), let l = location.level(named: parts[1]) else {
      return nil
    }
    return LevelPair(product: p, location: l)
  }

  /// Node of `pair` to which series `index` belongs.
  public func node(ofSeries index: Int, at pair: LevelPair) -> Node {
    let it = series[index]
    return Node(
      pair: pair, product: product.node(ofLeaf: it.product, atLevel: pair.product),
      location: location.node(ofLeaf: it.store, atLevel: pair.location))
  }

  /// The nodes of `pair` that hold at least one series, sorted, and for every series the position of its node in them.
  ///
  /// - Complexity: O(series log nodes).
  public func membership(at pair: LevelPair) -> (nodes: [Node], nodeOfSeries: [Int]) {
    let each = series.indices.map { node(ofSeries: $0, at: pair) }
    let nodes = Set(each).sorted()
    let position = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1, $0) })
    return (nodes, each.map { position[$0]! })
  }

  /// The four names that identify a node in every output of the project.
  public func names(of node: Node) -> NodeNames {
    let p = product.levels[node.pair.product]
    let l = location.levels[node.pair.location]
    return NodeNames(
      productLevel: p.name, product: p.nodes[node.product], locationLevel: l.name, location: l.nodes[node.location])
  }
}

/// One product level with one location level, as indices into the trees' levels.
public struct LevelPair: Sendable, Hashable, Codable, Comparable {
  public let product: Int
  public let location: Int

  public init(product: Int, location: Int) {
    self.product = product
    self.location = location
  }

  public static func < (lhs: LevelPair, rhs: LevelPair) -> Bool {
    (lhs.product, lhs.location) < (rhs.product, rhs.location)
  }
}

/// A forecast node: a product node with a location node.
public struct Node: Sendable, Hashable, Codable, Comparable {
  public let pair: LevelPair
  public let product: Int
  public let location: Int

  public init(pair: LevelPair, product: Int, location: Int) {
    self.pair = pair
    self.product = product
    self.location = location
  }

  public static func < (lhs: Node, rhs: Node) -> Bool {
    (lhs.pair.product, lhs.pair.location, lhs.product, lhs.location)
      < (rhs.pair.product, rhs.pair.location, rhs.product, rhs.location)
  }
}

/// A node by names: what users type and read.
public struct NodeNames: Sendable, Hashable, Codable {
  public let productLevel: String
  public let product: String
  public let locationLevel: String
  public let location: String

  public init(productLevel: String, product: String, locationLevel: String, location: String) {
    self.productLevel = productLevel
    self.product = product
    self.locationLevel = locationLevel
    self.location = location
  }
}
