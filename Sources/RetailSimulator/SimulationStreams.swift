import DemandModel
import NumericKernels

/// The random streams of the retail simulator: one per component and object, so that adding a component or changing
/// the number of threads moves no other number.
struct SimulationStreams: Sendable {
  enum Component: UInt32 {
    case popularity, storeSize, seriesLevel, dispersion, trend, weeklyProfile, storeWeekly, annual, events, elasticity,
      uplift, regularPrice, regionPrice, promotions, lifeCycle, ranging, shelf, delivery, weeklyShocks, dailyShocks,
      counts
  }

  let seed: UInt64

  func stream(_ component: Component, index: Int = 0, draw: Int = 0) -> RandomStream {
    RandomStream(
      seed: seed, purpose: StreamPurpose.retailSimulation.rawValue, index: UInt64(index), chain: component.rawValue,
      draw: UInt64(draw))
  }
}
