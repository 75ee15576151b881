import CLibPQ
import Foundation

/// One connection to a server: commands, pipelined statements, COPY.
///
/// `@unchecked Sendable`: a session belongs to the pool or to the one transaction that took it from there, never to two
/// threads at once.
final class PostgreSQLSession: @unchecked Sendable {
  let handle: OpaquePointer
  /// Names of prepared statements by their SQL.
  private var prepared: [String: String] = [:]
  /// Statements sent whose results have not been read.
  private var inFlight = 0

  /// So many small answers fit into a socket's buffer, so that neither side ever waits for the other to read.
  private static let mostInFlight = 256

  init(_ options: PostgreSQLOptions) throws(PostgreSQLError) {
    let keywords = options.keywords
    var names: [UnsafePointer<CChar>?] = keywords.map { UnsafePointer(strdup($0.0)) } + [nil]
    var values: [UnsafePointer<CChar>?] = keywords.map { UnsafePointer(strdup($0.1)) } + [nil]
    defer { for text in names + values { free(UnsafeMutablePointer(mutating: text)) } }
    guard let handle = PQconnectdbParams(&names, &values, 1) else {
      throw PostgreSQLError(state: "", message: "out of memory", phase: .connecting)
    }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      throw PostgreSQLError(connection: handle, phase: .connecting)
    }
    // Notices are not for the user of this program.
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    try command(Self.settings)
  }

  deinit { PQfinish(handle) }

  /// What was reported as done must survive a power loss; nobody waits for ever. A user's own settings (in the URL's
  /// `options`, for the role or the database) stand where there are any.
  private static let settings = """
    SELECT
      CASE WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply') THEN ''
        ELSE set_config('synchronous_commit', 'on', false) END,
      CASE WHEN current_setting('lock_timeout') <> '0' THEN '' ELSE set_config('lock_timeout', '10s', false) END,
      CASE WHEN current_setting('statement_timeout') <> '0' THEN ''
        ELSE set_config('statement_timeout', '1h', false) END
    """

  var isBroken: Bool { PQstatus(handle) == CONNECTION_BAD }

  /// Runs one or several commands without parameters and waits for them.
  func command(_ sql: String) throws(PostgreSQLError) {
    try leavePipeline()
    guard let result = PQexec(handle, sql) else { throw PostgreSQLError(connection: handle) }
    defer { PQclear(result) }
    let status = PQresultStatus(result)
    guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY else {
      throw PostgreSQLError(result, connection: handle)
    }
  }

  /// The first value of a query without parameters, as text.
  func text(_ sql: String) throws(PostgreSQLError) -> String? {
    try leavePipeline()
    guard let result = PQexec(handle, sql) else { throw PostgreSQLError(connection: handle) }
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw PostgreSQLError(result, connection: handle) }
    return PQntuples(result) > 0 && PQgetisnull(result, 0, 0) == 0 ? String(cString: PQgetvalue(result, 0, 0)) : nil
  }

  // MARK: Pipelined statements

  /// The name of a prepared statement, which is prepared on its way if need be.
  func prepare(_ sql: String) throws(PostgreSQLError) -> String {
    if let name = prepared[sql] { return name }
    let name = "s\(prepared.count + 1)"
    try enterPipeline()
    guard PQsendPrepare(handle, name, sql, 0, nil) == 1 else { throw PostgreSQLError(connection: handle) }
    prepared[sql] = name
    try sent()
    return name
  }

  /// Sends a statement without waiting for its result.
  func send(_ name: String, _ parameters: PostgreSQLParameters) throws(PostgreSQLError) {
    try sendOnly(name, parameters)
    try sent()
  }

  /// Sends a statement and waits for its result and those of all before it.
  ///
  /// - Returns: the result, which the caller clears.
  func query(_ name: String, _ parameters: PostgreSQLParameters) throws(PostgreSQLError) -> OpaquePointer {
    try sendOnly(name, parameters)
    inFlight += 1
    return try drain()!
  }

  private func sendOnly(_ name: String, _ parameters: PostgreSQLParameters) throws(PostgreSQLError) {
    try enterPipeline()
    let code = parameters.withPointers { count, values, lengths, formats in
      PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1)
    }
    guard code == 1 else { throw PostgreSQLError(connection: handle) }
  }

  private func sent() throws(PostgreSQLError) {
    inFlight += 1
    if inFlight >= Self.mostInFlight { try synchronise() }
  }

  /// Waits for everything that was sent.
  func synchronise() throws(PostgreSQLError) {
    guard inFlight > 0 else { return }
    PQclear(try drain())
  }

  /// Reads all results on their way; returns the last one.
  private func drain() throws(PostgreSQLError) -> OpaquePointer? {
    inFlight = 0
    guard PQpipelineSync(handle) == 1 else { throw PostgreSQLError(connection: handle) }
    var last: OpaquePointer?
    var failure: PostgreSQLError?
    // libpq returns a null behind every statement's results; two in a row mean that the connection has nothing more.
    var nulls = 0
    while nulls < 3 {
      guard let result = PQgetResult(handle) else {
        nulls += 1
        continue
      }
      nulls = 0
      switch PQresultStatus(result) {
      case PGRES_PIPELINE_SYNC:
        PQclear(result)
        if let failure {
          PQclear(last)
          throw failure
        }
        return last
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
        PQclear(last)
        last = result
      case PGRES_PIPELINE_ABORTED:
        PQclear(result)
      default:
        if failure == nil { failure = PostgreSQLError(result, connection: handle) }
        PQclear(result)
      }
    }
    PQclear(last)
    throw failure ?? PostgreSQLError(connection: handle)
  }

  private func enterPipeline() throws(PostgreSQLError) {
    guard PQpipelineStatus(handle) == PQ_PIPELINE_OFF else { return }
    guard PQenterPipelineMode(handle) == 1 else { throw PostgreSQLError(connection: handle) }
  }

  /// Other than statements, everything needs a connection outside a pipeline.
  func leavePipeline() throws(PostgreSQLError) {
    try synchronise()
    guard PQpipelineStatus(handle) != PQ_PIPELINE_OFF else { return }
    guard PQexitPipelineMode(handle) == 1 else { throw PostgreSQLError(connection: handle) }
  }

  /// Makes the connection fit for the next transaction, whatever became of this one.
  func rollBack() throws(PostgreSQLError) {
    do { try leavePipeline() } catch { if isBroken { throw error } }
    // What was to be prepared behind a failure is not.
    prepared = [:]
    try command("ROLLBACK; DEALLOCATE ALL")
  }

  // MARK: COPY

  /// Sends rows to `COPY ... FROM STDIN`.
  func copyIn(_ sql: String, _ bytes: [UInt8]) throws(PostgreSQLError) {
    try startCopy(sql, PGRES_COPY_IN)
    var isSent = true
    bytes.withUnsafeBytes { buffer in
      // In pieces, so that libpq's own buffer stays small.
      for start in stride(from: 0, to: buffer.count, by: 1 << 18) where isSent {
        let piece = UnsafeRawBufferPointer(rebasing: buffer[start..<min(start + (1 << 18), buffer.count)])
        isSent = PQputCopyData(handle, piece.baseAddress!.assumingMemoryBound(to: CChar.self), Int32(piece.count)) == 1
      }
    }
    guard isSent, PQputCopyEnd(handle, nil) == 1 else { throw PostgreSQLError(connection: handle) }
    try finishCopy()
  }

  /// Receives rows of `COPY ... TO STDOUT`, one message at a time.
  func copyOut(_ sql: String, _ message: (UnsafeRawBufferPointer) throws -> Void) throws {
    try startCopy(sql, PGRES_COPY_OUT)
    while true {
      var buffer: UnsafeMutablePointer<CChar>?
      let count = PQgetCopyData(handle, &buffer, 0)
      if count < 0 {
        guard count == -1 else { throw PostgreSQLError(connection: handle) }
        break
      }
      defer { PQfreemem(buffer) }
      try message(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
    }
    try finishCopy()
  }

  private func startCopy(_ sql: String, _ expected: ExecStatusType) throws(PostgreSQLError) {
    try leavePipeline()
    guard let result = PQexec(handle, sql) else { throw PostgreSQLError(connection: handle) }
    defer { PQclear(result) }
    guard PQresultStatus(result) == expected else { throw PostgreSQLError(result, connection: handle) }
  }

  private func finishCopy() throws(PostgreSQLError) {
    var failure: PostgreSQLError?
    while let result = PQgetResult(handle) {
      if PQresultStatus(result) != PGRES_COMMAND_OK, failure == nil {
        failure = PostgreSQLError(result, connection: handle)
      }
      PQclear(result)
      if isBroken { break }
    }
    if let failure { throw failure }
    if isBroken { throw PostgreSQLError(connection: handle) }
  }
}
