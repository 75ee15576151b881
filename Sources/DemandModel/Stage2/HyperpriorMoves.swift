import Foundation
import NumericKernels

/// A sweep's moves of series among their stored draws, together with one block of every department's hyperparameters.
///
/// Where data say little of a series, its parameter and the hyperprior's spread hold each other in place, and drawing
/// them in turn mixes slowly. So every series gets a random set of candidate draws that holds its current one, and a
/// move of a department's centre and spread is judged by the candidates' summed weights, before any is chosen:
///
///     accept with  min(1, p(psi') prod_i sum_k w_ik(psi') / [p(psi) prod_i sum_k w_ik(psi)])
///
/// Then candidates are chosen by weight. Given the sets this is a collapsed Metropolis step (Liu, "The collapsed Gibbs
/// sampler in Bayesian computations", JASA 89, 1994), and sets are as likely to come about from each of their members,
/// so the joint posterior of hyperparameters and choices is left invariant.
struct HyperpriorMoves {
  let model: HyperpriorModel
  /// Series that have draws.
  let sampled: [Int]
  let draws: [StoredDraws]
  let workingPriors: [NormalPrior]
  let workingPriorOfSeries: [Int]

  /// Candidates of a series in a sweep.
  private static let candidates = 24
  private static let wantedAcceptance = 0.3

  /// Step lengths, `[block][department]`, in units of the spread of a mean of as many series.
  private var lengths: [[Double]]
  private let seriesOfDepartment: [Double]
  /// `[series][candidate]`: a draw's number, and its log weights under the present and the proposed state.
  private var candidate: [Int]
  private var present: [Double]
  private var proposed: [Double]

  init(
    model: HyperpriorModel, sampled: [Int], draws: [StoredDraws], workingPriors: [NormalPrior],
    workingPriorOfSeries: [Int]
  ) {
    self.model = model
    self.sampled = sampled
    self.draws = draws
    self.workingPriors = workingPriors
    self.workingPriorOfSeries = workingPriorOfSeries
    var counts = [Double](repeating: 0, count: model.departments)
    for series in sampled { counts[model.departmentOfSeries[series]] += 1 }
    seriesOfDepartment = counts
    lengths = [[Double]](repeating: counts.map { _ in 1.5 }, count: ParameterBlock.count)
    candidate = [Int](repeating: 0, count: sampled.count * Self.candidates)
    present = [Double](repeating: 0, count: candidate.count)
    proposed = present
  }

  /// One sweep; blocks take turns over sweeps.
  ///
  /// - Parameter adapts: Whether step lengths are still being learned.
  mutating func sweep(
    _ sweep: Int, adapts: Bool, state: inout Hyperparameters, current: inout [Int], _ stream: inout RandomStream
  ) {
    let blocks = (0..<model.departments).map { (sweep + $0) % ParameterBlock.count }
    let moved = proposal(from: state, blocks: blocks, &stream)
    var gains = weigh(state, moved.state, current, &stream)
    var accepted = [Bool](repeating: false, count: model.departments)
    for d in 0..<model.departments {
      gains[d] += moved.logPriorRatio[d]
      accepted[d] = log(stream.uniform()) < gains[d]
      if accepted[d] {
        let block = blocks[d]
        state.omega[block][d] = moved.state.omega[block][d]
        state.department[block][d] = moved.state.department[block][d]
        if model.departments == 1 { state.centre = moved.state.centre }
      }
      if adapts {
        let probability = gains[d].isNaN ? 0 : exp(min(0, gains[d]))
        lengths[blocks[d]][d] *= exp(0.5 * (probability - Self.wantedAcceptance))
      }
    }
    for (index, series) in sampled.enumerated() {
      let wins = accepted[model.departmentOfSeries[series]]
      current[index] = chosen(index, by: wins ? proposed : present, &stream)
    }
  }

