import SalesStore

/// How many bad rows a load may have.
public struct BadRowPolicy: Sendable, Hashable {
  /// Largest share of bad rows with which a load still happens.
  public var maximumShare = 0.05
  /// Stop at the first bad row.
  public var strict = false

  public init(maximumShare: Double = 0.05, strict: Bool = false) {
    self.maximumShare = maximumShare
    self.strict = strict
  }
}

/// Collects the rows that a load refuses.
struct RowRefusals {
  let policy: BadRowPolicy
  private(set) var byKind: [String: Int] = [:]
  private(set) var badRows = 0
  private var examples: [QuarantinedRow] = []
  private var lastBad: (file: String, line: Int)?

  init(policy: BadRowPolicy) { self.policy = policy }

  /// Puts a row into quarantine; several bad cells of one line count once towards the share.
  mutating func refuse(_ row: QuarantinedRow, in writer: LoadWriter) throws {
    guard !policy.strict else { throw IngestError.badRow(row) }
    try writer.quarantine(row)
    byKind[row.kind, default: 0] += 1
    if lastBad?.file != row.file || lastBad?.line != row.line { badRows += 1 }
    lastBad = (row.file, row.line)
    if examples.count < 3 { examples.append(row) }
  }

  /// Fails the load when too many of its rows were bad.
  func check(rows: Int) throws {
    guard Double(badRows) > policy.maximumShare * Double(rows) else { return }
    throw IngestError.tooManyBadRows(bad: badRows, rows: rows, share: policy.maximumShare, examples: examples)
  }
}
