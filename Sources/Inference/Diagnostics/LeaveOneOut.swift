import Foundation
import NumericKernels

/// How well a model would predict each observation had it not been fitted to it, from the draws of one fit.
///
/// elpd_loo = sum over i of log p(y_i | y_-i), each by importance sampling with ratios 1 / p(y_i | θ_s), Pareto
/// smoothed: Vehtari, Gelman, Gabry, "Practical Bayesian model evaluation using leave-one-out cross-validation and
/// WAIC", Statistics and Computing 27 (2017). Figures agree with R's loo given the same relative efficiencies, and with
/// ArviZ, whose standard errors have the divisor n where those of loo, and here, have n - 1.
public struct LeaveOneOut: Sendable, PredictiveAccuracy {
  /// The log predictive density of each observation left out; NaN where its likelihood is not a number in some draw.
  public let pointwise: [Double]
  /// Pareto's k of each observation: whether the estimate for it can be relied on.
  public let paretoK: [Double]
  /// The log predictive density of each observation, fitted to it and all others.
  public let fitted: [Double]
  /// Draws over all chains.
  public let drawCount: Int

  /// - Parameters:
  ///   - logLikelihood: A variable per observation: its log likelihood in each draw.
  ///   - relativeEfficiency: Effective sample size over draws, which sets the tail's length; by default each
  ///     observation's own, ``Diagnostics/meanESS(_:chains:)`` of its likelihood.
  public init(logLikelihood: Draws, relativeEfficiency: Double? = nil) {
    self.init(
      observations: logLikelihood.names.count, chains: logLikelihood.chainCount,
      relativeEfficiency: relativeEfficiency
    ) { Array(logLikelihood[$0]) }
  }

  /// Asks for one observation's log likelihoods at a time, so that they need not be held at once.
  ///
  /// - Parameter logLikelihood: Those of the observation with this number, chain after chain; always as many. An
  ///   observation with more or fewer than the first has figures that are NaN.
  public init(
    observations: Int, chains: Int, relativeEfficiency: Double? = nil, logLikelihood: (Int) throws -> [Double]
  ) rethrows {
    var (pointwise, paretoK, fitted): ([Double], [Double], [Double]) = ([], [], [])
    var count = 0
    for i in 0..<observations {
      let values = try logLikelihood(i)
      if i == 0 { count = values.count }
      guard values.count == count else {
        paretoK.append(.nan)
        pointwise.append(.nan)
        fitted.append(.nan)
        continue
      }
      let weights = Self.weights(logLikelihood: values, chains: chains, relativeEfficiency: relativeEfficiency)
      paretoK.append(weights.paretoK)
      pointwise.append(Self.logSum(zip(weights.logWeights, values).map { $0 + $1 }))
      fitted.append(Self.logSum(values) - log(Double(count)))
    }
    (self.pointwise, self.paretoK, self.fitted, drawCount) = (pointwise, paretoK, fitted, count)
  }

  /// The weights that turn draws of the posterior into draws of that without one observation.
  static func weights(
    logLikelihood values: [Double], chains: Int, relativeEfficiency: Double?
  ) -> ParetoSmoothedWeights {
    var efficiency = relativeEfficiency ?? .nan
    if relativeEfficiency == nil {
      let largest = values.max() ?? 0
      efficiency = Diagnostics.meanESS(values.map { exp($0 - largest) }, chains: chains) / Double(values.count)
    }
    return ParetoSmoothedWeights(
      logRatios: values.map { -$0 }, relativeEfficiency: efficiency.isFinite ? efficiency : 1)
  }

  /// One relative efficiency for all observations as ArviZ takes it by default: the mean over the posterior's
  /// variables.
  public static func relativeEfficiency(of posterior: Draws) -> Double {
    let sizes = posterior.names.indices.map {
      Diagnostics.meanESS(Array(posterior[$0]), chains: posterior.chainCount)
    }
    let count = Double(posterior.chainCount * posterior.drawCount)
    return posterior.chainCount == 1 ? 1 : sizes.reduce(0, +) / Double(sizes.count) / count
  }

  private static func logSum(_ values: [Double]) -> Double {
    values.contains(where: \.isNaN) ? .nan : SpecialFunctions.logSumExp(values)
  }

  /// Above this k an observation's estimate cannot be relied on: min(1 - 1 / log10(draws), 0.7).
  public var reliableK: Double { ParetoSmoothedWeights.reliableK(draws: drawCount) }

  /// With fewer draws, no k that could be found would mean that an estimate can be relied on.
  private static let fewestDraws = 100

  /// The observations whose k is too large, or not a number.
  public var unreliable: [Int] { paretoK.indices.filter { !(paretoK[$0] <= reliableK) } }
}

extension LeaveOneOut: CustomStringConvertible {
  public var description: String {
    let bad = unreliable
    var text = estimates("loo")
    if drawCount < Self.fewestDraws {
      text += """
        \(drawCount) draws are too few for Pareto k to tell whether the estimates can be relied on.
        Try: at least \(Self.fewestDraws) draws; the largest k that can be relied on is \
        min(1 - 1 / log10(draws), 0.7), which is 0.5 for 100 draws and 0.7 from 2200 on.

        """
    } else if bad.isEmpty {
      text += "All Pareto k are below \(Figure.fixed(reliableK, 2)): the estimate can be relied on.\n"
    } else {
      let shown = bad.prefix(5).map { "\($0 + 1) (k = \(Figure.fixed(paretoK[$0], 2)))" }.joined(separator: ", ")
      let more = bad.count > 5 ? " and \(bad.count - 5) more" : ""
      text += """
        \(bad.count) of \(paretoK.count) observations have a Pareto k above \(Figure.fixed(reliableK, 2)): \
        \(shown)\(more).
        Each of them pulls at the posterior so strongly that the fit without it cannot be guessed from this one.
        Try: look at these observations; fit again without each of them; a likelihood with heavier tails.

        """
    }
    return text
  }
}
