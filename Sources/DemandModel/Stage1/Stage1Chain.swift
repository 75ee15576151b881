import DemandData
import Foundation
import Inference
import NumericKernels

/// One Markov chain of stage 1: blocked Gibbs, a sweep being one update of every unknown.
///
/// Each step draws from an exact conditional distribution, or leaves it invariant; its file says which. A sweep's random
/// numbers are the stream (seed, stage1, chain, sweep), so chains are independent of each other and of threads.
package struct Stage1Chain: Sendable {
  package var model: Stage1Model
  package var state: Stage1State
  var stream: RandomStream
  var dailyWorkspace: DailyShockWorkspace
  var levelWorkspace: LevelWorkspace
  var calendarWorkspace: CalendarWorkspace
  /// What failed last, for the error message.
  private(set) var step = ""

  /// A chain that continues from `state`.
  package init(model: Stage1Model, state: Stage1State, stream: RandomStream) {
    self.model = model
    self.state = state
    self.stream = stream
    dailyWorkspace = DailyShockWorkspace(model: model)
    levelWorkspace = LevelWorkspace(model: model)
    calendarWorkspace = CalendarWorkspace(model: model, days: dailyWorkspace.days)
  }

  /// A chain at an overdispersed start: scales from a wide band about their priors, paths about the data's weekly means.
  package init(model: Stage1Model, seed: UInt64, chain: Int) {
    var stream = Self.stream(seed: seed, chain: chain, sweep: 0)
    let state = Stage1State(startOf: model, using: &stream)
    self.init(model: model, state: state, stream: stream)
  }

  static func stream(seed: UInt64, chain: Int, sweep: Int) -> RandomStream {
    RandomStream(
      seed: seed, purpose: StreamPurpose.stage1.rawValue, index: 0, chain: UInt32(chain), draw: UInt64(sweep))
  }

  /// One sweep with the random numbers of `stream`.
  package mutating func sweep(using stream: RandomStream) throws(NotPositiveDefinite) {
    self.stream = stream
    step = "log rates"
    sampleLogRates()
    shiftLevels()
    rescaleOwnNoise()
    step = "daily shocks"
    try sampleDailyShocks()
    try centreDailyShocks()
    step = "trend"
    try sampleTrend()
    sampleOwnWeeklyScale()
    step = "levels and coefficients"
    for group in 0..<model.groupCount {
      try sampleLevel(group: group)
      try sampleCoefficients(group: group)
    }
    step = "pooled coefficients"
    try samplePooledCoefficients()
    try interweaveCoefficients()
    for group in 0..<model.groupCount { state.updateFit(group: group, model: model) }
    step = "weekly shocks"
    try sampleWeeklyShocks()
    try interweaveWeeklyShocks()
  }
}
