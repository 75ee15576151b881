import DemandData
import Testing

/// A small generator of reproducible integers (SplitMix64), so that tests need no other module.
struct TestNumbers: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct EmpiricalDistributionTests {
  @Test func talliesDraws() {
    let distribution = EmpiricalDistribution(draws: [3, 0, 3, 7, 0, 0])
    #expect(distribution.values == [0, 3, 7] && distribution.counts == [3, 2, 1])
    #expect(distribution.drawCount == 6)
    #expect(distribution.mean == 13.0 / 6)
  }

  /// The definition, on the sorted draws: the smallest element with at least a share p at or below it.
  @Test func quantilesInvertTheDistributionFunction() {
    var numbers = TestNumbers(state: 1)
    for size in [1, 2, 7, 20, 128, 500] {
      let draws = (0..<size).map { _ in Int.random(in: -3...12, using: &numbers) }
      let distribution = EmpiricalDistribution(draws: draws)
      let sorted = draws.sorted()
      // Numerators over 1000 keep the reference in whole numbers: p = k / 1000.
      let numerators = [0, 1, 5, 25, 165, 250, 500, 750, 835, 900, 975, 995, 1000]
      let expected = numerators.map { k in sorted[max(0, (k * size + 999) / 1000 - 1)] }
      #expect(distribution.quantiles(numerators.map { Double($0) / 1000 }) == expected)
      #expect(numerators.map { distribution.quantile(Double($0) / 1000) } == expected)
    }
  }

  @Test func cumulativeSharesBelowAndUpTo() {
    let distribution = EmpiricalDistribution(draws: [1, 1, 4, 9])
    #expect(distribution.cumulative(at: 0) == (0, 0))
    #expect(distribution.cumulative(at: 1) == (0, 0.5))
    #expect(distribution.cumulative(at: 3) == (0.5, 0.5))
    #expect(distribution.cumulative(at: 9) == (0.75, 1))
    #expect(distribution.cumulative(at: 10) == (1, 1))
  }
}

@Suite struct NodeForecastTests {
  static let node = Node(pair: LevelPair(product: 1, location: 2), product: 3, location: 4)

  static var forecast: NodeForecast {
    var numbers = TestNumbers(state: 5)
    let days = (0..<6).map { day in
      EmpiricalDistribution(draws: (0..<64).map { _ in Int.random(in: -2...(1 << (day * 8)), using: &numbers) })
    }
    return NodeForecast(node: node, days: days, total: EmpiricalDistribution(draws: [Int.max / 4, 0, -1]))
  }

  @Test func packsAndUnpacks() throws {
    let forecast = Self.forecast
    #expect(try NodeForecast(node: Self.node, packed: forecast.packed()) == forecast)
    let none = NodeForecast(node: Self.node, days: [], total: EmpiricalDistribution(draws: [0]))
    #expect(try NodeForecast(node: Self.node, packed: none.packed()) == none)
  }

  @Test func everyTruncationThrows() {
    let bytes = Self.forecast.packed()
    for length in 0..<bytes.count {
      #expect(throws: ForecastDecodingError.self) { try NodeForecast(node: Self.node, packed: bytes.prefix(length)) }
    }
  }

  @Test func newerFormatsAndRubbishThrow() {
    var bytes = Self.forecast.packed()
    bytes[0] = 2
    #expect(throws: ForecastDecodingError.self) { try NodeForecast(node: Self.node, packed: bytes) }
    #expect(throws: ForecastDecodingError.self) {
      try NodeForecast(node: Self.node, packed: [1] + [UInt8](repeating: 0xFF, count: 40))
    }
  }

  /// Two steps of 2^62 each, whose sum is no integer any more, must throw as well.
  @Test func valuesBeyondIntegersThrow() {
    let step = [UInt8](repeating: 0x80, count: 9) + [0x01]  // zigzag of 2^62
    let bytes: [UInt8] = [1, 0, 4] + step + [2] + step + [2]
    #expect(throws: ForecastDecodingError.self) {
      try NodeForecast(node: Self.node, packed: bytes)
    }
  }

  /// No byte string may crash the reader: it is what a damaged database holds.
  @Test func damagedBytesNeverCrash() {
    var numbers = TestNumbers(state: 9)
    let whole = Self.forecast.packed()
    var read = 0
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<3 {
        bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
      }
      if (try? NodeForecast(node: Self.node, packed: bytes)) != nil { read += 1 }
    }
    #expect(read < 3000)
  }
}
