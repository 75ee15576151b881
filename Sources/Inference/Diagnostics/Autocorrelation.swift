import Foundation

extension Diagnostics {
  /// The autocorrelation of one chain at lags 0 to `lags`: autocovariances with divisor n over the one at lag 0.
  ///
  /// Figures agree with ArviZ's `autocorr`. NaN at every lag where a draw is not finite or all draws are equal, and
  /// beyond the chain's length. None for a negative `lags`.
  ///
  /// - Complexity: O(draws · lags).
  public static func autocorrelation(_ chain: [Double], lags: Int) -> [Double] {
    if lags < 0 { return [] }
    guard chain.allSatisfy(\.isFinite), let least = chain.min(), let largest = chain.max(), largest > least else {
      return [Double](repeating: .nan, count: lags + 1)
    }
    let mean = chain.reduce(0, +) / Double(chain.count)
    let centred = chain.map { $0 - mean }
    let variance = centred.reduce(0) { $0 + $1 * $1 }
    return (0...lags).map { lag in
      if lag >= centred.count { return .nan }
      var sum = 0.0
      for i in 0..<(centred.count - lag) { sum += centred[i] * centred[i + lag] }
      return sum / variance
    }
  }

  /// The estimated Bayesian fraction of missing information of each chain: how far one momentum draw moves through the
  /// energies there are. Below 0.3 a sampler is too slow in the tails.
  ///
  /// sum of squared successive differences over the sum of squares about the mean (Betancourt 2016, arXiv:1604.00695).
  /// Figures agree with ArviZ's `bfmi`. NaN for fewer than three draws, energies that are not finite or are all equal.
  ///
  /// - Parameters:
  ///   - energy: The Hamiltonian at each draw, chain after chain.
  ///   - chains: How many; none gives no figure, more than there are energies NaN for each.
  public static func energyFraction(_ energy: [Double], chains: Int) -> [Double] {
    if chains < 1 { return [] }
    let length = energy.count / chains
    return (0..<chains).map { chain in
      let values = Array(energy[(chain * length)..<((chain + 1) * length)])
      guard length >= 3, values.allSatisfy(\.isFinite) else { return .nan }
      let squares = sampleVariance(values) * Double(length - 1)
      let moves = zip(values.dropFirst(), values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return squares > 0 ? moves / squares : .nan
    }
  }
}
