import DemandData

/// Archived posterior draws of one series, in 32 bits; draw `d` was sampled given stage-1 draw `d % keptDraws`.
///
/// The simulation uses exactly these numbers, so a run that is resumed from the archive gives the same bits.
public struct SeriesDraws: Sendable, Hashable, Codable {
  /// Fields of a draw, in archived order. Never renumber: archives are read by position.
  public enum Field: Int, Sendable, CaseIterable {
    /// Smoothing weight in (0, 1).
    case alpha
    /// Negative-binomial size.
    case size
    /// Level (expected units on a day with calendar factor 1) after the origin's day.
    case level
    /// Probability of being on the shelf after the origin's day.
    case onShelf
    /// Daily probabilities of leaving the shelf and of coming back.
    case leave
    case comeBack
    /// Log deviations from the group's weekly profile, Monday to Sunday; they sum to zero.
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday
  }

  /// `[draw][field]`.
  public let values: [Float]

  public init(values: [Float]) {
    precondition(values.count % Field.allCases.count == 0)
    self.values = values
  }

  public var drawCount: Int { values.count / Field.allCases.count }

  public func value(_ field: Field, draw: Int) -> Float { values[draw * Field.allCases.count + field.rawValue] }
}

/// What stage 2 hands on for one series.
public struct SeriesPosterior: Sendable, Hashable {
  public let outcome: SeriesOutcome
  /// Nil where the series is not on sale in the horizon.
  public let draws: SeriesDraws?

  public init(outcome: SeriesOutcome, draws: SeriesDraws?) {
    self.outcome = outcome
    self.draws = draws
  }
}
