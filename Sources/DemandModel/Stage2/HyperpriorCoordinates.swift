import Foundation
import NumericKernels

/// The hyperparameters as one unconstrained vector, for Hamiltonian steps.
///
/// By block with effects, in order of the blocks: the mean over all cells, standardised effects z = effect / tau of departments and of stores
/// (where there are several), log tau of both; by block and department log omega where it is learned. The centre is what is left of the mean
/// over all cells,
///
///     c = mean - tau_department mean(z_department) - tau_store mean(z_store),
///
/// a shear that changes no volume: data speak of the mean over all cells, so it moves apart from the effects. Effects of
/// weakly informed blocks are nearly independent of tau in these coordinates; those of strongly informed blocks are not,
/// which is what the sampler's Gibbs steps are for.
package struct HyperpriorCoordinates {
  let model: HyperpriorModel
  private let departments: Int
  private let stores: Int
  /// Blocks whose location is learned.
  private static let located = HyperpriorModel.blockPriors.indices.filter {
    HyperpriorModel.blockPriors[$0].location != nil
  }
  /// Blocks whose spread is learned.
  private static let spread = HyperpriorModel.blockPriors.indices.filter {
    HyperpriorModel.blockPriors[$0].spread.isLearned
  }

  package init(model: HyperpriorModel) {
    self.model = model
    departments = model.departments > 1 ? model.departments : 0
    stores = model.stores > 1 ? model.stores : 0
  }

  /// Coordinates of one block with effects: mean, effects of departments and stores, log tau of both.
  private var perBlock: Int { 1 + departments + stores + (departments > 0 ? 1 : 0) + (stores > 0 ? 1 : 0) }
  private func departmentScale(_ first: Int) -> Int { first + 1 + departments + stores }
  private func storeScale(_ first: Int) -> Int { first + perBlock - 1 }
  private var firstOmega: Int { Self.located.count * perBlock }
  var count: Int { firstOmega + Self.spread.count * model.departments }

  package func vector(_ state: Hyperparameters) -> [Double] {
    var q = [Double](repeating: 0, count: count)
    for (order, block) in Self.located.enumerated() {
      let first = order * perBlock
      q[first] = state.centre[block]
      if departments > 0 {
        for d in 0..<departments { q[first + 1 + d] = state.department[block][d] / state.departmentScale[block] }
        q[first] += state.department[block].reduce(0, +) / Double(departments)
        q[departmentScale(first)] = log(state.departmentScale[block])
      }
      if stores > 0 {
        for s in 0..<stores { q[first + 1 + departments + s] = state.store[block][s] / state.storeScale[block] }
        q[first] += state.store[block].reduce(0, +) / Double(stores)
        q[storeScale(first)] = log(state.storeScale[block])
      }
    }
    for (order, block) in Self.spread.enumerated() {
      for d in 0..<model.departments { q[firstOmega + order * model.departments + d] = log(state.omega[block][d]) }
    }
    return q
  }

  /// Writes a vector into a state.
  package func write(_ q: [Double], to state: inout Hyperparameters) {
    for (order, block) in Self.located.enumerated() {
      let first = order * perBlock
      var centre = q[first]
      if departments > 0 {
        state.departmentScale[block] = exp(q[departmentScale(first)])
        for d in 0..<departments { state.department[block][d] = q[first + 1 + d] * state.departmentScale[block] }
        centre -= state.department[block].reduce(0, +) / Double(departments)
      }
      if stores > 0 {
        state.storeScale[block] = exp(q[storeScale(first)])
        for s in 0..<stores { state.store[block][s] = q[first + 1 + departments + s] * state.storeScale[block] }
        centre -= state.store[block].reduce(0, +) / Double(stores)
      }
      state.centre[block] = centre
    }
    for (order, block) in Self.spread.enumerated() {
      for d in 0..<model.departments { state.omega[block][d] = exp(q[firstOmega + order * model.departments + d]) }
    }
  }

  /// The log posterior of the coordinates and its gradient: the candidates' density at `state`, which is the vector
  /// written out, plus the priors with the Jacobians of the logarithms.
  package func logPosterior(
    _ q: [Double], _ state: Hyperparameters, _ sets: CandidateSets, gradient: inout [Double]
  ) -> Double {
    let found = sets.logDensity(state)
    var value = found.value
    for (order, block) in Self.located.enumerated() {
      let prior = HyperpriorModel.blockPriors[block]
      guard let location = prior.location else { continue }
      let first = order * perBlock
      let byCell = found.gradient.mean[block]
      let total = byCell.reduce(0, +)
      let deviation = (state.centre[block] - prior.centre) / (location.sd * location.sd)
      value -= 0.5 * deviation * (state.centre[block] - prior.centre)
      gradient[first] = total - deviation
      if departments > 0 {
        // An effect moves its department's cells up, and with the centre all cells down by its share of the mean.
        let share = (total - deviation) / Double(departments)
        let tau = state.departmentScale[block]
        var alongTau = 0.0
        for d in 0..<departments {
          let z = q[first + 1 + d]
          let slope = byCell[d * model.stores..<(d + 1) * model.stores].reduce(0, +) - share
          gradient[first + 1 + d] = tau * slope - z
          alongTau += slope * state.department[block][d]
          value -= 0.5 * z * z
        }
        let ratio = tau / location.departmentScale
        value += q[departmentScale(first)] - 0.5 * ratio * ratio
        gradient[departmentScale(first)] = alongTau + 1 - ratio * ratio
      }
      if stores > 0 {
        let share = (total - deviation) / Double(stores)
        let tau = state.storeScale[block]
        var alongTau = 0.0
        for s in 0..<stores {
          let z = q[first + 1 + departments + s]
          let slope = stride(from: s, to: model.cells, by: model.stores).reduce(0) { $0 + byCell[$1] } - share
          gradient[first + 1 + departments + s] = tau * slope - z
          alongTau += slope * state.store[block][s]
          value -= 0.5 * z * z
        }
        let ratio = tau / location.storeScale
        value += q[storeScale(first)] - 0.5 * ratio * ratio
        gradient[storeScale(first)] = alongTau + 1 - ratio * ratio
      }
    }
    for (order, block) in Self.spread.enumerated() {
      let scale = HyperpriorModel.blockPriors[block].spread.scale
      for d in 0..<model.departments {
        let index = firstOmega + order * model.departments + d
        let ratio = state.omega[block][d] / scale
        value += q[index] - 0.5 * ratio * ratio
        gradient[index] = found.gradient.logOmega[block][d] + 1 - ratio * ratio
      }
    }
    return value
  }
}
