import DemandData
import NumericKernels

/// Scores of one method's forecasts at one origin, gathered node by node.
///
/// With `e_h` the actual minus the forecast mean on day `h` of `H`, `w_n` a node's weight in its level and the scales
/// of ``EvaluationWindow``:
///
///     RMSSE  = sqrt(mean_h e_h^2 / squareScale)                   WRMSSE = sum_n w_n RMSSE_n
///     SPL    = mean_h,q max(q u, (q - 1) u) / absoluteScale       WSPL   = sum_n w_n SPL_n
///     MASE   = mean_h |e_h| / absoluteScale
///     WAPE   = sum |e| / sum of actuals                           bias   = sum of means / sum of actuals - 1
///
/// `u` is the actual minus the `q` quantile, over the nine probabilities of M5 (``quantiles``). `rmsse` and `mase` of a
/// level are plain means over its nodes with a positive scale; WRMSSE and WSPL over those with a positive weight.
/// Coverage is the share of actuals in the closed interval between the two quantiles; on small counts it covers
/// more than its name says even when the forecast is right, which is why ``LevelAccuracy/calibrationGap`` (ties in the
/// forecast's favour) and ``calibration`` (ties split at random) stand beside it.
public struct ScoreCard: Sendable {
  /// Probabilities of the M5 Uncertainty competition.
  public static let quantiles = [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995]
  /// The quantiles and the ends of the central 80% interval.
  static let probabilities = [0.005, 0.025, 0.1, 0.165, 0.25, 0.5, 0.75, 0.835, 0.9, 0.975, 0.995]
  /// Positions in ``probabilities`` of ``quantiles``, and of the ends of the central intervals.
  static let scored = [0, 1, 3, 4, 5, 6, 7, 9, 10]
  static let interval50 = (4, 6)
  static let interval80 = (2, 8)
  static let interval95 = (1, 9)
  /// Equal bins of the histogram of the probability integral transform.
  static let transformBins = 20
  /// Keeps a scale of zero from dividing; the competition's evaluators do likewise.
  static let smallestScale = 1e-12

  /// Sums of one level over the nodes added so far.
  struct Sums: Sendable {
    var nodes = 0
    var weight = 0.0
    var weightedSquare = 0.0
    var weightedPinball = 0.0
    var scaledNodes = 0
    var rmsse = 0.0
    var mase = 0.0
    var days = 0
    var actual = 0.0
    var mean = 0.0
    var absoluteError = 0.0
    var daysWithQuantiles = 0
    var pinball = 0.0
    var inside = [0, 0, 0]
    /// Days whose quantile exceeds the actual, and those whose quantile reaches it, by scored probability.
    var quantileAbove = [Int](repeating: 0, count: ScoreCard.scored.count)
    var quantileReaches = [Int](repeating: 0, count: ScoreCard.scored.count)
    var transform = [Int](repeating: 0, count: ScoreCard.transformBins)
    var isAdded: [Bool]

    init(nodeCount: Int) { isAdded = [Bool](repeating: false, count: nodeCount) }
  }

  let window: EvaluationWindow
  let seed: UInt64
  private(set) var sums: [Sums]

  /// - Parameter seed: of the stream that splits ties in the randomised probability integral transform.
  public init(window: EvaluationWindow, seed: UInt64 = 0) {
    self.window = window
    self.seed = seed
    sums = window.levels.map { Sums(nodeCount: $0.nodes.count) }
  }

  /// Scores a forecast given as distributions; its means are the point forecast.
  ///
  /// - Throws: ``ScoreError`` if the node is not of the window's hierarchy, was added before, or has too few days.
  public mutating func add(_ forecast: NodeForecast) throws(ScoreError) {
    try add(node: forecast.node, means: forecast.days.map(\.mean), distributions: forecast.days)
  }

  /// Scores a point forecast, and intervals where the method has them.
  public mutating func add(
    node: Node, means: [Double], distributions: [EmpiricalDistribution]? = nil
  ) throws(ScoreError) {
    guard let level = window.levels.firstIndex(where: { $0.pair == node.pair }),
      let position = window.levels[level].nodes.position(of: node)
    else { throw .unknownNode(node) }
    guard means.count >= window.horizon, distributions.map({ $0.count >= window.horizon }) ?? true else {
      throw .tooFewDays(found: min(means.count, distributions?.count ?? means.count), needed: window.horizon)
    }
    guard !sums[level].isAdded[position] else { throw .addedTwice(node) }
    sums[level].isAdded[position] = true
    score(level: level, position: position, means: means, distributions: distributions)
  }

