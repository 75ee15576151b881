import DemandData
import Foundation
import NumericKernels

/// Simulated sales of one series, draw by draw.
///
/// A path goes on from its draw's level and shelf state. Each day, with `s` the group's factor (calendar, trend, shared
/// shocks) times the series' own weekday factor,
///
///     there  <- leaves with probability a, comes back with b                       the truth of this path
///     on     <- on (1 - a) + (1 - on) b                                            what its sales say of it
///     y      ~  NB2(level s, phi') if there, else 0
///     on     <- P(on | y);    level <- level + alpha on (y / s - level)
///
/// as in fitting, where the state is as hidden, but for one thing: there `s` is the calendar alone, so that levels
/// follow the shared shocks, which here are in `s` and go on by themselves. Given `on`, both the path's counts and its
/// level have the mean that they had: `E[on (y / s - level)] = 0`. On closed days nothing is sold and the level stands
/// still.
struct SeriesPath {
  /// Means are kept above this, as in fitting.
  static let smallestMean = 1e-4

  private let draws: SeriesDraws
  private let group: Int
  private let identity: UInt64
  private let isClosed: [Bool]
  private let weekdays: [Int]
  /// `[archived draw][weekday]`.
  private let weekdayFactors: [Double]

  init(draws: SeriesDraws, group: Int, identity: UInt64, isClosed: [Bool], weekdays: [Int]) {
    self.draws = draws
    self.group = group
    self.identity = identity
    self.isClosed = isClosed
    self.weekdays = weekdays
    let first = SeriesDraws.Field.monday.rawValue
    weekdayFactors = (0..<draws.drawCount).flatMap { draw in
      (0..<7).map { exp(Double(draws.values[draw * SeriesDraws.Field.allCases.count + first + $0])) }
    }
  }

  /// Writes the units of joint draw `draw`, day `h` at `position + h * stride`.
  func simulate(
    draw: Int, paths: GroupPaths, budget: NoiseBudget, seed: UInt64, into units: inout [Int32], at position: Int,
    stride: Int
  ) {
    let archived = draw % draws.drawCount
    func value(_ field: SeriesDraws.Field) -> Double { Double(draws.value(field, draw: archived)) }
    let alpha = value(.alpha)
    let leave = value(.leave)
    let comeBack = value(.comeBack)
    let count = DailyCount(inverseSize: budget.inverseSize(size: value(.size), draw: archived, group: group))
    var level = value(.level)
    var on = value(.onShelf)
    var stream = RandomStream(
      seed: seed, purpose: StreamPurpose.seriesPaths.rawValue, index: identity, draw: UInt64(draw))
    var isThere = stream.uniform() < on
    let factor = paths.start(group: group, draw: draw)
    let weekday = archived * 7
    var position = position
    for day in weekdays.indices {
      let turn = stream.uniform()
      isThere = isThere ? turn >= leave : turn < comeBack
      on = on * (1 - leave) + (1 - on) * comeBack
      var y = 0
      if !isClosed[day] {
        let s = paths.factor(at: factor + day) * weekdayFactors[weekday + weekdays[day]]
        let mean = max(level * s, Self.smallestMean)
        var zero = 0.0
        if isThere {
          y = count.sample(mean: mean, from: &stream, zero: &zero)
        } else {
          zero = count.zeroProbability(mean: mean)
        }
        if y == 0 {
          let unseen = on * zero
          on = unseen > 0 ? unseen / (unseen + 1 - on) : 0
          level -= alpha * on * level
        } else {
          on = 1
          level += alpha * (Double(y) / s - level)
        }
      }
      units[position] = Int32(clamping: y)
      position += stride
    }
  }
}
