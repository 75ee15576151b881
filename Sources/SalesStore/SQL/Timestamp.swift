import Foundation

/// Time stamps as stored: ISO 8601 text in UTC with milliseconds, which sorts by time and reads well in `sqlite3`.
enum Timestamp {
  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  static func text(_ date: Date) -> String { date.formatted(style) }

  static func date(_ text: String) throws(StoreError) -> Date {
    do { return try style.parse(text) } catch {
      throw .corrupt(what: "a time stamp", reason: "'\(text)' is not ISO 8601")
    }
  }
}
