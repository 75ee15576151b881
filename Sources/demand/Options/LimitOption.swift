import ArgumentParser

/// How much a list shows at most.
struct LimitOption: ParsableArguments {
  /// Of a list of rows, where none is given.
  static let rows = 1000

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many at most. (default: 1000 rows, 50 runs)", valueName: "count"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit): give a number above 0") }
  }
}
