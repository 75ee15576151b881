import DemandData
import Inference
import NumericKernels

/// Posterior draws of the hyperparameters.
package struct HyperpriorPosterior: Sendable {
  package let model: HyperpriorModel
  /// Chain after chain, all of equal length.
  package let states: [Hyperparameters]
  package let chains: Int

  package init(model: HyperpriorModel, states: [Hyperparameters], chains: Int) {
    self.model = model
    self.states = states
    self.chains = chains
  }

  /// The state that archived draw `draw` of `archived` goes with: spread evenly over all chains.
  func state(forDraw draw: Int, of archived: Int) -> Hyperparameters {
    states[(2 * draw + 1) * states.count / (2 * archived) % states.count]
  }

  /// The posterior predictive mean and sd of a series' parameters in every cell: one normal that stands for the whole
  /// hyperprior.
  func predictive() -> [NormalPrior] {
    let blocks = ParameterBlock.ofParameter
    let n = Double(states.count)
    return (0..<model.cells).map { cell in
      let (d, s) = (cell / model.stores, cell % model.stores)
      var mean = [Double](repeating: 0, count: ParameterBlock.count)
      var square = mean
      for state in states {
        for block in 0..<ParameterBlock.count {
          let m = state.centre[block] + state.department[block][d] + state.store[block][s]
          mean[block] += m / n
          square[block] += (m * m + state.omega[block][d] * state.omega[block][d]) / n
        }
      }
      let sd = zip(mean, square).map { max($1 - $0 * $0, 1e-12).squareRoot() }
      return NormalPrior(mean: blocks.map { mean[$0] }, sd: blocks.map { sd[$0] })
    }
  }

  /// Mean (over stores) and sd of every block by department, and what a store adds, with convergence figures.
  ///
  /// Names are `hyper_mean[alpha|DEPARTMENT]`, `hyper_sd[size|DEPARTMENT]` and `hyper_store[level|STORE]`, on the
  /// unconstrained scale of the parameters: the logit of alpha, logs of size and level. What is given and not learned is
  /// not among them.
  package func diagnostics() -> [ParameterDiagnostic] {
    var all: [ParameterDiagnostic] = []
    for (block, kind) in ParameterBlock.allCases.enumerated() {
      let prior = HyperpriorModel.blockPriors[block]
      for (d, name) in model.departmentNames.enumerated() {
        if prior.location != nil {
          all.append(
            summary("hyper_mean[\(kind.name)|\(name)]") { state in
              let store = state.store[block].reduce(0, +) / Double(model.stores)
              return state.centre[block] + state.department[block][d] + store
            })
        }
        if prior.spread.isLearned {
          all.append(summary("hyper_sd[\(kind.name)|\(name)]") { $0.omega[block][d] })
        }
      }
      if prior.location == nil || model.stores == 1 { continue }
      for (s, name) in model.storeNames.enumerated() {
        all.append(
          summary("hyper_store[\(kind.name)|\(name)]") { state in
            state.store[block][s] - state.store[block].reduce(0, +) / Double(model.stores)
          })
      }
    }
    return all
  }

  private func summary(_ name: String, _ value: (Hyperparameters) -> Double) -> ParameterDiagnostic {
    let row = DrawSummary.Row(name: name, draws: states.map(value), chains: chains)
    return ParameterDiagnostic(
      name: name, mean: row.mean, sd: row.sd, q5: row.q5, q50: row.q50, q95: row.q95, rhat: row.rHat,
      essBulk: row.bulkESS, essTail: row.tailESS)
  }
}
