import Foundation
import Inference
import NumericKernels

/// A compiled model's log density and gradient at a point.
func evaluate(_ model: CompiledModel, _ x: [Double]) -> (value: Double, gradient: [Double]) {
  var evaluator = model.makeEvaluator()
  var gradient = [Double](repeating: .nan, count: x.count)
  var span = gradient.mutableSpan
  let value = evaluator.logDensity(at: x.span, gradient: &span)
  return (value, gradient)
}

/// What a draw keeps at a point.
func variables(_ model: CompiledModel, _ x: [Double]) -> [String: Double] {
  var evaluator = model.makeEvaluator()
  var values = [Double](repeating: .nan, count: model.variableNames.count)
  var span = values.mutableSpan
  var stream = RandomStream(seed: 1, purpose: 1)
  evaluator.variables(at: x.span, into: &span, using: &stream)
  return Dictionary(uniqueKeysWithValues: zip(model.variableNames, values))
}

/// The largest difference between gradient and central differences of fourth order, relative to the size of the
/// derivative and of the rounding that differences must have.
func gradientError(_ model: CompiledModel, _ x: [Double], step: Double = 1e-3) -> Double {
  let (value, gradient) = evaluate(model, x)
  var worst = 0.0
  for i in x.indices {
    let h = step * max(1, abs(x[i]))
    func at(_ shift: Double) -> Double {
      var moved = x
      moved[i] += shift
      return evaluate(model, moved).value
    }
    let difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    let scale = max(1, abs(difference), abs(value) * 1e-3)
    let error = abs(difference - gradient[i]) / scale
    worst = error.isNaN ? .infinity : max(worst, error)
  }
  return worst
}

/// A random point, from standard normal coordinates.
func randomPoint(_ model: CompiledModel, _ index: UInt64, scale: Double = 1) -> [Double] {
  var stream = RandomStream(seed: 20_261_121, purpose: 77, index: index)
  return (0..<model.dimension).map { _ in scale * stream.normal() }
}
