import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

/// Reads a file under Resources.
private func table(_ name: String) throws -> ReferenceTable {
  let url = try #require(Bundle.module.url(forResource: name, withExtension: "csv", subdirectory: "Resources"))
  return ReferenceTable([UInt8](try Data(contentsOf: url)))
}

private func agree(_ actual: Double, _ expected: Double, _ tolerance: Double = 1e-9) -> Bool {
  actual == expected || abs(actual - expected) <= tolerance * abs(expected)
}

/// Against ArviZ 0.23.4; `Reference/diagnostics.py` writes draws and figures.
@Suite("Diagnostics")
struct DiagnosticsTests {
  @Test("agree with ArviZ")
  func arviz() throws {
    let rows = try table("diagnostics").rows
    #expect(rows.count == 24)
    for (draws, figures) in stride(from: 0, to: rows.count, by: 2).map({ (rows[$0], rows[$0 + 1]) }) {
      let name = draws.name
      #expect(figures.name == name + ".figures")
      let chains = Int(draws.values[0])
      let x = Array(draws.values.dropFirst(2))
      #expect(x.count == chains * Int(draws.values[1]))
      let expected = figures.values
      let row = DrawSummary.Row(name: name, draws: x, chains: chains)
      let actual = [
        Diagnostics.rHat(x, chains: chains), Diagnostics.bulkESS(x, chains: chains),
        Diagnostics.tailESS(x, chains: chains), Diagnostics.meanESS(x, chains: chains),
        Diagnostics.quantileESS(x, chains: chains, probability: 0.25), Diagnostics.mcseMean(x, chains: chains),
        Diagnostics.mcseSD(x, chains: chains), Diagnostics.mcseQuantile(x, chains: chains, probability: 0.5),
        Diagnostics.mcseQuantile(x, chains: chains, probability: 0.9), row.mean, row.sd, row.q5, row.q50, row.q95,
      ]
      #expect(actual.count == expected.count)
      for (position, (a, e)) in zip(actual, expected).enumerated() {
        #expect(agree(a, e), "\(name), figure \(position): \(a) against ArviZ's \(e)")
      }
      #expect([row.rHat, row.bulkESS, row.tailESS, row.mcse] == [actual[0], actual[1], actual[2], actual[5]])
    }
  }

  @Test("Pareto k agrees with ArviZ")
  func paretoK() throws {
    let rows = try table("pareto").rows
    #expect(rows.count == 14)
    for row in rows {
      let k = paretoKHat(Array(row.values.dropFirst(2)), relativeEfficiency: row.values[0])
      #expect(agree(k, row.values[1]), "\(row.name): \(k) against ArviZ's \(row.values[1])")
    }
  }

  @Test("Pareto k where there is no tail to fit")
  func paretoEdges() {
    #expect(paretoKHat([Double](repeating: -3, count: 100)) == -.infinity)
    #expect(paretoKHat((0..<20).map(Double.init)) == .infinity)
    #expect(paretoKHat([0, .nan]).isNaN)
    #expect(paretoKHat([]).isNaN)
    #expect(paretoKHat([Double](repeating: -.infinity, count: 100)).isNaN)
    // Zero weights below a finite tail take part as zeros.
    let mixed = (0..<200).map { $0 < 100 ? -Double.infinity : Double($0) / 100 }
    #expect(paretoKHat(mixed).isFinite)
  }

  @Test("constant chains: effective sizes are the number of draws, errors 0, R-hat not defined")
  func constant() {
    let x = [Double](repeating: 2.5, count: 80)
    #expect(Diagnostics.rHat(x, chains: 4).isNaN)
    #expect(Diagnostics.bulkESS(x, chains: 4) == 80 && Diagnostics.tailESS(x, chains: 4) == 80)
    #expect(Diagnostics.mcseMean(x, chains: 4) == 0 && Diagnostics.mcseSD(x, chains: 4) == 0)
    #expect(Diagnostics.mcseQuantile(x, chains: 4, probability: 0.5) == 0)
  }

  @Test("chains stuck at different values: R-hat is huge")
  func stuck() {
    let x = (0..<400).map { Double($0 / 100) }
    #expect(Diagnostics.rHat(x, chains: 4) > 1e6)
    #expect(Diagnostics.bulkESS(x, chains: 4) < 8)
  }

  @Test("two values in equal shares have no folded ranks; the ranks speak alone")
  func binary() {
    let x = (0..<400).map { Double(($0 * 7 / 3) % 2) }
    #expect(abs(Diagnostics.rHat(x, chains: 4) - 1) < 0.05)
  }

  @Test("draws that are not finite, or fewer than four, give NaN")
  func undefined() {
    for x in [[1, 2, 3, .nan, 5, 6, 7, 8], [1, 2, 3, .infinity, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6]] {
      #expect(Diagnostics.rHat(x, chains: 2).isNaN && Diagnostics.bulkESS(x, chains: 2).isNaN)
      #expect(Diagnostics.tailESS(x, chains: 2).isNaN && Diagnostics.mcseMean(x, chains: 2).isNaN)
      #expect(Diagnostics.mcseSD(x, chains: 2).isNaN)
      #expect(Diagnostics.mcseQuantile(x, chains: 2, probability: 0.5).isNaN)
    }
    let short = DrawSummary.Row(name: "short", draws: [1, 2, 3, 4, 5, 6], chains: 2)
    #expect(short.mean == 3.5 && short.q50 == 3.5 && short.rHat.isNaN)
    let broken = DrawSummary.Row(name: "broken", draws: [1, .nan, 3, 4, 5], chains: 1)
    #expect(broken.mean.isNaN && broken.q5.isNaN)
  }

  @Test("one chain is split in two")
  func oneChain() {
    let trend = (0..<100).map { Double($0) }
    #expect(Diagnostics.rHat(trend, chains: 1) > 1.5)
  }

  @Test("fast enough for every series of a large panel")
  func speed() {
    var stream = RandomStream(seed: 4, purpose: 1)
    let x = (0..<800).map { _ in stream.normal() }
    let start = ContinuousClock.now
    var sum = 0.0
    for _ in 0..<500 { sum += DrawSummary.Row(name: "x", draws: x, chains: 4).rHat }
    let each = (ContinuousClock.now - start) / 500
    #expect(sum > 0)
    // Below 0.1 ms on one core of a quiet machine; the bound leaves room for a loaded one.
    #expect(each < .milliseconds(3), "one variable of 4 x 200 draws took \(each)")
  }
}
