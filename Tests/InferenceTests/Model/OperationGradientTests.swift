import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: operations")
struct OperationGradientTests {
  /// A model of a vector and a matrix whose density is an arbitrary formula of them.
  static func model(
    _ formula: (_ scalar: Formula, _ vector: Formula, _ matrix: Formula) -> Formula
  ) throws -> CompiledModel {
    var model = Model()
    let s = model.parameter("s", .normal(0, 1))
    let v = model.parameter("v", count: 5, .normal(0, 1))
    let m = model.parameter("m", rows: 3, columns: 5, .normal(0, 1))
    model.addLogDensity("formula", formula(s, v, m))
    return try model.compile()
  }

  struct Case: Sendable {
    let name: String
    let formula: @Sendable (Formula, Formula, Formula) -> Formula
    init(_ name: String, _ formula: @escaping @Sendable (Formula, Formula, Formula) -> Formula) {
      self.name = name
      self.formula = formula
    }
  }

  static let formulas: [Case] = [
    Case("plus") { s, v, m in s + v + m },
    Case("minus") { s, v, m in 2 - v - m - s },
    Case("times") { s, v, m in s * v * m },
    Case("times itself") { s, v, m in v * v * (m * m) },
    Case("divide") { s, v, m in m / (2 + square(v)) / (1.5 + square(s)) },
    Case("divide by matrix") { s, v, m in s / (1 + square(m)) + v / exp(m) },
    Case("exp") { s, v, m in exp(0.3 * m) + exp(s) },
    Case("log") { s, v, m in log(1 + square(m)) * log(exp(v)) },
    Case("log1p") { s, v, m in log1p(square(m)) },
    Case("expm1") { s, v, m in expm1(0.5 * m) },
    Case("sqrt") { s, v, m in sqrt(0.1 + square(m)) * sqrt(1 + exp(s)) },
    Case("reciprocal") { s, v, m in reciprocal(1 + square(m)) },
    Case("tanh") { s, v, m in tanh(m + v) },
    Case("inverseLogit") { s, v, m in inverseLogit(3 * m) * s },
    Case("logit") { s, v, m in logit(0.1 + 0.8 * inverseLogit(m)) },
    Case("log1pExp") { s, v, m in log1pExp(5 * m) },
    Case("logGamma") { s, v, m in logGamma(0.2 + square(m)) },
    Case("sin cos") { s, v, m in sin(m) * cos(v) },
    Case("normalCDF") { s, v, m in log(normalCDF(m)) },
    Case("pow") { s, v, m in pow(1 + square(m), 1 + s) + pow(v, 3) },
    Case("logAddExp") { s, v, m in logAddExp(m, v) * logAddExp(s, 0) },
    Case("extremes") { s, v, m in maximum(m, v) * minimum(m, s) },
    Case("abs") { s, v, m in abs(m - 0.5) },
    Case("sums") { s, v, m in square(m.sum(axis: 0)) + square(m.sum(axis: 1)).sum() + square(v.sum()) * m.mean() },
    Case("logSumExp") { s, v, m in square(m.logSumExp()) + v.logSumExp() },
    Case("cumulativeSum") { s, v, m in square(v.cumulativeSum()) * m.cumulativeSum() },
    Case("gather") { s, v, m in square(v[[0, 4, 4, 2]]).sum() + square(m[[2, 0, 2]] + s).sum() },
    Case("gather pairs") { s, v, m in square(m[[2, 0, 2], [1, 1, 4]]) * v[1..<4] },
    Case("element") { s, v, m in v[3] * m[1] },
    Case("products") { s, v, m in square(m • v) * dot(v, m[0]) },
    Case("matrix product") { s, v, m in square(m • m.transposed) },
    Case("row times matrix") { s, v, m in square(v • m.transposed) },
    Case("data columns") { s, v, m in square(Formula([[1, 2, 3, 4, 5], [0.5, -1, 2, 0, 1]]) • v) },
    Case("concatenation") { s, v, m in square(Formula.concatenating([s, v, s * v[0]]).cumulativeSum()) },
    Case("column by row") { s, v, m in square(v.column * v.row) },
    Case("three axes") { s, v, m in square(m.insertingAxis(1) * v.reshaped([1, 5, 1]) + s) },
    Case("shared") { s, v, m in exp(0.1 * m) * exp(0.1 * m) + square(exp(0.1 * m)) },
    Case("scan") { s, v, m in scan(from: s, over: v) { h, x in 0.5 * tanh(h) + x[0] * s } },
    Case("linear scan") { s, v, m in square(scan(from: s, over: v) { h, x in 0.3 * s + tanh(s) * h - square(x[0]) }) },
    Case("scan of vectors") { s, v, m in square(scan(from: v, over: m) { h, x in 0.5 * h * x[0] + s * v }) },
  ]

  @Test("gradients agree with central differences", arguments: formulas.indices)
  func gradient(_ index: Int) throws {
    let (name, formula) = (Self.formulas[index].name, Self.formulas[index].formula)
    let model = try Self.model(formula)
    for point in 0..<3 {
      let error = gradientError(model, randomPoint(model, UInt64(point)))
      #expect(error < 2e-7, "\(name): \(error)")
    }
  }
}
