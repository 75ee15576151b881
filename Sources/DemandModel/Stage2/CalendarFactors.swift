import DemandData
import Foundation

/// Calendar factors `exp(log s)` of every group over the days that series see, for each stage-1 draw and for their mean.
struct CalendarFactors: Sendable {
  /// Day index in the panel of the first factor.
  let window: Int
  let dayCount: Int
  let groupCount: Int
  let drawCount: Int
  /// `[draw][group][day]`, then the mean calendar `[group][day]`.
  private let values: [Double]

  init(groups: GroupPosterior, panel: Panel, historyDays: Int) {
    let known = groups.firstDay - panel.firstDay
    window = max(0, known, panel.dayCount - historyDays)
    dayCount = max(0, panel.dayCount - window)
    groupCount = groups.groups.count
    drawCount = groups.keptDraws
    var values = [Double](repeating: 0, count: (drawCount + 1) * groupCount * dayCount)
    for group in 0..<groupCount {
      let mean = (drawCount * groupCount + group) * dayCount
      for draw in 0..<drawCount {
        let source = groups.calendarRange(draw: draw, group: group).lowerBound + window - known
        let target = (draw * groupCount + group) * dayCount
        for day in 0..<dayCount {
          let value = Double(groups.logCalendar[source + day])
          values[target + day] = exp(value)
          values[mean + day] += value
        }
      }
      for day in 0..<dayCount { values[mean + day] = exp(values[mean + day] / Double(drawCount)) }
    }
    self.values = values
  }

  /// The factors of one group as pointers, valid during `body`.
  func withGroup<Result>(_ group: Int, from day: Int, _ body: (GroupFactors) -> Result) -> Result {
    values.withUnsafeBufferPointer { buffer in
      let first = buffer.baseAddress! + group * dayCount + (day - window)
      return body(GroupFactors(first: first, stride: groupCount * dayCount, drawCount: drawCount))
    }
  }
}

/// One group's calendar factors from a series' first day on.
struct GroupFactors {
  let first: UnsafePointer<Double>
  let stride: Int
  let drawCount: Int

  func draw(_ draw: Int) -> UnsafePointer<Double> { first + draw * stride }
  /// `exp` of the posterior mean of the log calendar.
  var mean: UnsafePointer<Double> { first + drawCount * stride }
}
