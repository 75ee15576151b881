import DemandData
import SalesStore

/// Sees that days and weeks do not meet in one database: a week's sum would take the place of its last day's sales.
struct TimeGrainCheck {
  /// What earlier loads brought, the latest first.
  let held: [LoadWriter.EarlierGrain]

  /// The grain of a load.
  ///
  /// - Parameters:
  ///   - found: what the mapping says, or the days tell.
  ///   - isSure: whether they do; too few days may be either.
  ///   - isDeclared: whether the mapping says so.
  ///   - weekdays: weekdays of the load's days.
  /// - Throws: ``IngestError/option(_:)`` where the database holds the other grain.
  func grain(
    _ found: SourceMapping.TimeGrain, isSure: Bool, isDeclared: Bool, weekdays: Set<Int>
  ) throws(IngestError) -> SourceMapping.TimeGrain {
    guard let latest = held.first else { return found }
    let week = SourceMapping.TimeGrain.week.rawValue
    if !isSure {
      // A day or two may be weeks, if they are the days on which weeks end.
      guard latest.grain == week else { return .day }
      if weekdays == [latest.lastDay.weekday] { return .week }
    }
    // Databases of earlier versions may hold both.
    guard !held.contains(where: { $0.grain == found.rawValue }) else { return found }
    func words(_ grain: String) -> String { "\(grain == week ? "weeks" : "days") (time_grain: \(grain))" }
    throw .option(
      "the rows of this load are \(words(found.rawValue)) and the database holds \(words(latest.grain)): a database has one "
        + "time grain, as a week's sum would take the place of a day's sales; load into a database of its own, or load "
        + "everything anew in one grain"
        + (isDeclared
          ? ""
          : "; if these rows are \(latest.grain == week ? "weeks" : "days") too, say so with --time-grain "
            + "\(latest.grain), or declare 'time_grain: \(latest.grain)' in a mapping, such as that of the inbox"))
  }
}
