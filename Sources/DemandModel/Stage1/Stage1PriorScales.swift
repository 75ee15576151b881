import Foundation
import NumericKernels

/// The priors of stage 1: every scale is half-normal with one of these scales, on the log scale of demand.
///
/// | what | scale |
/// |---|---|
/// | weekly shocks: each shared component, own | 0.03, 0.05 |
/// | weekly scale of a node over its component's | log-normal, 0.5 |
/// | daily shocks: each shared component, own of each group | 0.1, 0.25 |
/// | level of the first week | Normal(log of the group's mean, 2) |
/// | coefficients of a calendar block: top, levels between, own | see ``coefficients(_:)`` |
///
/// Daily scales have no mass below ``smallestDaily``. A group that stands alone has no top: its own coefficients take the top's scales.
package struct Stage1PriorScales: Sendable, Hashable {
  package var weekly = 0.03
  package var ownWeekly = 0.05
  /// Standard deviation of the log ratio of a node's weekly scale to its component's.
  package var weeklyRatio = 0.5
  package var daily = 0.1
  package var ownDaily = 0.25
  package var firstLevel = 2.0

  package init() {}

  /// Daily scales are half-normal from here on up: a ten-thousandth of a day's sales is noise that no count can show,
  /// while a scale that goes towards zero takes all digits from what is held beside it.
  package static let smallestDaily = 1e-4

  /// Bounds of the logarithm of a daily scale.
  static let logDaily = log(smallestDaily)...5

  /// A daily scale from its prior.
  static func daily(_ prior: Double, using stream: inout RandomStream) -> Double {
    while true {
      let scale = prior * abs(stream.normal())
      if scale >= smallestDaily { return scale }
    }
  }

  /// Half-normal scales of the standard deviations of a block's coefficients between nodes.
  package struct Coefficients: Sendable, Hashable {
    package let top: Double
    package let between: Double
    package let own: Double
  }

  /// A large share of a block's effect is common to all groups, so the top varies most.
  package func coefficients(_ block: CalendarBlock) -> Coefficients {
    switch block {
    case .weekday: Coefficients(top: 0.3, between: 0.15, own: 0.15)
    case .weekendBySeason: Coefficients(top: 0.1, between: 0.05, own: 0.05)
    case .annual: Coefficients(top: 0.2, between: 0.1, own: 0.1)
    case .benefit: Coefficients(top: 0.2, between: 0.1, own: 0.1)
    case .weekdayLastYear: Coefficients(top: 0.1, between: 0.05, own: 0.05)
    case .benefitLastYear: Coefficients(top: 0.1, between: 0.05, own: 0.05)
    case .monthPart: Coefficients(top: 0.1, between: 0.05, own: 0.05)
    case .event: Coefficients(top: 0.3, between: 0.2, own: 0.2)
    case .eventWindow: Coefficients(top: 0.15, between: 0.1, own: 0.1)
    case .trend: Coefficients(top: 0.1, between: 0.1, own: 0.1)
    }
  }
}
