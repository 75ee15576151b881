/// The positive numbers that a scale, a shape or a rate may be: from 1e-300 to 1e300.
///
/// Beyond, a number or its reciprocal is lost to the ends of the range of doubles, and densities would be rounding.
/// A parameter there is refused as one outside its support.
public enum PositiveParameter {
  public static let range = 1e-300...1e300

  @inlinable
  public static func contains(_ x: Double) -> Bool { x >= 1e-300 && x <= 1e300 }
}

/// A family with a location μ and a scale σ of the variate, or of its logarithm.
public protocol LocationScaleFamily: ScalarDistribution {}

extension LocationScaleFamily {
  public static var parameterNames: [String] { ["mu", "sigma"] }
  public static var parameterSupports: [Support] { [.real, .above(0)] }
  public static var isDiscrete: Bool { false }

  public init(mu: Double, sigma: Double) { self.init(parameters: SIMD4(mu, sigma, 0, 0)) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0].isFinite && PositiveParameter.contains(p[1]) }
}

/// A family of positive numbers with a scale σ.
public protocol ScaleFamily: ScalarDistribution {}

extension ScaleFamily {
  public static var parameterNames: [String] { ["sigma"] }
  public static var parameterSupports: [Support] { [.above(0)] }
  public static var isDiscrete: Bool { false }

  public init(sigma: Double) { self.init(parameters: SIMD4(sigma, 0, 0, 0)) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { PositiveParameter.contains(p[0]) }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }
}

/// A family with two positive parameters.
public protocol PositivePairFamily: ScalarDistribution {}

extension PositivePairFamily {
  public static var parameterNames: [String] { ["alpha", "beta"] }
  public static var parameterSupports: [Support] { [.above(0), .above(0)] }
  public static var isDiscrete: Bool { false }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool {
    PositiveParameter.contains(p[0]) && PositiveParameter.contains(p[1])
  }
}

extension PositivePairFamily {
  public init(alpha: Double, beta: Double) { self.init(parameters: SIMD4(alpha, beta, 0, 0)) }
}
