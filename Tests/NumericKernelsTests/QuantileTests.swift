import NumericKernels
import TestSupport
import Testing

@Suite("Empirical quantiles")
struct QuantileTests {
  /// Against numpy.quantile with methods inverted_cdf and linear; `Reference/quantiles.py` writes the figures.
  @Test("agree with numpy")
  func numpy() {
    let rows = ReferenceTable(PackageResources.quantiles_csv).rows
    #expect(rows.count == 190)
    for row in rows {
      let (n, p) = (Int(row.values[0]), row.values[1])
      let sample = (1...n).map { Double($0 * $0) }
      #expect(EmpiricalQuantile.inverse(sample, p) == row.values[2], "n = \(n), p = \(p)")
      #expect(abs(EmpiricalQuantile.linear(sample, p) - row.values[3]) <= 1e-12 * row.values[3], "n = \(n), p = \(p)")
    }
  }

  @Test("the inverse takes samples of integers and slices")
  func integers() {
    let counts = [7, 0, 0, 1, 3]
    #expect(EmpiricalQuantile.inverse(counts[1...], 0.5) == 0)
    #expect(EmpiricalQuantile.inverse(counts[1...], 0.75) == 1)
  }
}
