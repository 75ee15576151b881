import Foundation

/// Chains cut in half, so that a trend within a chain shows as a difference between chains; the middle draw of an odd
/// length is left out. Layout: half-chain after half-chain.
struct SplitChains {
  var values: [Double]
  let chainCount: Int
  let length: Int

  init(_ draws: [Double], chainCount chains: Int) {
    let drawCount = draws.count / chains
    length = drawCount / 2
    chainCount = 2 * chains
    if drawCount == 2 * length {
      values = draws
    } else {
      var halves: [Double] = []
      halves.reserveCapacity(2 * length * chains)
      for chain in 0..<chains {
        let first = chain * drawCount
        halves += draws[first..<(first + length)]
        halves += draws[(first + drawCount - length)..<(first + drawCount)]
      }
      values = halves
    }
  }

  init(values: [Double], chainCount: Int, length: Int) {
    self.values = values
    self.chainCount = chainCount
    self.length = length
  }

  /// The mean of every chain.
  private var chainMeans: [Double] {
    (0..<chainCount).map { chain in
      var sum = 0.0
      for i in (chain * length)..<((chain + 1) * length) { sum += values[i] }
      return sum / Double(length)
    }
  }

  /// R-hat: sqrt((B / W + n - 1) / n), with B and W the between- and within-chain variance (Gelman and Rubin 1992, in
  /// the form of Vehtari et al. 2021). NaN where all values are equal; without bound where only the chains differ.
  var rHat: Double {
    let means = chainMeans
    let n = Double(length)
    var within = 0.0
    for chain in 0..<chainCount {
      var squares = 0.0
      for i in (chain * length)..<((chain + 1) * length) {
        let deviation = values[i] - means[chain]
        squares += deviation * deviation
      }
      within += squares / (n - 1)
    }
    within /= Double(chainCount)
    return ((n * sampleVariance(means) / within + n - 1) / n).squareRoot()
  }

  /// The effective sample size of the mean: m n / τ, τ from Geyer's initial monotone sequence over the chains' common
  /// autocorrelation (Vehtari et al. 2021, eqs. 10 to 13). At most m n log10(m n); m n where all values are equal.
  ///
  /// Autocovariances are summed directly, two lags at a time for as long as the sequence goes on, so chains that mix
  /// cost O(draws), and the worst case O(draws · length).
  var effectiveSampleSize: Double {
    let total = Double(chainCount * length)
    guard let lowest = values.min(), let highest = values.max() else { return .nan }
    // ArviZ's threshold for a constant: the decimal resolution of doubles.
    if highest - lowest < 1e-15 { return total }
    let n = Double(length)
    let means = chainMeans
    var centred = values
    for chain in 0..<chainCount {
      for i in (chain * length)..<((chain + 1) * length) { centred[i] -= means[chain] }
    }
    let variance = Self.meanAutocovariance(centred, chainCount, length, lag: 0) * n / (n - 1)
    let variancePlus = variance * (n - 1) / n + sampleVariance(means)
    func correlation(_ lag: Int) -> Double {
      1 - (variance - Self.meanAutocovariance(centred, chainCount, length, lag: lag)) / variancePlus
    }
    var even = 1.0
    var odd = correlation(1)
    var rho = [even, odd]
    var t = 1
    // Geyer's initial positive sequence: pairs of lags while their sum is positive.
    while t < length - 3 && even + odd > 0 {
      even = correlation(t + 1)
      odd = correlation(t + 2)
      if even + odd >= 0 {
        rho.append(even)
        rho.append(odd)
      } else {
        rho.append(0)
        rho.append(0)
      }
      t += 2
    }
    let last = t - 2
    if even > 0 { rho[last + 1] = even }
    // Geyer's initial monotone sequence: no pair above the one before.
    t = 1
    while t <= last - 2 {
      let previous = rho[t - 1] + rho[t]
      if rho[t + 1] + rho[t + 2] > previous {
        rho[t + 1] = previous / 2
        rho[t + 2] = previous / 2
      }
      t += 2
    }
    var sum = 0.0
    for lag in 0..<(last + 1) { sum += rho[lag] }
    let time = max(-1 + 2 * sum + rho[last + 1], 1 / log10(total))
    return total / time
  }

  /// The lag's autocovariance with divisor n, averaged over the chains.
  private static func meanAutocovariance(_ centred: [Double], _ chainCount: Int, _ length: Int, lag: Int) -> Double {
    centred.withUnsafeBufferPointer { x in
      var sums = SIMD4<Double>.zero
      var rest = 0.0
      for chain in 0..<chainCount {
        let first = chain * length
        let end = first + length - lag
        var i = first
        while i + 4 <= end {
          let left = SIMD4(x[i], x[i + 1], x[i + 2], x[i + 3])
          let right = SIMD4(x[i + lag], x[i + lag + 1], x[i + lag + 2], x[i + lag + 3])
          sums += left * right
          i += 4
        }
        while i < end {
          rest += x[i] * x[i + lag]
          i += 1
        }
      }
      return ((sums[0] + sums[1]) + (sums[2] + sums[3]) + rest) / Double(length * chainCount)
    }
  }
}

/// The variance with divisor n - 1; 0 for one value.
func sampleVariance(_ values: [Double]) -> Double {
  if values.count < 2 { return 0 }
  var mean = 0.0
  for value in values { mean += value }
  mean /= Double(values.count)
  var squares = 0.0
  for value in values { squares += (value - mean) * (value - mean) }
  return squares / Double(values.count - 1)
}
