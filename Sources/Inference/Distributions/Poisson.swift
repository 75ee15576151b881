import Foundation
import NumericKernels

/// The Poisson distribution with mean λ.
///
///     log p(y) = y log λ - λ - log y!,   y = 0, 1, 2, ...
///
/// λ may be 0, where only y = 0 is possible. Draws with λ above 1e9 are rounded normal variates, whose skewness is out
/// by less than 4e-5. Stan: `poisson(lambda)`.
public struct Poisson: ScalarDistribution {
  public static let name = "poisson"
  public static let parameterNames = ["lambda"]
  public static let parameterSupports: [Support] = [.above(0)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(lambda: Double) { parameters = SIMD4(lambda, 0, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0] >= 0 && p[0] < .infinity }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, .infinity) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard Counts.isCount(x) else { return .impossible }
    if x == 0 { return Partials(value: -p[0], x: 0, p: SIMD4(-1, 0, 0, 0)) }
    if p[0] == 0 { return .impossible }
    return Partials(value: logMass(x, p[0], log(p[0])), x: 0, p: SIMD4((x - p[0]) / p[0], 0, 0, 0))
  }

  /// y log λ - λ - log y! for y > 0, without cancellation for large counts.
  @inlinable
  static func logMass(_ y: Double, _ mean: Double, _ logMean: Double) -> Double {
    y < 15 ? y * logMean - mean - SpecialFunctions.logGamma(y + 1) : Gamma.logKernel(mean, logMean, y) - log(y)
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? Counts.poisson(p[0], using: &stream) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x < 0 || p[0] == 0 { return x < 0 ? 0 : 1 }
    return x > Counts.most ? 1 : SpecialFunctions.regularizedGammaQ(x.rounded(.down) + 1, p[0])
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x < 0 || p[0] == 0 { return x < 0 ? 1 : 0 }
    return x > Counts.most ? 0 : SpecialFunctions.regularizedGammaP(x.rounded(.down) + 1, p[0])
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x < 0 || p[0] == 0 || x > Counts.most { return log(cdf(x, p)) }
    return SpecialFunctions.logRegularizedGammaQ(x.rounded(.down) + 1, p[0])
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x < 0 || p[0] == 0 || x > Counts.most { return log(ccdf(x, p)) }
    return SpecialFunctions.logRegularizedGammaP(x.rounded(.down) + 1, p[0])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    Counts.quantile(q, near: p[0], cdf: { cdf($0, p) }, ccdf: { ccdf($0, p) })
  }
}

/// The Poisson distribution by its log mean η.
///
///     log p(y) = y η - e^η - log y!,   y = 0, 1, 2, ...
///
/// Minus infinity is the mean 0; a mean beyond the largest double makes every count impossible. Draws as ``Poisson``'s.
/// Stan: `poisson_log(eta)`, in Stan's documentation `alpha`.
public struct PoissonLog: ScalarDistribution {
  public static let name = "poisson_log"
  public static let parameterNames = ["eta"]
  public static let parameterSupports: [Support] = [.real]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(eta: Double) { parameters = SIMD4(eta, 0, 0, 0) }

  @inlinable
  static func natural(_ p: SIMD4<Double>) -> SIMD4<Double> { SIMD4(exp(p[0]), 0, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0] < .infinity }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, .infinity) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard Counts.isCount(x) else { return .impossible }
    let mean = exp(p[0])
    if mean == .infinity { return .impossible }
    let kernel = x == 0 ? -mean : Poisson.logMass(x, mean, p[0])
    return Partials(value: kernel, x: 0, p: SIMD4(x - mean, 0, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    Poisson.random(natural(p), using: &stream)
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { exp(p[0]) }
  public static func variance(_ p: SIMD4<Double>) -> Double { exp(p[0]) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { Poisson.cdf(x, natural(p)) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { Poisson.ccdf(x, natural(p)) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { Poisson.logCDF(x, natural(p)) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { Poisson.logCCDF(x, natural(p)) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { Poisson.quantile(q, natural(p)) }
}

/// What families of counts share.
@usableFromInline
enum Counts {
  /// No count is larger: its logarithm of a factorial would not be a double.
  @inlinable
  static var most: Double { 1e300 }

  /// Whether x is 0, 1, 2, ...
  @inlinable
  static func isCount(_ x: Double) -> Bool { x >= 0 && x <= most && x == x.rounded() }

  /// Whether n is a number of trials: whole, and up to 2^53, where doubles still tell it from its neighbours.
  @inlinable
  static func isTrials(_ n: Double) -> Bool { isCount(n) && n <= 0x1p53 }

  /// A Poisson variate of any finite mean; beyond 1e9 a rounded normal one.
  static func poisson(_ mean: Double, using stream: inout RandomStream) -> Double {
    if mean <= 1e9 { return Double(stream.poisson(mean)) }
    return mean < .infinity ? max(0, (mean + mean.squareRoot() * stream.normal()).rounded()) : .nan
  }

  /// A Poisson variate with a gamma mean: negative binomial with the given shape, and rate shape / mean.
  static func negativeBinomial(mean: Double, phi: Double, using stream: inout RandomStream) -> Double {
    if phi == .infinity || mean == 0 { return poisson(mean, using: &stream) }
    return poisson(stream.gamma(shape: phi) * (mean / phi), using: &stream)
  }

  /// The smallest count k with P(Y <= k) >= q, judged on the smaller tail.
  static func quantile(
    _ q: Double, near guess: Double, cdf: (Double) -> Double, ccdf: (Double) -> Double
  ) -> Double {
    if q == 1 { return ccdf(0) == 0 ? 0 : .infinity }
    return MonotoneSearch.firstInteger(from: 0, near: guess) { q <= 0.5 ? cdf($0) >= q : ccdf($0) <= 1 - q }
  }
}
