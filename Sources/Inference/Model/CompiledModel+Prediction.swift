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
  /// - Throws: ``ModelError`` with the names concerned.
  public func predict(
    _ draws: Draws, of names: [String]? = nil, replacing data: [String: ModelData] = [:],
    newElements: [String: Int] = [:], seed: UInt64
  ) throws -> Draws {
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

  /// Independent draws of all parameters and computed quantities from the prior.
  ///
  /// Explicit bounds are kept by drawing again. - Throws: ``ModelError`` where a prior cannot be drawn from: flat ones
  /// without bounds, and terms added to the log density.
  public func samplePrior(draws: Int = 1000, seed: UInt64) throws -> Draws {
    if let term = model.terms.first {
      throw ModelError("the term \(term.name) is part of the log density, but not of a prior that can be drawn from")
    }
    var program = try PredictiveProgram(model, try Replacement(model, data: [:]), drawsPriors: true)
    for parameter in model.parameters {
      try program.add(parameter.name, Formula(Node(.parameter(parameter.key), [], parameter.shape)))
    }
    for quantity in model.deterministics { try program.add(quantity.name, quantity.formula) }
    return try program.run(nil, chainCount: 1, drawCount: max(draws, 0)) { _, draw in
      RandomStream(seed: seed, purpose: StreamPurpose.prior, draw: UInt64(draw))
    }
  }

  private func checkObserves() throws(ModelError) {
    if model.observations.isEmpty { throw ModelError("the model observes nothing: there is nothing to predict") }
  }

  private func unknown(_ name: String) -> ModelError {
    let known = model.observations.map(\.name) + model.deterministics.map(\.name) + model.parameters.map(\.name)
    return ModelError("the model has nothing named \(name); there are: \(known.joined(separator: ", "))")
  }
}
