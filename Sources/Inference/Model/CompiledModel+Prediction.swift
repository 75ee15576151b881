import NumericKernels

/// What follows from draws: data made up, quantities for other data, and how probable each observation is.
extension CompiledModel {
  /// Names of the observations, in order.
  public var observationNames: [String] { model.observations.map(\.name) }

  /// Draws of data as the model makes them, one data set for each draw of its parameters: posterior predictive draws of
  /// a fit's draws, prior predictive ones of ``samplePrior(draws:seed:)``.
  ///
  ///     try posterior.predict(fit.draws, replacing: ["x": [1, 2, 3]], seed: 2)
  ///     try posterior.predict(fit.draws, replacing: ["school": [8, 8]], newElements: ["theta": 1], seed: 2)
  ///
  /// Replaced data may be of another length; whatever is computed from them (their mean, say) is computed anew. An
  /// observation has the shape of its distribution's parameters, or of what was observed where those are fewer.
  ///
  /// - Parameters:
  ///   - names: Observations, computed quantities or parameters to give; nil gives all observations.
  ///   - data: Data and indices to replace, by name.
  ///   - newElements: How many elements (rows) to add at the end of a parameter, such as effects of groups without
  ///     data: each draw takes them from the parameter's distribution given the parameters above it.
  /// - Returns: For each element a variable, `y[1]`, of as many chains and draws as given.
  /// - Throws: ``ModelError`` with the names concerned, also where a draw's parameters leave a distribution no variates,
  ///   such as a scale of 0 or a singular covariance.
  public func predict(
    _ draws: Draws, of names: [String]? = nil, replacing data: [String: ModelData] = [:],
    newElements: [String: Int] = [:], seed: UInt64
  ) throws -> Draws {
    do {
      let replacement = try Replacement(model, data: data, newElements: newElements)
      var program = try PredictiveProgram(model, replacement, drawsPriors: false)
      if names == nil { try checkObserves() }
      for name in names ?? observationNames {
        if let observation = model.observations.first(where: { $0.name == name }) {
          try program.add(observation, .values)
        } else if let quantity = model.deterministics.first(where: { $0.name == name }) {
          try program.add(name, quantity.formula)
        } else if let parameter = model.parameters.first(where: { $0.name == name }) {
          try program.add(name, Formula(Node(.parameter(parameter.key), [], parameter.shape)))
        } else {
          throw unknown(name)
        }
      }
      return try program.run(draws, chainCount: draws.chainCount, drawCount: draws.drawCount) { chain, draw in
        RandomStream(
          seed: seed, purpose: StreamPurpose.prediction, chain: UInt32(truncatingIfNeeded: chain), draw: UInt64(draw))
      }
    } catch let unreachable as Generator.Unreachable {
      throw ModelError(
        "hardly any draws of new elements are within the bounds of \(unreachable.label), which depend on others of "
          + "them; truncate its distribution instead")
    }
  }

  /// The log density of each observed element (set, of a multivariate distribution) in each draw: what leave-one-out
  /// cross-validation needs, or, with replaced data, how well data that were held out are predicted.
  ///
  /// Observed values are replaced under the observation's name.
  ///
  /// - Throws: ``ModelError`` with the names concerned.
  public func logLikelihood(
    _ draws: Draws, of names: [String]? = nil, replacing data: [String: ModelData] = [:]
  ) throws -> Draws {
    try checkObserves()
    var program = try PredictiveProgram(model, try Replacement(model, data: data), drawsPriors: false)
    for name in names ?? observationNames {
      guard let observation = model.observations.first(where: { $0.name == name }) else { throw unknown(name) }
      try program.add(observation, .logDensities)
    }
    return try program.run(draws, chainCount: draws.chainCount, drawCount: draws.drawCount) { _, _ in
      RandomStream(seed: 0, purpose: StreamPurpose.prediction)
    }
  }

