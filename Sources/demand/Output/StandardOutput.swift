import ForecastReport
import Foundation

/// Standard output: data that was asked for. What cannot be written there is an error, or a full disk would look like an
/// empty answer.
enum StandardOutput {
  static func write(_ text: String) throws { try write(Array(text.utf8)) }

  static func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        throw OutputError(path: "standard output", reason: String(cString: strerror(errno)))
      }
      rest = rest.dropFirst(written)
    }
  }
}
