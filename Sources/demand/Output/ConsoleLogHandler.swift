import ArgumentParser
import Foundation
import Logging

/// How log lines look.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json

  /// What the command line asks for, also where it is wrong otherwise and an error is all there is to show.
  static let requested: LogFormat = {
    let arguments = CommandLine.arguments
    let isJSON =
      arguments.contains("--log-format=json")
      || zip(arguments, arguments.dropFirst()).contains { $0 == "--log-format" && $1 == "json" }
    return isJSON ? .json : .text
  }()
}

extension Console {
  /// Writes a message that ends or accompanies a command: in lines for people, or as one log line in JSON.
  func report(_ level: Logger.Level, _ message: String, hint: String) {
    switch LogFormat.requested {
    case .text: write(Self.printable("\(level): \(message)\n" + (hint.isEmpty ? "" : "hint: \(hint)\n")))
    case .json:
      Logger(label: "demand") { ConsoleLogHandler(label: $0, format: .json, level: .info) }
        .log(level: level, "\(message)", metadata: hint.isEmpty ? nil : ["hint": "\(hint)"])
    }
  }
}

/// Writes log lines to standard error, above the progress bar.
struct ConsoleLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let label: String
  private let format: LogFormat

  init(label: String, format: LogFormat, level: Logger.Level) {
    self.label = label
    self.format = format
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let time = Date().formatted(.iso8601)
    switch format {
    case .text:
      let pairs = all.map { " \($0.key)=\($0.value)" }.joined()
      Console.shared.write("\(time) \(event.level): \(event.message)\(pairs)\n")
    case .json:
      var fields = [("time", time), ("level", "\(event.level)"), ("label", label), ("message", "\(event.message)")]
      fields += all.map { ($0.key, "\($0.value)") }
      let body = fields.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }.joined(separator: ",")
      Console.shared.write("{\(body)}\n")
    }
  }
}