  /// Draws of all parameters and computed quantities from the prior.
  ///
  /// Draws are independent, and explicit bounds are kept by drawing again; so are parameters for which a distribution has
  /// no variates, such as a negative scale, where the density is not a number either. Where bounds depend on parameters, the prior
  /// weighs those by the probability of lying within (by their distance, under a flat prior); if drawing again then
  /// hardly ever ends, as with long vectors, NUTS draws from the prior instead: every tenth draw of four chains,
  /// which are compared.
  ///
  /// - Throws: ``ModelError`` where a prior cannot be drawn from: flat ones without bounds, terms added to the log
  ///   density, bounds to which neither way leads, and distributions that have no variates, such as of a singular
  ///   covariance.
  public func samplePrior(draws: Int = 1000, seed: UInt64) throws -> Draws {
    if let term = model.terms.first {
      throw ModelError("the term \(term.name) is part of the log density, but not of a prior that can be drawn from")
    }
    guard draws >= 0 else { throw ModelError("there cannot be \(draws) prior draws") }
    do {
      var program = try PredictiveProgram(model, try Replacement(model, data: [:]), drawsPriors: true)
      for parameter in model.parameters {
        try program.add(parameter.name, Formula(Node(.parameter(parameter.key), [], parameter.shape)))
      }
      for quantity in model.deterministics { try program.add(quantity.name, quantity.formula) }
      return try program.run(nil, chainCount: 1, drawCount: draws) { _, draw in
        RandomStream(seed: seed, purpose: StreamPurpose.prior, draw: UInt64(draw))
      }
    } catch let unreachable as Generator.Unreachable {
      return try samplePriorByChains(draws, seed: seed, unreachable.label)
    }
  }

  /// Prior draws from chains, all but independent by thinning.
  private func samplePriorByChains(_ count: Int, seed: UInt64, _ label: String) throws -> Draws {
    let chains = 4
    let perChain = max(250, count / chains + 1)
    var seeds = RandomStream(seed: seed, purpose: StreamPurpose.prior, draw: .max)
    let (iterations, overflows) = perChain.multipliedReportingOverflow(by: 10)
    guard !overflows, iterations <= 10_000_000 else {
      throw ModelError("\(count) prior draws are more than can be had of a prior with bounds that depend on parameters")
    }
    let options = SamplingOptions(
      chains: chains, warmUp: 1000, draws: perChain, thinning: 10, seed: seeds.next())
    let fit: Fit
    do { fit = try model.prior.compileAsDeclared().sample(NUTS(targetAcceptance: 0.9), options) } catch let error
      as SamplingError
    {
      throw ModelError("\(label)'s prior cannot be drawn from. \(error)")
    }
    let rHats = DrawSummary(fit.draws).rows.map(\.rHat).filter { !$0.isNaN }
    guard fit.chainFailures.isEmpty, fit.draws.chainCount == chains, (rHats.max() ?? 1) < 1.05 else {
      throw ModelError(
        "the prior within the bounds of \(label) can be reached neither by drawing again (\(Generator.jointAttempts) "
          + "times) nor by chains; truncate its prior instead")
    }
    var values: [Double] = []
    values.reserveCapacity(fit.draws.names.count * count)
    for variable in fit.draws.names.indices {
      for draw in 0..<count {
        values.append(fit.draws.values[(variable * chains + draw % chains) * perChain + draw / chains])
      }
    }
    return Draws(wellFormed: fit.draws.names, chainCount: 1, drawCount: count, values: values)
  }

  private func checkObserves() throws(ModelError) {
    if model.observations.isEmpty { throw ModelError("the model observes nothing: there is nothing to predict") }
  }

  private func unknown(_ name: String) -> ModelError {
    let known = model.observations.map(\.name) + model.deterministics.map(\.name) + model.parameters.map(\.name)
    return ModelError("the model has nothing named \(name); there are: \(known.joined(separator: ", "))")
  }
}
