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
  /// Rows that wait for their masters.
  private(set) var heldRows = 0
  /// Refused rows by file and line, where rows are only noted, as they are in quarantine already.
  private(set) var refusedLines: [String: [Int: QuarantinedRow]]?
  private var examples: [QuarantinedRow] = []
  private var lastBad: (file: String, line: Int)?

  /// - Parameter keepsRows: whether refused rows go to quarantine; otherwise they are only noted.
  init(policy: BadRowPolicy, keepsRows: Bool = true) {
    self.policy = policy
    refusedLines = keepsRows ? nil : [:]
  }

  /// Puts a row into quarantine; several bad cells of one line count once towards the share.
  ///
  /// - Parameter isHeld: whether the row only waits for a master, and is not bad.
  mutating func refuse(_ row: QuarantinedRow, in writer: LoadWriter, isHeld: Bool = false) throws {
    guard !policy.strict || isHeld else { throw IngestError.badRow(row) }
    if refusedLines == nil {
      try writer.quarantine(row)
    } else if refusedLines![row.file]?[row.line] == nil {
      refusedLines![row.file, default: [:]][row.line] = row
    }
    byKind[row.kind, default: 0] += 1
    if isHeld {
      heldRows += 1
      return
    }
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
