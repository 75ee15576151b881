import Foundation

/// Where divergent transitions ended, variable by variable: which of them drives the sampler into trouble, and at which
/// end.
public struct DivergencePlace: Sendable, Equatable {
  public let name: String
  /// The mean of the divergent draws' ranks among all draws of the variable, 0 for the smallest to 1 for the largest.
  public let meanRank: Double
  /// How far that lies from 1/2 in standard errors of as many independent ranks.
  public let score: Double

  /// The variables in which divergent draws differ most from the others, most telling first; none without divergences.
  ///
  /// - Parameters:
  ///   - draws: Variables of the model.
  ///   - divergent: Whether each draw came of a divergent transition, chain after chain; with another number of flags
  ///     than draws nothing can be told, and none is given.
  public static func find(in draws: Draws, divergent: [Bool]) -> [DivergencePlace] {
    let count = divergent.count { $0 }
    guard divergent.count == draws.chainCount * draws.drawCount, count > 0, divergent.count > 1 else { return [] }
    let places: [DivergencePlace] = draws.names.indices.compactMap { variable in
      let values = Array(draws[variable])
      guard values.allSatisfy(\.isFinite) else { return nil }
      let sorted = values.sorted()
      guard sorted[0] < sorted[sorted.count - 1] else { return nil }
      var sum = 0.0
      for (value, flag) in zip(values, divergent) where flag {
        let (below, upTo) = (sorted.firstIndex(above: value, inclusive: true), sorted.firstIndex(above: value))
        sum += 0.5 * Double(below + upTo - 1) / Double(values.count - 1)
      }
      let mean = sum / Double(count)
      return DivergencePlace(
        name: draws.names[variable], meanRank: mean, score: abs(mean - 0.5) * (12 * Double(count)).squareRoot())
    }
    return places.sorted { $0.score > $1.score }
  }

  /// In words, such as "where tau is small".
  public var phrase: String { "where \(name) is \(meanRank < 0.5 ? "small" : "large")" }
}

extension Array where Element == Double {
  /// The first index of an ascending array whose value is above (inclusive: not below) the bound.
  fileprivate func firstIndex(above bound: Double, inclusive: Bool = false) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] > bound || inclusive && self[middle] == bound { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
