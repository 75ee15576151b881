import Foundation

extension RandomStream {
  /// A Poisson variate.
  ///
  /// Means below 10 by sequential inversion, larger ones by Hörmann's transformed rejection PTRS (1993), at most about
  /// 1.2 trials each. `mean` must be finite, at least 0 and at most 1e9.
  @inlinable
  public mutating func poisson(_ mean: Double) -> Int {
    precondition(mean >= 0 && mean <= 1e9, "poisson needs a mean between 0 and 1e9")
    return mean < 10 ? poissonByInversion(mean) : poissonByRejection(mean)
  }

  @inlinable
  mutating func poissonByInversion(_ mean: Double) -> Int {
    // The probability in hand shrinks by each term in turn. Terms beyond 10 + 12 standard deviations have no mass at
    // the resolution of one uniform, so the search is bounded.
    var remaining = uniform()
    var term = exp(-mean)
    var count = 0
    while remaining > term && count < 110 {
      remaining -= term
      count += 1
      term *= mean / Double(count)
    }
    return count
  }

  @inlinable
  mutating func poissonByRejection(_ mean: Double) -> Int {
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let squeeze = 0.9277 - 3.6224 / (b - 2)
    let logMean = log(mean)
    while true {
      let u = uniform() - 0.5
      let v = uniform()
      let distance = 0.5 - abs(u)
      let candidate = ((2 * a / distance + b) * u + mean + 0.43).rounded(.down)
      if distance >= 0.07 && v <= squeeze { return Int(candidate) }
      if candidate < 0 || (distance < 0.013 && v > distance) { continue }
      let logTarget = candidate * logMean - mean - SpecialFunctions.logGamma(candidate + 1)
      if log(v * inverseAlpha / (a / (distance * distance) + b)) <= logTarget { return Int(candidate) }
    }
  }

  /// A negative binomial variate with variance `mean + mean^2 / size`: Poisson with a gamma mean.
  ///
  /// An infinite `size` is the Poisson. `mean` must be at least 0; the mixed mean is cut at 1e9.
  @inlinable
  public mutating func negativeBinomial(mean: Double, size: Double) -> Int {
    precondition(mean >= 0 && size > 0, "negativeBinomial needs mean >= 0 and size > 0")
    if mean == 0 { return 0 }
    if size == .infinity { return poisson(min(mean, 1e9)) }
    return poisson(min(gamma(shape: size) * (mean / size), 1e9))
  }

  /// A binomial variate: successes in `n` trials of probability `p`.
  ///
  /// Small `n` by inversion; larger ones are halved by an order statistic of the uniforms, which is beta distributed
  /// (Relles 1972; Ahrens and Dieter 1974), so the cost is O(log n).
  @inlinable
  public mutating func binomial(n: Int, p: Double) -> Int {
    precondition(n >= 0 && p >= 0 && p <= 1, "binomial needs n >= 0 and 0 <= p <= 1")
    var trials = n
    var probability = p
    var successes = 0
    while trials > 16 {
      if probability <= 0 { return successes }
      if probability >= 1 { return successes + trials }
      let rank = trials / 2 + 1
      let pivot = beta(Double(rank), Double(trials - rank + 1))
      if pivot <= probability {
        successes += rank
        trials -= rank
        probability = pivot < 1 ? min(1, (probability - pivot) / (1 - pivot)) : 0
      } else {
        trials = rank - 1
        probability = min(1, probability / pivot)
      }
    }
    for _ in 0..<trials where uniform() < probability { successes += 1 }
    return successes
  }

  /// Counts of `n` items dropped into cells with probabilities proportional to `weights`, by conditional binomials.
  ///
  /// `weights` must be finite, at least 0 and not all 0. Fills `counts`, which must be as long as `weights`.
  @inlinable
  public mutating func multinomial(n: Int, weights: [Double], into counts: inout [Int]) {
    precondition(counts.count == weights.count, "multinomial needs one count per weight")
    var last = -1
    for (cell, weight) in weights.enumerated() {
      precondition(weight >= 0 && weight.isFinite, "multinomial needs finite weights >= 0")
      if weight > 0 { last = cell }
      counts[cell] = 0
    }
    precondition(last >= 0, "multinomial needs a positive weight")
    var items = n
    // The weight still to come is kept by subtraction, and summed afresh whenever it has shrunk so far that rounding
    // in the subtractions could matter.
    var total = 0.0
    var exactTotal = 0.0
    for cell in 0..<last where items > 0 && weights[cell] > 0 {
      if total <= 1e-3 * exactTotal || exactTotal == 0 {
        total = 0
        for later in cell...last { total += weights[later] }
        exactTotal = total
      }
      let taken = binomial(n: items, p: min(1, weights[cell] / total))
      counts[cell] = taken
      items -= taken
      total -= weights[cell]
    }
    counts[last] = items
  }

  /// Counts of `n` items dropped into cells with probabilities proportional to `weights`.
  @inlinable
  public mutating func multinomial(n: Int, weights: [Double]) -> [Int] {
    var counts = [Int](repeating: 0, count: weights.count)
    multinomial(n: n, weights: weights, into: &counts)
    return counts
  }
}
