import Foundation
import NumericKernels
import TestSupport
import Testing

/// Chi-square tests with fixed seeds against the probability functions, which other tests check.
@Suite("Discrete variates")
struct DiscreteVariateTests {
  /// p-value of `count` draws against a probability function on 0, 1, ..., tails pooled into the end cells.
  private func fit(
    count: Int = 50_000, range: ClosedRange<Int>, index: UInt64, logProbability: (Int) -> Double,
    draw: (inout RandomStream) -> Int
  ) -> Double {
    var stream = RandomStream(seed: 77, purpose: 2, index: index)
    var counts = [Int](repeating: 0, count: range.count)
    for _ in 0..<count { counts[min(max(draw(&stream), range.lowerBound), range.upperBound) - range.lowerBound] += 1 }
    var probabilities = range.map { exp(logProbability($0)) }
    if range.lowerBound > 0 {
      probabilities[0] += (0..<range.lowerBound).reduce(0) { $0 + exp(logProbability($1)) }
    }
    probabilities[probabilities.count - 1] += max(0, 1 - probabilities.reduce(0, +))
    return GoodnessOfFit.chiSquare(counts: counts, probabilities: probabilities)
  }

  @Test("Poisson, both methods", arguments: [0.01, 0.7, 3.0, 9.99, 10.0, 25.0, 300.0, 5000.0])
  func poisson(mean: Double) {
    let reach = 6 * mean.squareRoot() + 6
    let range = max(0, Int(mean - reach))...Int(mean + reach)
    let p = fit(range: range, index: 1) {
      Densities.poisson($0, mean: mean)
    } draw: {
      $0.poisson(mean)
    }
    #expect(p > 1e-3)
  }

  @Test("Poisson at the extremes")
  func extremePoisson() {
    var stream = RandomStream(seed: 1, purpose: 3)
    #expect((0..<100).allSatisfy { _ in stream.poisson(0) == 0 })
    let draws = (0..<4000).map { _ in Double(stream.poisson(1e9)) }
    let mean = draws.reduce(0, +) / 4000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    #expect(abs(mean - 1e9) < 4 * (1e9 / 4000).squareRoot())
    #expect(abs(variance / 1e9 - 1) < 4 * (2.0 / 4000).squareRoot())
  }

  @Test("negative binomial", arguments: [(0.3, 0.2), (2.0, 1.5), (4.0, 50.0), (120.0, 3.0), (6.0, .infinity)])
  func negativeBinomial(mean: Double, size: Double) {
    let reach = 8 * (mean + mean * mean / size).squareRoot() + 6
    let p = fit(range: 0...Int(mean + reach), index: 2) {
      Densities.negativeBinomial2($0, mean: mean, size: size)
    } draw: {
      $0.negativeBinomial(mean: mean, size: size)
    }
    #expect(p > 1e-3)
  }

  @Test("binomial", arguments: [(1, 0.3), (16, 0.5), (17, 0.02), (100, 0.9), (5000, 0.37)])
  func binomial(n: Int, p: Double) {
    let value = fit(range: 0...n, index: 3) { k in
      let (x, total) = (Double(k), Double(n))
      return SpecialFunctions.logGamma(total + 1) - SpecialFunctions.logGamma(x + 1)
        - SpecialFunctions.logGamma(total - x + 1) + x * log(p) + (total - x) * log1p(-p)
    } draw: {
      $0.binomial(n: n, p: p)
    }
    #expect(value > 1e-3)
  }

  @Test("binomial and multinomial at the edges")
  func edges() {
    var stream = RandomStream(seed: 1, purpose: 4)
    #expect(stream.binomial(n: 1_000_000, p: 0) == 0)
    #expect(stream.binomial(n: 1_000_000, p: 1) == 1_000_000)
    #expect(stream.binomial(n: 0, p: 0.4) == 0)
    #expect(stream.multinomial(n: 9, weights: [0, 2, 0]) == [0, 9, 0])
    let counts = stream.multinomial(n: 20_000, weights: [1e20, 0, 3, 1])
    #expect(counts == [20_000, 0, 0, 0])
  }

  @Test("multinomial cells are binomial and add up, also after a weight that dwarfs the rest")
  func multinomial() {
    var stream = RandomStream(seed: 1, purpose: 5)
    var totals = [0, 0, 0, 0]
    for _ in 0..<2000 {
      let counts = stream.multinomial(n: 25, weights: [3, 1, 4, 2])
      #expect(counts.reduce(0, +) == 25)
      for i in 0..<4 { totals[i] += counts[i] }
    }
    #expect(GoodnessOfFit.chiSquare(counts: totals, probabilities: [0.3, 0.1, 0.4, 0.2]) > 1e-3)
    // Given that items passed the heavy cell, 3 in 4 fall into the next.
    var light = [0, 0]
    for _ in 0..<200 {
      let counts = stream.multinomial(n: 1_000_000_000, weights: [1e7, 3, 1])
      light[0] += counts[1]
      light[1] += counts[2]
    }
    #expect(abs(Double(light[0] + light[1]) - 80_000) < 4 * 80_000.0.squareRoot())
    #expect(GoodnessOfFit.chiSquare(counts: light, probabilities: [0.75, 0.25]) > 1e-3)
  }

  @Test("integers and shuffles are uniform")
  func integersAndShuffles() {
    var stream = RandomStream(seed: 1, purpose: 6)
    let integers = (0..<30_000).map { _ in stream.integer(below: 7) }
    #expect(GoodnessOfFit.uniformRanks(integers, cells: 7) > 1e-3)
    var orders = [Int](repeating: 0, count: 6)
    for _ in 0..<12_000 {
      var elements = [0, 1, 2]
      stream.shuffle(&elements)
      orders[elements[0] * 2 + (elements[1] < elements[2] ? 0 : 1)] += 1
    }
    #expect(GoodnessOfFit.chiSquare(counts: orders, probabilities: .init(repeating: 1.0 / 6, count: 6)) > 1e-3)
  }
}
