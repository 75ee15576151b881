/// A linear model of crossed and nested random effects for replicated vectors.
///
/// Each of many independent replicate vectors x_j holds one value per unit g = 0..<G. A level l sorts the units into
/// nodes (stores, regions, departments, ...), and
///
///     x_j = Σ_l Z_l u_lj + e_j,    u_l,node,j ~ N(0, τ_l²),   e_gj ~ N(0, τ_own²)
///
/// with Z_l the G x nodes(l) matrix of zeros and ones that maps a unit to its node. So the covariance between two units
/// is the sum of τ_l² over the levels at which they share a node. Replicates are complete vectors: a missing cell is not
/// supported, drop or impute the replicate.
///
/// The functions on this type give the marginal density of the scales with every u integrated out, draws of the scales,
/// and exact draws of the effects. All work happens in an orthonormal basis Q of the span of the Z_l, whose dimension r
/// is at most the number of nodes and of units: x splits into Q'x, a vector of r numbers with covariance
/// Σ_l τ_l² Q'Z_l Z_l'Q + τ_own² I, and a remainder that is pure noise. It is the Woodbury identity without its
/// subtractions, and stays accurate as any scale goes to zero.
public struct CrossedEffects: Sendable {
  /// G, the length of a replicate.
  public let unitCount: Int
  /// For every level the node of every unit, in `0..<nodeCounts[level]`.
  public let levels: [[Int]]
  /// The number of nodes of each level: one more than its largest node.
  public let nodeCounts: [Int]
  /// Where each level's nodes begin in a vector of all effects.
  public let nodeOffsets: [Int]
  /// U, the number of effects of one replicate, all levels together.
  public let effectCount: Int
  /// r, the dimension of the span of all levels.
  public let rank: Int

  /// Q', row-major r x G.
  let basis: [Double]
  /// Q'Z_l Z_l'Q for each level, row-major r x r.
  let levelCovariances: [[Double]]
  /// Z'Q, row-major U x r: how the basis coordinates add up within each node.
  let nodeProjections: [Double]
  /// What an effect of one adds to the node's units, by position among all effects; nil where it is one throughout.
  let weights: [Double]?

  /// - Parameters:
  ///   - unitCount: G, at least 1.
  ///   - levels: For every level the node of every unit, G integers of at least 0. Two levels of the same partition make
  ///     their scales inseparable; `distinctLevels` drops such.
  public init(unitCount: Int, levels: [[Int]]) {
    precondition(unitCount >= 1, "crossed effects need a unit")
    precondition(
      levels.allSatisfy { $0.count == unitCount && $0.allSatisfy { $0 >= 0 } },
      "every level needs one node, numbered from 0, for every unit")
    self.unitCount = unitCount
    self.levels = levels
    nodeCounts = levels.map { ($0.max() ?? -1) + 1 }
    var offsets: [Int] = []
    var total = 0
    for count in nodeCounts {
      offsets.append(total)
      total += count
    }
    nodeOffsets = offsets
    effectCount = total
    let space = EffectSpace(unitCount: unitCount, levels: levels, nodeCounts: nodeCounts)
    rank = space.rank
    basis = space.basis
    levelCovariances = space.levelCovariances
    nodeProjections = space.nodeProjections
    weights = nil
  }

  /// The same effects, each times a weight of its node's: x_j = Σ_l Z_l W_l u_lj + e_j with W_l diagonal.
  ///
  /// So nodes of a level may vary by more or less than its scale: u w has standard deviation τ_l w. The span of the levels
  /// stays as it is unless a weight is zero. Costs O(U r²).
  ///
  /// - Parameter weights: By position among all effects, positive and finite.
  public func weighted(_ weights: [Double]) -> CrossedEffects {
    precondition(weights.count == effectCount, "one weight per effect is needed")
    return CrossedEffects(self, weights: weights)
  }

  private init(_ plain: CrossedEffects, weights: [Double]) {
    (unitCount, levels, nodeCounts) = (plain.unitCount, plain.levels, plain.nodeCounts)
    (nodeOffsets, effectCount, rank, basis) = (plain.nodeOffsets, plain.effectCount, plain.rank, plain.basis)
    let r = rank
    var projections = plain.nodeProjections
    for (position, weight) in weights.enumerated() {
      for i in 0..<r { projections[position * r + i] *= weight }
    }
    levelCovariances = zip(nodeOffsets, nodeCounts).map { offset, count in
      var covariance = [Double](repeating: 0, count: r * r)
      for position in offset..<offset + count {
        for i in 0..<r {
          let own = projections[position * r + i]
          for j in 0..<r { covariance[i * r + j] += own * projections[position * r + j] }
        }
      }
      return covariance
    }
    nodeProjections = projections
    self.weights = plain.weights.map { zip($0, weights).map { $0 * $1 } } ?? weights
  }

  /// The standard deviations of one model: τ of each level, and τ_own of the units' own terms.
  public struct Scales: Sendable, Equatable {
    /// τ_l, at least 0, one per level.
    public var levels: [Double]
    /// τ_own, above 0.
    public var own: Double

    public init(levels: [Double], own: Double) {
      self.levels = levels
      self.own = own
    }
  }
}
