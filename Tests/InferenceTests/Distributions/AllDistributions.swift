import Foundation
import Inference
import NumericKernels

/// Every univariate family of the library.
enum AllDistributions {
  static let continuous: [any ScalarDistribution.Type] = [
    Normal.self, HalfNormal.self, LogNormal.self, StudentT.self, HalfStudentT.self, Cauchy.self, HalfCauchy.self,
    DoubleExponential.self, Logistic.self, Exponential.self, Gamma.self, InverseGamma.self, Weibull.self, Beta.self,
    Uniform.self, VonMises.self,
  ]
  static let discrete: [any ScalarDistribution.Type] = [
    Bernoulli.self, BernoulliLogit.self, Geometric.self, Binomial.self, BinomialLogit.self, BetaBinomial.self,
    Poisson.self, PoissonLog.self, NegativeBinomial2.self, NegativeBinomial2Log.self, NegativeBinomial.self,
  ]
  static let all = continuous + discrete

  /// Parameters drawn over their supports: positive ones within e^±4 or so, numbers of trials up to 60.
  static func randomParameters<D: ScalarDistribution>(
    _: D.Type, using stream: inout RandomStream
  ) -> SIMD4<Double> {
    var p = SIMD4<Double>.zero
    for (i, support) in D.parameterSupports.enumerated() {
      p[i] =
        switch support {
        case .real: 1.5 * stream.normal()
        case .above(let low): low + exp(1.5 * stream.normal())
        case .below(let high): high - exp(1.5 * stream.normal())
        case .interval(let low, let high): low + (high - low) * (0.02 + 0.96 * stream.uniform())
        case .integers(let low, let high): min(high, low + (60 * stream.uniform()).rounded())
        }
    }
    return p
  }
}