  private mutating func score(level: Int, position: Int, means: [Double], distributions: [EmpiricalDistribution]?) {
    let truth = window.levels[level]
    var sum = sums[level]
    sums[level] = Sums(nodeCount: 0)  // so that `sum` is the only owner of its arrays
    defer { sums[level] = sum }
    var stream = RandomStream(
      seed: seed, purpose: StreamPurpose.probabilityTransform.rawValue, index: UInt64(level) << 32 | UInt64(position),
      draw: UInt64(bitPattern: Int64(window.origin.number)))
    var days = 0
    var squares = 0.0
    var absolute = 0.0
    var pinball = 0.0
    for day in 0..<window.horizon {
      let tie = stream.uniform()
      guard truth.isKnown[position * window.horizon + day] else { continue }
      let actual = truth.actual[position * window.horizon + day]
      let error = Double(actual) - means[day]
      days += 1
      squares += error * error
      absolute += abs(error)
      sum.actual += Double(actual)
      sum.mean += means[day]
      guard let distribution = distributions?[day] else { continue }
      pinball += Self.tally(distribution, actual: actual, into: &sum)
      let (below, upTo) = distribution.cumulative(at: actual)
      let transform = below + tie * (upTo - below)
      sum.transform[min(Self.transformBins - 1, Int(transform * Double(Self.transformBins)))] += 1
    }
    sum.nodes += 1
    guard days > 0 else { return }
    let count = Double(days)
    let rmsse = (squares / count / max(truth.squareScale[position], Self.smallestScale)).squareRoot()
    sum.days += days
    sum.absoluteError += absolute
    if truth.absoluteScale[position] > 0 {
      sum.scaledNodes += 1
      sum.rmsse += rmsse
      sum.mase += absolute / count / truth.absoluteScale[position]
    }
    if distributions != nil {
      sum.daysWithQuantiles += days
      sum.pinball += pinball
    }
    let weight = truth.weight[position]
    if weight > 0 {
      sum.weight += weight
      sum.weightedSquare += weight * rmsse
      sum.weightedPinball += weight * pinball / count / max(truth.absoluteScale[position], Self.smallestScale)
    }
  }

  /// Counts one day's quantiles into `sum`; returns the mean pinball loss.
  private static func tally(_ distribution: EmpiricalDistribution, actual: Int, into sum: inout Sums) -> Double {
    let quantile = distribution.quantiles(probabilities)
    var loss = 0.0
    for (slot, position) in scored.enumerated() {
      let excess = Double(actual - quantile[position])
      loss += max(probabilities[position] * excess, (probabilities[position] - 1) * excess)
      if quantile[position] > actual { sum.quantileAbove[slot] += 1 }
      if quantile[position] >= actual { sum.quantileReaches[slot] += 1 }
    }
    for (slot, ends) in [interval50, interval80, interval95].enumerated()
    where quantile[ends.0] <= actual && actual <= quantile[ends.1] {
      sum.inside[slot] += 1
    }
    return loss / Double(scored.count)
  }
}

/// A forecast that cannot be scored.
public enum ScoreError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownNode(Node)
  case addedTwice(Node)
  case tooFewDays(found: Int, needed: Int)
  case missingNodes(level: String, missing: Int, of: Int)
  case differentHierarchies

  public var description: String {
    switch self {
    case .unknownNode(let node):
      "a forecast of node \(node) has no actuals: score forecasts with the panel that they were made from"
    case .addedTwice(let node):
      "node \(node) was given to the same score twice: give each node's forecast once per origin"
    case .tooFewDays(let found, let needed):
      "a forecast of \(found) days cannot be scored over \(needed): forecast again with that horizon"
    case .missingNodes(let level, let missing, let count):
      "\(missing) of \(count) nodes at \(level) have no forecast: score only after every node was forecast"
    case .differentHierarchies:
      "scores of different hierarchies cannot be pooled: back-test all origins on one panel"
    }
  }
}
