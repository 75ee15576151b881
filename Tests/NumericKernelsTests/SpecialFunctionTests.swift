import Foundation
import NumericKernels
import TestSupport
import Testing

/// Against mpmath at 60 digits; `Reference/special_functions.py` writes the figures.
@Suite("Special functions")
struct SpecialFunctionTests {
  static let table = ReferenceTable(PackageResources.special_functions_csv)

  /// The largest |actual - expected| / max(|expected|, floor(arguments)) over the table's rows of this name.
  private func worst(
    _ name: String, floor: ([Double]) -> Double = { _ in 0 }, _ function: ([Double]) -> Double
  ) -> Double {
    let rows = Self.table.rows(named: name)
    #expect(!rows.isEmpty)
    var worst = 0.0
    for row in rows {
      let expected = row.values[row.values.count - 1]
      let difference = abs(function(row.values) - expected)
      if difference == 0 { continue }
      let error = difference / max(abs(expected), floor(row.values))
      worst = error.isNaN ? .infinity : max(worst, error)
    }
    return worst
  }

  @Test("log gamma, digamma, trigamma")
  func gammaFamily() {
    #expect(worst("logGamma", floor: { _ in 1 }) { SpecialFunctions.logGamma($0[0]) } < 1e-15)
    #expect(worst("digamma", floor: { _ in 1 }) { SpecialFunctions.digamma($0[0]) } < 2e-15)
    #expect(worst("trigamma") { SpecialFunctions.trigamma($0[0]) } < 1e-15)
    #expect(SpecialFunctions.logGamma(0) == .infinity)
    #expect(SpecialFunctions.logGamma(-1).isNaN && SpecialFunctions.digamma(0).isNaN)
    #expect(SpecialFunctions.logGamma(1) == 0 && SpecialFunctions.logGamma(2) == 0)
  }

  @Test("logistic family")
  func logisticFamily() {
    #expect(worst("log1pExp") { SpecialFunctions.log1pExp($0[0]) } < 5e-16)
    #expect(worst("inverseLogit") { SpecialFunctions.inverseLogit($0[0]) } < 5e-16)
    #expect(worst("logit") { SpecialFunctions.logit($0[0]) } < 5e-16)
    #expect(SpecialFunctions.logSumExp(1000, 1000) == 1000.6931471805599)
    #expect(SpecialFunctions.logSumExp(-.infinity, 3) == 3)
    #expect(SpecialFunctions.logSumExp([]) == -.infinity)
    #expect(abs(SpecialFunctions.logSumExp([-1000, -1000, -1000]) - (-1000 + 1.0986122886681098)) < 1e-12)
  }

  @Test("normal distribution")
  func normal() {
    for row in Self.table.rows(named: "normalCDF") {
      let (x, expected) = (row.values[0], row.values[1])
      #expect(abs(SpecialFunctions.normalCDF(x) - expected) <= 2e-16 * (1 + x * x) * expected, "x = \(x)")
    }
    #expect(worst("normalQuantile", floor: { _ in 1e-300 }) { SpecialFunctions.normalQuantile($0[0]) } < 2e-15)
    #expect(SpecialFunctions.normalQuantile(0) == -.infinity && SpecialFunctions.normalQuantile(1) == .infinity)
    #expect(SpecialFunctions.normalQuantile(-0.1).isNaN && SpecialFunctions.normalQuantile(.nan).isNaN)
  }

  /// mpmath 1.3.0 with 40 digits.
  @Test(
    "log of the normal distribution function",
    arguments: [
      (-0.5, -1.1759117615936186089), (-5, -15.064998393988725736), (-9.99, -53.130353745606015337),
      (-10.01, -53.332315610880728371), (-20, -203.91715537109726394), (-37.5, -707.66898931750719107),
      (-50, -1254.8313611394199013), (-1000, -500007.82669481218431), (3, -0.0013508099647481937988),
    ])
  func logNormal(x: Double, expected: Double) {
    #expect(abs(SpecialFunctions.logNormalCDF(x) / expected - 1) < 2e-14)
  }

  @Test("incomplete gamma and beta")
  func incomplete() {
    for name in ["gammaP", "gammaQ"] {
      for row in Self.table.rows(named: name) {
        let (a, x, expected) = (row.values[0], row.values[1], row.values[2])
        let actual =
          name == "gammaP" ? SpecialFunctions.regularizedGammaP(a, x) : SpecialFunctions.regularizedGammaQ(a, x)
        #expect(abs(actual - expected) <= 1e-15 * max(1e3, a * log(a)) * expected, "\(name)(\(a), \(x))")
      }
    }
    #expect(worst("betaI") { SpecialFunctions.regularizedBeta($0[0], $0[1], $0[2]) } < 1e-12)
  }

  @Test("log densities")
  func densities() {
    let countFloor: ([Double]) -> Double = { max(10, $0[0] * log($0[0])) }
    #expect(
      worst("negativeBinomial2", floor: countFloor) {
        Densities.negativeBinomial2(Int($0[0]), mean: $0[1], size: $0[2])
      } < 1e-15)
    #expect(worst("poisson", floor: countFloor) { Densities.poisson(Int($0[0]), mean: $0[1]) } < 1e-15)
    #expect(worst("studentT", floor: { _ in 1 }) { Densities.studentT($0[0], df: $0[1], scale: $0[2]) } < 1e-8)
    #expect(Densities.poisson(0, mean: 0) == 0 && Densities.poisson(1, mean: 0) == -.infinity)
    #expect(Densities.negativeBinomial2(4, mean: 2, size: .infinity) == Densities.poisson(4, mean: 2))
    #expect(Densities.halfNormal(-0.1) == -.infinity)
    #expect(abs(Densities.halfNormal(0.7, scale: 2) - (Densities.normal(0.7, sd: 2) + 0.6931471805599453)) < 1e-15)
  }
}
