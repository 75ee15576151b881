import Foundation
import Synchronization

/// Standard error, where everything goes that is not data: messages, log lines, and at most one progress bar, which
/// stays below whatever else is written.
final class Console: Sendable {
  static let shared = Console()

  private let bar = Mutex("")

  /// Writes text that ends in a line feed.
  func write(_ text: String) {
    bar.withLock { bar in
      put(bar.isEmpty ? text : "\r\u{1B}[2K" + text + bar)
    }
  }

  /// A message whose control characters, but for line feeds and tabs, cannot reach the terminal: messages quote files.
  static func printable(_ message: String) -> String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value)
    }
    guard message.unicodeScalars.contains(where: isControl) else { return message }
    var text = String.UnicodeScalarView()
    for scalar in message.unicodeScalars { text.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
    return String(text)
  }

  /// Shows `text` as the progress bar in place of the one before; nothing removes it.
  func show(bar text: String) {
    bar.withLock { bar in
      if bar.isEmpty, text.isEmpty { return }
      put("\r\u{1B}[2K" + text)
      bar = text
    }
  }

  private func put(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// What the terminal at a file descriptor can do.
struct Terminal {
  /// Nil off a terminal.
  let width: Int?
  /// On a terminal that is not dumb, with NO_COLOR unset (no-color.org).
  let hasColour: Bool

  init(descriptor: Int32) {
    let environment = ProcessInfo.processInfo.environment
    guard isatty(descriptor) == 1 else {
      width = nil
      hasColour = false
      return
    }
    var size = winsize()
    let known = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    width = known ? Int(size.ws_col) : 80
    hasColour = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  static let output = Terminal(descriptor: STDOUT_FILENO)
  static let error = Terminal(descriptor: STDERR_FILENO)
}
