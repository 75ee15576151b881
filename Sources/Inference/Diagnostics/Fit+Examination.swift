extension Fit {
  /// A line of figures for every variable: mean, sd, Monte Carlo error, quantiles or shortest intervals, bulk and tail
  /// effective sample sizes, R-hat. Printing it gives a table.
  ///
  /// - Parameter highestDensity: The probability of shortest intervals, in place of the 5 % and 95 % quantiles.
  public func summary(highestDensity: Double? = nil) -> DrawSummary {
    DrawSummary(draws, highestDensity: highestDensity)
  }

  /// The same of the variables of these names; the name of a vector or matrix stands for all its elements.
  public func summary(of names: [String], highestDensity: Double? = nil) throws(Draws.UnknownVariable) -> DrawSummary {
    DrawSummary(try draws.subset(names), highestDensity: highestDensity)
  }

  /// In plain words, whether the draws can be relied on, and what to try where not. Computed anew at each call.
  public var verdict: Verdict { verdict() }

  /// The verdict by a summary that is at hand.
  ///
  /// - Parameter depthLimit: The sampler's limit of doublings, to tell how often it was reached.
  public func verdict(_ summary: DrawSummary? = nil, depthLimit: Int? = 10) -> Verdict {
    var sampling = Verdict.Sampling()
    sampling.divergent = statistics.divergent
    sampling.treeDepths = statistics.treeDepth
    sampling.depthLimit = depthLimit
    if statistics.energy.contains(where: \.isFinite) {
      sampling.energyFractions = Diagnostics.energyFraction(statistics.energy, chains: statistics.chainCount)
    }
    sampling.failures = chainFailures.map(\.description)
    var verdict = Verdict(draws, summary: summary, sampling: sampling)
    switch outcome {
    case .complete: break
    case .outOfTime: verdict.remark("the time budget ended the run after \(draws.drawCount) draws a chain.")
    case .cancelled: verdict.remark("the run was cancelled after \(draws.drawCount) draws a chain.")
    }
    if let checkpointProblem { verdict.remark("no checkpoint could be written: \(checkpointProblem)") }
    return verdict
  }
}
