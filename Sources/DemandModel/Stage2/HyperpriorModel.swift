import Foundation
import NumericKernels

/// The hierarchical prior of series' parameters and the priors of its own parameters.
///
///     theta_ip ~ N(c_p + department effect + store effect, omega_{p,department}^2)
///     effects  ~ N(0, tau_p^2);  tau, omega ~ half-normal
///
/// by parameter block; weekday contrasts are centred at zero and have no effects; centre and omega of the shelf
/// probabilities are given. Where there is one department or one store, it has no effect of its own: the centre is its.
package struct HyperpriorModel: Sendable {
  package let departmentNames: [String]
  package let storeNames: [String]
  package let departmentOfSeries: [Int]
  package let storeOfSeries: [Int]

  package init(
    departmentNames: [String], storeNames: [String], departmentOfSeries: [Int], storeOfSeries: [Int]
  ) {
    self.departmentNames = departmentNames
    self.storeNames = storeNames
    self.departmentOfSeries = departmentOfSeries
    self.storeOfSeries = storeOfSeries
  }

  var departments: Int { departmentNames.count }
  var stores: Int { storeNames.count }
  /// Cells are pairs of department and store.
  var cells: Int { departments * stores }
  func cell(ofSeries series: Int) -> Int { departmentOfSeries[series] * stores + storeOfSeries[series] }

  /// The series, of these, that the hyperprior is learned from: about `learningSeries` in all and at least
  /// `learningSeriesPerCell` of every cell that has them, spread evenly in their order.
  ///
  /// So many tell means and spreads to a few hundredths of what series differ by. All would tell a little more, in time
  /// that grows with their number.
  package func learningSubset(of series: [Int]) -> [Int] {
    var members = [[Int]](repeating: [], count: cells)
    for index in series { members[cell(ofSeries: index)].append(index) }
    let share = max(Self.learningSeries / max(1, cells), Self.learningSeriesPerCell)
    return members.flatMap { cell in
      let count = min(share, cell.count)
      return (0..<count).map { cell[(2 * $0 + 1) * cell.count / (2 * count)] }
    }.sorted()
  }

  /// About how many series the hyperprior is learned from in all, and of a cell at least.
  package static let learningSeries = 3000
  package static let learningSeriesPerCell = 40

  /// Priors of one block's hyperparameters.
  package struct BlockPrior: Sendable {
    package let centre: Double
    /// nil where the centre itself is given, for all departments and stores.
    package let location: Location?
    package let spread: Spread
  }

  /// What is known of where series of a department and store lie.
  package struct Location: Sendable {
    /// About the block's centre.
    package let sd: Double
    /// Half-normal scales of the effects' tau.
    package let departmentScale: Double
    package let storeScale: Double
  }

  /// What is known of omega, the spread of series about their department's and store's centre.
  package enum Spread: Sendable, Hashable {
    /// Learned, with a half-normal prior of this scale.
    case halfNormal(Double)
    /// Not learned.
    case fixed(Double)

    package var isLearned: Bool { if case .halfNormal = self { true } else { false } }
    /// The prior's scale, or the value.
    var scale: Double {
      switch self {
      case .halfNormal(let scale): scale
      case .fixed(let value): value
      }
    }
  }

  /// Series of a department and store differ in the odds of leaving the shelf and of coming back by about a quarter.
  package static let shelfSpread = 0.25

  /// Smoothing about 0.03; levels as wide as assortments are; absences of three weeks, once in ten months.
  ///
  /// Shelf probabilities are not learned, for all that the data say of them. A chain of two states has one kind of
  /// absence, and is fitted to runs of zeros of every kind: series leave too often, and forecasts sink with the horizon
  /// (docs/decisions/0005-pooled-shelf-probabilities.md).
  package static let blockPriors: [BlockPrior] = [
    BlockPrior(
      centre: SpecialFunctions.logit(0.03), location: Location(sd: 1, departmentScale: 0.5, storeScale: 0.3),
      spread: .halfNormal(1)),
    BlockPrior(
      centre: log(2), location: Location(sd: 1.5, departmentScale: 0.5, storeScale: 0.3), spread: .halfNormal(1)),
    BlockPrior(centre: 0, location: Location(sd: 3, departmentScale: 1, storeScale: 0.5), spread: .halfNormal(2)),
    BlockPrior(centre: 0, location: nil, spread: .halfNormal(0.2)),
    BlockPrior(centre: SpecialFunctions.logit(1 / 300.0), location: nil, spread: .fixed(shelfSpread)),
    BlockPrior(centre: SpecialFunctions.logit(1 / 20.0), location: nil, spread: .fixed(shelfSpread)),
  ]
}

/// One value of all hyperparameters.
package struct Hyperparameters: Sendable {
  /// c, `[block]`.
  package var centre: [Double]
  /// `[block][department]` and `[block][store]`.
  package var department: [[Double]]
  package var store: [[Double]]
  /// omega, `[block][department]`.
  package var omega: [[Double]]
  /// tau of departments and stores, `[block]`.
  package var departmentScale: [Double]
  package var storeScale: [Double]

  package init(
    centre: [Double], department: [[Double]], store: [[Double]], omega: [[Double]], departmentScale: [Double],
    storeScale: [Double]
  ) {
    self.centre = centre
    self.department = department
    self.store = store
    self.omega = omega
    self.departmentScale = departmentScale
    self.storeScale = storeScale
  }

  /// The prior of a series of this department and store.
  package func prior(department d: Int, store s: Int) -> NormalPrior {
    let blocks = ParameterBlock.ofParameter
    return NormalPrior(
      mean: blocks.map { centre[$0] + department[$0][d] + store[$0][s] }, sd: blocks.map { omega[$0][d] })
  }
}

/// The log ratio of a hyperprior to a working prior as a quadratic form of the parameters, up to a constant: what both
/// the Gibbs sampler and the choice of archived draws weigh stored draws by.
///
///     sum_p x_p (a_p x_p + b_p),   a = (kappa - lambda) / 2,   b = lambda m - kappa mu
///
/// with lambda, m the hyperprior's precisions and means, kappa, mu the working prior's.
struct PriorRatio {
  private let quadratic: [Double]
  private let linear: [Double]

  init(hyperprior: NormalPrior, working: NormalPrior) {
    let range = 0..<SeriesParameter.count
    quadratic = range.map {
      0.5 * (1 / (working.sd[$0] * working.sd[$0]) - 1 / (hyperprior.sd[$0] * hyperprior.sd[$0]))
    }
    linear = range.map {
      hyperprior.mean[$0] / (hyperprior.sd[$0] * hyperprior.sd[$0])
        - working.mean[$0] / (working.sd[$0] * working.sd[$0])
    }
  }

  /// At a stored draw.
  func log(_ draws: StoredDraws, _ draw: Int) -> Double {
    draws.values.withUnsafeBufferPointer { values in
      let first = draw * StoredDraws.width
      var sum = 0.0
      for parameter in 0..<SeriesParameter.count {
        let x = Double(values[first + parameter])
        sum += x * (quadratic[parameter] * x + linear[parameter])
      }
      return sum
    }
  }
}
