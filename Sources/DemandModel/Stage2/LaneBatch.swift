import CNumericKernels
import NumericKernels

/// Sixteen parameter vectors of one series and what a pass over its days finds of them.
///
/// The buffers belong to one worker and are used again for every series. A class for their sake: it owns them, and is
/// deliberately not Sendable.
final class LaneBatch {
  static let lanes = Int(CNK_LANES)
  static let half = Int(CNK_HALF)

  /// `[parameter][lane]`
  private let theta: UnsafeMutablePointer<Double>
  /// `[lane]` each.
  private let logLikelihoods: UnsafeMutablePointer<Double>
  private let levels: UnsafeMutablePointer<Double>
  private let onShelves: UnsafeMutablePointer<Double>

  init() {
    theta = .allocate(capacity: SeriesParameter.count * Self.lanes)
    theta.initialize(repeating: 0, count: SeriesParameter.count * Self.lanes)
    logLikelihoods = .allocate(capacity: Self.lanes)
    logLikelihoods.initialize(repeating: 0, count: Self.lanes)
    levels = .allocate(capacity: Self.lanes)
    levels.initialize(repeating: 0, count: Self.lanes)
    onShelves = .allocate(capacity: Self.lanes)
    onShelves.initialize(repeating: 0, count: Self.lanes)
  }

  deinit {
    theta.deallocate()
    logLikelihoods.deallocate()
    levels.deallocate()
    onShelves.deallocate()
  }

  /// One pass for whatever stands in the lanes; the halves may have calendars of their own.
  func run(
    _ series: UnsafePointer<cnk_series>, factors first: UnsafePointer<Double>, _ second: UnsafePointer<Double>
  ) {
    cnk_series_pass(series, first, second, theta, logLikelihoods, levels, onShelves)
  }

  func set(_ lane: Int, _ vector: [Double]) {
    precondition(lane < Self.lanes && vector.count == SeriesParameter.count)
    for parameter in 0..<SeriesParameter.count { theta[parameter * Self.lanes + lane] = vector[parameter] }
  }

  func vector(_ lane: Int) -> [Double] {
    (0..<SeriesParameter.count).map { theta[$0 * Self.lanes + lane] }
  }

  /// Log likelihood plus log prior of a lane; minus infinity where either is not a number.
  func logPosterior(_ lane: Int, prior: NormalPrior) -> Double {
    var sum = logLikelihoods[lane]
    for parameter in 0..<SeriesParameter.count {
      let z = (theta[parameter * Self.lanes + lane] - prior.mean[parameter]) / prior.sd[parameter]
      sum -= 0.5 * z * z
    }
    return sum.isFinite ? sum : -.infinity
  }

  /// Whether the lane's last level and shelf state can be forecast from.
  func isUsable(_ lane: Int) -> Bool { levels[lane].isFinite && onShelves[lane].isFinite }

  func logLikelihood(_ lane: Int) -> Double { logLikelihoods[lane] }
  func level(_ lane: Int) -> Double { levels[lane] }
  func onShelf(_ lane: Int) -> Double { onShelves[lane] }
}

/// The log posterior of one series under a working prior, evaluated on many points for one calendar.
struct SeriesTarget {
  let series: UnsafePointer<cnk_series>
  let batch: LaneBatch
  let prior: NormalPrior

  /// Log posterior (log likelihood plus log working prior, up to constants) at every point.
  func logPosteriors(_ points: [[Double]], factors: UnsafePointer<Double>) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(points.count)
    for first in stride(from: 0, to: points.count, by: LaneBatch.lanes) {
      let used = min(LaneBatch.lanes, points.count - first)
      for lane in 0..<LaneBatch.lanes { batch.set(lane, points[first + min(lane, used - 1)]) }
      batch.run(series, factors: factors, factors)
      for lane in 0..<used { values.append(batch.logPosterior(lane, prior: prior)) }
    }
    return values
  }
}