  /// A new mean and spread of one block in every department, and the log ratio of their priors with the Jacobian of the
  /// spread's logarithm.
  private func proposal(
    from state: Hyperparameters, blocks: [Int], _ stream: inout RandomStream
  ) -> (state: Hyperparameters, logPriorRatio: [Double]) {
    var next = state
    var logRatio = [Double](repeating: 0, count: model.departments)
    for (d, block) in blocks.enumerated() {
      let prior = HyperpriorModel.blockPriors[block]
      let width = Double(ParameterBlock.allCases[block].parameters.count)
      let length = lengths[block][d]
      let old = state.omega[block][d]
      let step = length * stream.normal() / (2 * (1 + seriesOfDepartment[d] * width)).squareRoot()
      let new = old * exp(step)
      next.omega[block][d] = new
      logRatio[d] = step - 0.5 * (new * new - old * old) / (prior.omegaScale * prior.omegaScale)
      if block == ParameterBlock.weekday.rawValue { continue }
      // Not in units of the spread that moves too, so that the way back is as likely.
      let shift = length * prior.omegaScale * stream.normal() / (1 + seriesOfDepartment[d]).squareRoot()
      if model.departments == 1 {
        let deviation = state.centre[block] - prior.centre
        next.centre[block] += shift
        logRatio[d] -= 0.5 * shift * (2 * deviation + shift) / (prior.centreSD * prior.centreSD)
      } else {
        let tau = state.departmentScale[block]
        next.department[block][d] += shift
        logRatio[d] -= 0.5 * shift * (2 * state.department[block][d] + shift) / (tau * tau)
      }
    }
    return (next, logRatio)
  }

  /// Draws candidate sets and weighs them under both states; the log ratio of summed weights by department.
  private mutating func weigh(
    _ old: Hyperparameters, _ new: Hyperparameters, _ current: [Int], _ stream: inout RandomStream
  ) -> [Double] {
    var ratios: [Int: (old: PriorRatio, new: PriorRatio)] = [:]
    var gains = [Double](repeating: 0, count: model.departments)
    for (index, series) in sampled.enumerated() {
      let cell = model.cell(ofSeries: series)
      let key = cell * workingPriors.count + workingPriorOfSeries[series]
      let ratio: (old: PriorRatio, new: PriorRatio)
      if let known = ratios[key] {
        ratio = known
      } else {
        let working = workingPriors[workingPriorOfSeries[series]]
        let (d, s) = (cell / model.stores, cell % model.stores)
        ratio = (
          PriorRatio(hyperprior: old.prior(department: d, store: s), working: working),
          PriorRatio(hyperprior: new.prior(department: d, store: s), working: working)
        )
        ratios[key] = ratio
      }
      let count = draws[series].count
      // A random arithmetic progression with the current draw at a random place.
      let stride = count < 2 ? 1 : 1 + stream.integer(below: count - 1)
      let place = stream.integer(below: Self.candidates)
      let first = (current[index] + place * (count - stride % count)) % count
      let start = index * Self.candidates
      for k in 0..<Self.candidates {
        let draw = (first + k * stride) % count
        candidate[start + k] = draw
        present[start + k] = ratio.old.log(draws[series], draw)
        proposed[start + k] = ratio.new.log(draws[series], draw)
      }
      let range = start..<start + Self.candidates
      // Both prior ratios leave out constants; the hyperprior's depend on the state.
      let constants =
        Self.logConstant(new, model.departmentOfSeries[series], model.storeOfSeries[series])
        - Self.logConstant(old, model.departmentOfSeries[series], model.storeOfSeries[series])
      gains[model.departmentOfSeries[series]] +=
        Self.exponentiate(&proposed, range) - Self.exponentiate(&present, range) + constants
    }
    return gains
  }

  /// What ``PriorRatio`` leaves out of the hyperprior's log density.
  private static func logConstant(_ state: Hyperparameters, _ department: Int, _ store: Int) -> Double {
    var sum = 0.0
    for block in ParameterBlock.allCases {
      let omega = state.omega[block.rawValue][department]
      let mean =
        state.centre[block.rawValue] + state.department[block.rawValue][department]
        + state.store[block.rawValue][store]
      sum -= Double(block.parameters.count) * (log(omega) + 0.5 * mean * mean / (omega * omega))
    }
    return sum
  }

  /// Turns log weights into weights over their largest; returns the log of their sum.
  private static func exponentiate(_ weights: inout [Double], _ range: Range<Int>) -> Double {
    var largest = -Double.infinity
    for k in range { largest = max(largest, weights[k]) }
    var sum = 0.0
    for k in range {
      weights[k] = exp(weights[k] - largest)
      sum += weights[k]
    }
    return largest + log(sum)
  }

  /// A series' next draw: one of its candidates, by weight.
  private func chosen(_ index: Int, by weights: [Double], _ stream: inout RandomStream) -> Int {
    let range = index * Self.candidates..<(index + 1) * Self.candidates
    var rest = 0.0
    for k in range { rest += weights[k] }
    rest *= stream.uniform()
    for k in range {
      rest -= weights[k]
      if rest < 0 { return candidate[k] }
    }
    return candidate[range.upperBound - 1]
  }
}
