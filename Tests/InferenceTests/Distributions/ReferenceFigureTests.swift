import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

/// Every univariate family against scipy 1.17.1 and mpmath 1.3.0, by `Reference/distributions.py`, at ordinary
/// parameters and points and far out.
@Suite("Figures of scipy")
struct ReferenceFigureTests {
  let table: ReferenceTable

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "distributions", withExtension: "csv", subdirectory: "Resources"))
    table = ReferenceTable([UInt8](try Data(contentsOf: url)))
  }

  private func expect(
    _ actual: Double, _ expected: Double, relative: Double, absolute: Double = 0, _ what: @autoclosure () -> String
  ) {
    if actual == expected || actual.isNaN && expected.isNaN { return }
    let error = abs(actual - expected)
    #expect(error <= max(relative * abs(expected), absolute), "\(what()): \(actual), not \(expected)")
  }

  private func check<D: ScalarDistribution>(_: D.Type) {
    let count = D.parameterNames.count
    func make(_ row: ReferenceTable.Row) -> (distribution: D, rest: [Double]) {
      var p = SIMD4<Double>.zero
      for i in 0..<count { p[i] = row.values[i] }
      return (D(parameters: p), Array(row.values.dropFirst(count)))
    }
    let rows = table.rows(named: D.name)
    #expect(rows.count >= 6, "\(D.name)")
    // The von Mises distribution function is a sum, good to an absolute error.
    let absolute = D.self == VonMises.self ? 1e-14 : 1e-300
    for row in rows {
      let (d, rest) = make(row)
      let x = rest[0]
      expect(d.logDensity(x), rest[1], relative: 4e-12, absolute: 4e-12, "\(row) density")
      expect(d.cdf(x), rest[2], relative: 1e-11, absolute: absolute, "\(row) cdf")
      expect(d.ccdf(x), rest[3], relative: 1e-11, absolute: absolute, "\(row) 1 - cdf")
    }
    for row in table.rows(named: D.name + ".q") {
      let (d, rest) = make(row)
      expect(d.quantile(rest[0]), rest[1], relative: 1e-11, absolute: absolute, "\(row)")
    }
    for row in table.rows(named: D.name + ".m") {
      let (d, rest) = make(row)
      // Without a mean scipy gives infinity or NaN by turns.
      if rest[0].isFinite || d.mean.isFinite { expect(d.mean, rest[0], relative: 1e-10, "\(row) mean") }
      if rest[1].isFinite || d.variance.isFinite { expect(d.variance, rest[1], relative: 1e-10, "\(row) variance") }
    }
  }

  @Test("densities, distribution functions, quantiles and moments", arguments: AllDistributions.all.indices)
  func figures(family: Int) {
    func open<D: ScalarDistribution>(_ type: D.Type) { check(type) }
    open(AllDistributions.all[family])
  }
}
