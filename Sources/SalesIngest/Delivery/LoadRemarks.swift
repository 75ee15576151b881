/// What a load has to say beyond counts: nothing that was read is passed over in silence.
struct LoadRemarks {
  /// What the user should look at.
  private(set) var warnings: [String] = []
  /// What the user may want to know.
  private(set) var notes: [String] = []
  /// Facts beyond units, prices and events that are in the database now, by what they are.
  var stored: [String: Int] = [:]
  /// Values that were read and have no place in the database, by what they are.
  var notStored: [String: Int] = [:]
  /// Columns that nothing was done with, by file.
  var notRead: [String: [String]] = [:]
  /// Rows that the mapping leaves out, by file.
  var skipped: [String: Int] = [:]
  /// Units that came back, set aside.
  var returnedUnits = 0.0
  /// Rows whose negative units were read as zero.
  var negativeAsZero = 0
  /// Rows with units and a price of zero.
  var zeroPrices = 0

  private static let most = 40

  mutating func warn(_ text: String) {
    if warnings.count < Self.most, !warnings.contains(text) { warnings.append(text) }
  }

  mutating func note(_ text: String) {
    if notes.count < Self.most, !notes.contains(text) { notes.append(text) }
  }
}
