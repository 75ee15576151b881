import CLibPQ

/// What libpq or the server reports.
struct PostgreSQLError: Error, Sendable {
  enum Phase: Sendable { case connecting, working, committing }

  /// Five characters of the SQL standard; empty where the server did not get to say.
  let state: String
  let message: String
  var phase = Phase.working
  /// Whether the connection is gone.
  var isConnectionLost = false

  init(state: String, message: String, phase: Phase = .working, isConnectionLost: Bool = false) {
    self.state = state
    self.message = Self.line(message)
    self.phase = phase
    self.isConnectionLost = isConnectionLost
  }

  /// The error of a result.
  init(_ result: OpaquePointer, connection: OpaquePointer) {
    func field(_ code: Character) -> String? {
      PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
    }
    let detail = field("D").map { " (\($0))" } ?? ""
    let state = field("C") ?? ""
    self.init(
      state: state, message: (field("M") ?? String(cString: PQresultErrorMessage(result))) + detail,
      isConnectionLost: PQstatus(connection) == CONNECTION_BAD || Self.shutdown.contains(state)
        || state.hasPrefix("08"))
  }

  /// The error that a connection is in.
  init(connection: OpaquePointer, phase: Phase = .working) {
    self.init(
      state: "", message: String(cString: PQerrorMessage(connection)), phase: phase,
      isConnectionLost: PQstatus(connection) == CONNECTION_BAD)
  }

  /// Server shut down, crashed, not up yet, or the session ended by an administrator.
  private static let shutdown: Set<String> = ["57P01", "57P02", "57P03", "57P05"]

  private static func line(_ message: String) -> String {
    message.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }
      .joined(separator: "; ")
  }

  /// In terms of what the user can do.
  func storeError(place: String) -> StoreError {
    if phase == .connecting { return .unreachable(place: place, reason: message) }
    if isConnectionLost {
      return phase == .committing
        ? .outcomeUnknown(place: place, reason: message) : .connectionLost(place: place, reason: message)
    }
    return switch state {
    case "55P03", "40P01", "40001": .busy(place: place)
    case "57014": .timeout(place: place, reason: message)
    case "25006", "42501", "53100", "53200", "58030": .unwritable(place: place, reason: message)
    case "XX001", "XX002": .corrupt(what: "a file of '\(place)'", reason: message)
    default: .database(place: place, reason: message)
    }
  }
}
