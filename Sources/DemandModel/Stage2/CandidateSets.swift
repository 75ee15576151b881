import CNumericKernels
import Foundation
import NumericKernels

/// Every series' candidate draws, and the log density of the hyperparameters with the choice among them summed out:
///
///     sum_i log sum_k integral of h(x | psi) / g_i(x) N(x; m_ik, S_i) dx
///
/// with h the hyperprior, g_i the working prior, k over the series' candidates and N a kernel about a stored draw
/// (``SeriesKernel``). Where all stored draws fit, they are the candidates, and the sum is all that the stored draws say
/// of the hyperparameters. Where there are too many, each series gets a random set that holds its current draw. Sets are
/// as likely to come about from each of their members, so any move that leaves the density given the sets invariant
/// leaves the joint posterior of hyperparameters and choices invariant (a collapsed step: Liu, "The collapsed Gibbs
/// sampler in Bayesian computations", JASA 89, 1994).
///
/// A class for its buffers' sake: one per chain, deliberately not Sendable.
package final class CandidateSets {
  private let model: HyperpriorModel
  private let sampled: [Int]
  private let draws: [StoredDraws]
  private let kernels: [SeriesKernel]

  /// Candidates per series: `room` a multiple of 16, of which `used[series]` are filled.
  private let room: Int
  private var used: [Int32]
  private let isWhole: Bool
  /// `[series][feature][room]`
  private let features: UnsafeMutablePointer<Float>
  /// `[series][room]`: numbers of stored draws.
  private var candidates: [Int32]
  private let weights: UnsafeMutablePointer<Float>

  /// Stored draws of all series together up to which all are candidates, and candidates beyond, about: what keeps an
  /// evaluation well below a millisecond.
  private static let wholeBudget = 1 << 17
  private static let budget = 1 << 16
  private static let fewest = 32
  private static let step = 16
  private static let featureCount = Int(CNK_FEATURES)
  private static let located = SeriesKernel.locatedBlocks.count

  package init(model: HyperpriorModel, sampled: [Int], draws: [StoredDraws], kernels: [SeriesKernel]) {
    self.model = model
    self.sampled = sampled
    self.draws = draws
    self.kernels = kernels
    let most = sampled.reduce(0) { max($0, draws[$1].count) }
    isWhole = most * sampled.count <= Self.wholeBudget
    let wanted = isWhole ? most : min(most, max(Self.fewest, Self.budget / max(1, sampled.count)))
    room = max(1, (wanted + Self.step - 1) / Self.step) * Self.step
    used = [Int32](repeating: 0, count: sampled.count)
    candidates = [Int32](repeating: 0, count: sampled.count * room)
    let capacity = max(1, sampled.count * room * Self.featureCount)
    features = .allocate(capacity: capacity)
    features.initialize(repeating: 0, count: capacity)
    weights = .allocate(capacity: room)
    weights.initialize(repeating: 0, count: room)
    if isWhole {
      for (index, series) in sampled.enumerated() { fill(index, first: 0, stride: 1, count: draws[series].count) }
    }
  }

  deinit {
    features.deallocate()
    weights.deallocate()
  }

  /// Fills a series' candidates with draws `first`, `first + stride` and so on, modulo their number.
  private func fill(_ index: Int, first: Int, stride: Int, count: Int) {
    let number = draws[sampled[index]].count
    used[index] = Int32(count)
    for k in 0..<count { candidates[index * room + k] = Int32((first + k * stride) % number) }
    kernels[index].writeFeatures(
      of: draws[sampled[index]], first: first, stride: stride, count: count,
      to: features + index * room * Self.featureCount, room: room)
  }

  /// Gives every series a new set about its current draw, unless the sets are whole.
  func renew(about current: [Int], using stream: inout RandomStream) {
    if isWhole { return }
    for (index, series) in sampled.enumerated() {
      let count = draws[series].count
      // A random arithmetic progression with the current draw at a random place.
      let stride = count < 2 ? 1 : 1 + stream.integer(below: count - 1)
      let place = stream.integer(below: room)
      let first = (current[index] + place * (count - stride % count)) % count
      fill(index, first: first, stride: stride, count: room)
    }
  }

  /// The density's gradient in a state.
  struct Gradient {
    /// With respect to the mean of every cell, `[block][cell]`.
    var mean: [[Double]]
    /// With respect to log omega, `[block][department]`.
    var logOmega: [[Double]]
  }

  /// The log density of a state up to a constant, and its gradient.
  func logDensity(_ state: Hyperparameters) -> (value: Double, gradient: Gradient) {
    let cells = CellHyperparameters(model: model, state: state)
    var gradient = Gradient(
      mean: [[Double]](repeating: [Double](repeating: 0, count: model.cells), count: ParameterBlock.count),
      logOmega: [[Double]](
        repeating: [Double](repeating: 0, count: model.departments), count: ParameterBlock.count))
    var value = 0.0
    var sums = [Double](repeating: 0, count: model.cells * Self.featureCount)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.featureCount) { slopes in
      for (index, series) in sampled.enumerated() {
        let cell = model.cell(ofSeries: series)
        value += weigh(index, cells, slopes: slopes)
        for i in 0..<Self.featureCount { sums[cell * Self.featureCount + i] += slopes[i] }
      }
    }
    for cell in 0..<model.cells {
      for i in 0..<Self.located {
        let block = SeriesKernel.locatedBlocks[i]
        gradient.mean[block][cell] = sums[cell * Self.featureCount + i]
        gradient.logOmega[block][cell / model.stores] += sums[cell * Self.featureCount + Self.located + i]
      }
      gradient.logOmega[ParameterBlock.weekday.rawValue][cell / model.stores] +=
        sums[cell * Self.featureCount + 2 * Self.located]
    }
    return (value, gradient)
  }

  /// Weighs a series' candidates; returns its part of the log density, with slopes along its cell's five means, and the
  /// logs of its five spreads and of the weekday's.
  private func weigh(
    _ index: Int, _ cells: CellHyperparameters, slopes: UnsafeMutableBufferPointer<Double>
  ) -> Double {
    let cell = model.cell(ofSeries: sampled[index])
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.featureCount) { coefficients in
      let constant = kernels[index].writeCoefficients(cells, cell, to: coefficients)
      var logSum = 0.0
      cnk_candidate_weights(
        used[index], Int32(room), features + index * room * Self.featureCount, coefficients.baseAddress!, weights,
        &logSum, slopes.baseAddress!)
      kernels[index].turnIntoSlopes(slopes, cells, cell)
      return logSum + constant
    }
  }

  /// Moves every series to one of its candidates, by weight, and draws its parameters from the kernel there.
  ///
  /// - Parameter values: `[sampled series][parameter]`.
  func choose(
    _ state: Hyperparameters, into current: inout [Int], values: inout [Double], using stream: inout RandomStream
  ) {
    let cells = CellHyperparameters(model: model, state: state)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.featureCount) { slopes in
      for index in sampled.indices {
        _ = weigh(index, cells, slopes: slopes)
        let count = Int(used[index])
        var rest = 0.0
        for k in 0..<count { rest += Double(weights[k]) }
        rest *= stream.uniform()
        var slot = count - 1
        for k in 0..<count {
          rest -= Double(weights[k])
          if rest < 0 {
            slot = k
            break
          }
        }
        current[index] = Int(candidates[index * room + slot])
        kernels[index].draw(
          current[index], in: draws[sampled[index]], cells, model.cell(ofSeries: sampled[index]), to: &values,
          at: index * SeriesParameter.count, using: &stream)
      }
    }
  }
}

/// Means and precisions of the hyperprior by cell, so that series need not work them out one by one.
struct CellHyperparameters {
  /// `[cell][block]`
  let mean: [Double]
  let precision: [Double]

  init(model: HyperpriorModel, state: Hyperparameters) {
    var mean: [Double] = []
    var precision: [Double] = []
    for cell in 0..<model.cells {
      let (d, s) = (cell / model.stores, cell % model.stores)
      for block in 0..<ParameterBlock.count {
        mean.append(state.centre[block] + state.department[block][d] + state.store[block][s])
        precision.append(1 / (state.omega[block][d] * state.omega[block][d]))
      }
    }
    self.mean = mean
    self.precision = precision
  }
}
