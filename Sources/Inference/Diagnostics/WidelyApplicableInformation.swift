import Foundation
import NumericKernels

/// The widely applicable information criterion on the scale of log predictive density.
///
/// elpd_waic = sum over i of log mean_s p(y_i | θ_s) - var_s log p(y_i | θ_s) (Watanabe, JMLR 11, 2010). Figures agree
/// with R's loo; ArviZ's variances have the divisor S where those of loo, and here, have S - 1. ``LeaveOneOut``
/// estimates the same with a diagnostic that tells when it fails, and is to be preferred.
public struct WidelyApplicableInformation: Sendable, PredictiveAccuracy {
  public let pointwise: [Double]
  public let fitted: [Double]

  /// - Parameter logLikelihood: A variable per observation: its log likelihood in each draw.
  public init(logLikelihood: Draws) {
    var (pointwise, fitted): ([Double], [Double]) = ([], [])
    let size = log(Double(logLikelihood.chainCount * logLikelihood.drawCount))
    for i in logLikelihood.names.indices {
      let values = Array(logLikelihood[i])
      let density = values.contains(where: \.isNaN) ? .nan : SpecialFunctions.logSumExp(values) - size
      fitted.append(density)
      pointwise.append(density - sampleVariance(values))
    }
    (self.pointwise, self.fitted) = (pointwise, fitted)
  }

  /// Observations whose log likelihood varies by more than 0.4 over the draws: the criterion fails there.
  public var unreliable: [Int] { pointwise.indices.filter { !(fitted[$0] - pointwise[$0] <= 0.4) } }
}

extension WidelyApplicableInformation: CustomStringConvertible {
  public var description: String {
    let bad = unreliable.count
    if bad == 0 { return estimates("waic") }
    return estimates("waic")
      + "\(bad) of \(pointwise.count) observations vary too much for WAIC: use leave-one-out instead.\n"
  }
}
