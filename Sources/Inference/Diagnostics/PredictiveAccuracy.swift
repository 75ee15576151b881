import Foundation

/// An estimate of how well a model predicts, made of one figure per observation.
public protocol PredictiveAccuracy: Sendable {
  /// Estimated log predictive density of each observation.
  var pointwise: [Double] { get }
  /// Log density of each observation under the posterior fitted to it too.
  var fitted: [Double] { get }
}

extension PredictiveAccuracy {
  /// The expected log pointwise predictive density: higher predicts better.
  public var elpd: Double { pointwise.reduce(0, +) }

  /// The standard error of ``elpd`` over observations: sqrt(n) sd, divisor n - 1. Small samples understate it.
  public var standardError: Double { Self.errorOfSum(pointwise) }

  /// The effective number of parameters: by how much the fit flatters the model.
  public var effectiveParameters: Double { zip(fitted, pointwise).reduce(0) { $0 + $1.0 - $1.1 } }

  /// The standard error of ``effectiveParameters``.
  public var effectiveParametersError: Double { Self.errorOfSum(zip(fitted, pointwise).map { $0 - $1 }) }

  static func errorOfSum(_ values: [Double]) -> Double {
    (Double(values.count) * sampleVariance(values)).squareRoot()
  }

  /// Two lines, estimates with their standard errors.
  func estimates(_ name: String) -> String {
    var table = TextTable(header: ["", "estimate", "se"])
    table.append(["elpd_\(name)", Figure.fixed(elpd, 1), Figure.fixed(standardError, 1)])
    table.append(
      ["p_\(name)", Figure.fixed(effectiveParameters, 1), Figure.fixed(effectiveParametersError, 1)])
    return table.text()
  }
}
