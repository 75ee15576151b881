import Foundation
import Inference
import NumericKernels
import Synchronization

/// A normal density with independent coordinates.
struct IndependentNormals: LogDensity {
  let sds: [Double]
  var dimension: Int { sds.count }

  struct Evaluator: LogDensityEvaluator {
    let precisions: [Double]

    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      var sum = 0.0
      for i in q.indices {
        gradient[i] = -precisions[i] * q[i]
        sum += 0.5 * q[i] * gradient[i]
      }
      return sum
    }
  }

  func makeEvaluator() -> Evaluator { Evaluator(precisions: sds.map { 1 / ($0 * $0) }) }
}

/// A normal density of mean (1, 2, ...) with all correlations equal to rho and standard deviations 1, 2, ....
struct EquicorrelatedNormal: LogDensity {
  let dimension: Int
  let rho: Double

  func covariance(_ i: Int, _ j: Int) -> Double { Double((i + 1) * (j + 1)) * (i == j ? 1 : rho) }

  struct Evaluator: LogDensityEvaluator {
    let rho: Double

    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      // The inverse of (1 - rho) I + rho 11' is (I - rho 11' / (1 - rho + n rho)) / (1 - rho).
      let n = Double(q.count)
      var (sum, squares) = (0.0, 0.0)
      for i in q.indices {
        let z = (q[i] - Double(i + 1)) / Double(i + 1)
        sum += z
        squares += z * z
      }
      let share = rho / (1 - rho + n * rho)
      for i in q.indices {
        let z = (q[i] - Double(i + 1)) / Double(i + 1)
        gradient[i] = -(z - share * sum) / (1 - rho) / Double(i + 1)
      }
      return -0.5 * (squares - share * sum * sum) / (1 - rho)
    }
  }

  func makeEvaluator() -> Evaluator { Evaluator(rho: rho) }
}

/// Skewed variates on unconstrained scales: log of a gamma(3, rate 2), logit of a beta(2, 5), log of a log-normal(0.5,
/// 0.4). A symmetric target would hide errors of sign. Draws keep the constrained values.
struct SkewedVariates: LogDensity {
  let dimension = 3
  let variableNames = ["gamma", "beta", "lognormal"]
  /// Means and variances of the three.
  static let means = [1.5, 2.0 / 7, exp(0.5 + 0.08)]
  static let variances = [0.75, 10.0 / (49 * 8), (exp(0.16) - 1) * exp(1 + 0.16)]

  struct Evaluator: LogDensityEvaluator {
    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      let p = 1 / (1 + exp(-q[1]))
      let z = (q[2] - 0.5) / 0.4
      gradient[0] = 3 - 2 * exp(q[0])
      gradient[1] = 2 - 7 * p
      gradient[2] = -z / 0.4
      return 3 * q[0] - 2 * exp(q[0]) + 2 * q[1] - 7 * log1p(exp(q[1])) - 0.5 * z * z
    }

    mutating func variables(
      at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
    ) throws {
      values[0] = exp(q[0])
      values[1] = 1 / (1 + exp(-q[1]))
      values[2] = exp(q[2])
    }
  }

  func makeEvaluator() -> Evaluator { Evaluator() }
}

/// Neal's funnel, non-centred: v ~ N(0, 3²), x = exp(v / 2) z. Draws keep v and the signs and logs of |x|.
struct NonCentredFunnel: LogDensity {
  let dimension = 5
  let variableNames = ["v", "logx[1]", "logx[2]", "logx[3]", "logx[4]"]

  struct Evaluator: LogDensityEvaluator {
    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      var sum = -0.5 * q[0] * q[0] / 9
      gradient[0] = -q[0] / 9
      for i in 1..<5 {
        sum -= 0.5 * q[i] * q[i]
        gradient[i] = -q[i]
      }
      return sum
    }

    mutating func variables(
      at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
    ) throws {
      values[0] = q[0]
      for i in 1..<5 { values[i] = 0.5 * q[0] + log(abs(q[i])) }
    }
  }

  func makeEvaluator() -> Evaluator { Evaluator() }
}

/// A standard normal whose evaluations go wrong as told, counted over all chains.
struct FaultyNormal: LogDensity {
  enum Fault: Sendable {
    case none
    /// Outside the support: NaN, infinite, or a gradient that is not finite, where the first coordinate is above a
    /// bound.
    case value(Double, above: Double)
    case gradientNaN(above: Double)
    /// Throws, for good or recoverably, in this share of evaluations.
    case throwing(share: Double, isRecoverable: Bool)
    /// Throws for good when the chain of this number, counted by evaluators made, has evaluated so often.
    case throwingInEvaluator(Int, after: Int)
  }

  struct Broken: Error, CustomStringConvertible { let description = "the density broke" }
  struct Impossible: RecoverableDensityError, CustomStringConvertible { let description = "a matrix was singular" }

  final class Counters: Sendable {
    let evaluators = Atomic(0)
    let evaluations = Atomic(0)
  }

  let dimension: Int
  let fault: Fault
  /// Cancelled after so many evaluations in all.
  var cancellation: (Cancellation, after: Int)?
  let counters = Counters()

  struct Evaluator: LogDensityEvaluator {
    let fault: Fault
    let cancellation: (Cancellation, after: Int)?
    let number: Int
    let counters: Counters
    var count = 0

    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      count += 1
      let total = counters.evaluations.add(1, ordering: .relaxed).newValue
      var sum = 0.0
      for i in q.indices {
        gradient[i] = -q[i]
        sum -= 0.5 * q[i] * q[i]
      }
      if let (cancellation, after) = cancellation, total == after { cancellation.cancel() }
      switch fault {
      case .none: break
      case .value(let value, let bound):
        if q[0] > bound { return value }
      case .gradientNaN(let bound):
        if q[0] > bound { gradient[0] = .nan }
      case .throwing(let share, let isRecoverable):
        var stream = RandomStream(seed: 7, purpose: UInt32(number), draw: UInt64(count))
        if stream.uniform() < share {
          if isRecoverable { throw Impossible() } else { throw Broken() }
        }
      case .throwingInEvaluator(let bad, let after):
        if number == bad && count > after { throw Broken() }
      }
      return sum
    }
  }

  func makeEvaluator() -> Evaluator {
    Evaluator(
      fault: fault, cancellation: cancellation, number: counters.evaluators.add(1, ordering: .relaxed).oldValue,
      counters: counters)
  }
}

/// Draws of one variable against a known mean: within five Monte Carlo standard errors, if there are draws enough.
struct MeanCheck {
  let ess: Double
  /// The distance to the known mean in standard errors.
  let distance: Double

  init(_ draws: [Double], chains: Int, mean: Double) {
    let row = DrawSummary.Row(name: "x", draws: draws, chains: chains)
    ess = row.bulkESS
    distance = abs(row.mean - mean) / row.mcse
  }

  /// `ess` first: five standard errors say nothing where there are few independent draws.
  func passes(minimumESS: Double = 400) -> Bool { ess > minimumESS && distance < 5 }
}

extension Fit {
  func check(_ name: String, mean: Double, _ transform: (Double) -> Double = { $0 }) throws -> MeanCheck {
    MeanCheck(try draws.draws(of: name).map(transform), chains: draws.chainCount, mean: mean)
  }
}
