import Foundation
import Yams

/// One key of the configuration: where it is kept, what it may be, and how it is read and written.
struct Setting: Sendable {
  /// Full key in the file, such as `model.stage1.chains`.
  let path: String
  /// What the value may be, in words.
  let allowed: String
  /// Whether a different value can give a different forecast or a different decision to publish it.
  let changesResults: Bool
  /// Stores the node's value; false, with nothing stored, where it is not allowed.
  let read: @Sendable (Yams.Node, inout DemandConfiguration) -> Bool
  /// What exactly is wrong with a node that ``read`` refused, where there is more to say than what is allowed.
  var reason: @Sendable (Yams.Node) -> String? = { _ in nil }
  /// The value in YAML's flow style, the same text for the same value always.
  let text: @Sendable (DemandConfiguration) -> String

  var key: String { String(path.split(separator: ".").last ?? "") }
}

extension Setting {
  typealias Place<Value> = any WritableKeyPath<DemandConfiguration, Value> & Sendable

  /// A setting whose value is read by `parse`, which answers nil for what is not allowed.
  private init<Value>(
    _ path: String, _ place: Place<Value>, allowed: String, changesResults: Bool,
    parse: @escaping @Sendable (Yams.Node) -> Value?, text: @escaping @Sendable (Value) -> String
  ) {
    self.path = path
    self.allowed = allowed
    self.changesResults = changesResults
    read = { node, configuration in
      guard let value = parse(node) else { return false }
      configuration[keyPath: place] = value
      return true
    }
    self.text = { text($0[keyPath: place]) }
  }

  static func integer(
    _ path: String, _ place: Place<Int>, _ range: ClosedRange<Int>, changesResults: Bool = true
  ) -> Setting {
    Setting(
      path, place, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      changesResults: changesResults, parse: { $0.wholeNumber.flatMap { range.contains($0) ? $0 : nil } },
      text: { String($0) })
  }

  static func seed(_ path: String, _ place: Place<UInt64>) -> Setting {
    Setting(
      path, place, allowed: "a whole number from 0 to \(UInt64.max)", changesResults: false,
      parse: { node in node.plain.flatMap { UInt64($0) } }, text: { String($0) })
  }

  static func number(
    _ path: String, _ place: Place<Double>, _ range: ClosedRange<Double>, changesResults: Bool = true
  ) -> Setting {
    Setting(
      path, place, allowed: "a number from \(range.lowerBound) to \(range.upperBound)", changesResults: changesResults,
      parse: { $0.number.flatMap { range.contains($0) ? $0 : nil } }, text: { String($0) })
  }

  static func flag(_ path: String, _ place: Place<Bool>) -> Setting {
    Setting(
      path, place, allowed: "true or false", changesResults: true,
      parse: { $0.plain.flatMap(Bool.init) }, text: { String($0) })
  }

  static func name(
    _ path: String, _ place: Place<String>, of what: String, changesResults: Bool = true
  ) -> Setting {
    Setting(
      path, place, allowed: "the name of \(what)", changesResults: changesResults,
      parse: { node in node.words.flatMap { $0.isEmpty ? nil : $0 } }, text: quoted)
  }

  static func path(_ path: String, _ place: Place<String?>) -> Setting {
    Setting(
      path, place, allowed: "a folder's path, or null for none", changesResults: false,
      parse: { node -> String?? in
        if node.isNull { return .some(nil) }
        // A bare number or flag is a slip rather than a folder's name, which can be quoted.
        if node.number != nil || node.plain.flatMap(Bool.init) != nil { return nil }
        return node.words.flatMap { $0.isEmpty ? nil : .some($0) }
      },
      text: { $0.map(quoted) ?? "null" })
  }

  static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ path: String, _ place: Place<Value>, changesResults: Bool = true
  ) -> Setting {
    Setting(
      path, place, allowed: Value.allCases.map(\.rawValue).joined(separator: " or "), changesResults: changesResults,
      parse: { $0.words.flatMap(Value.init(rawValue:)) }, text: { $0.rawValue })
  }

  static func schedule(_ path: String, _ place: Place<CronExpression>) -> Setting {
    var setting = Setting(
      path, place,
      allowed: "five cron fields in quotes (minute hour day-of-month month day-of-week), or @daily and the like",
      changesResults: false, parse: { node in node.words.flatMap { try? CronExpression($0) } },
      text: { quoted($0.description) })
    setting.reason = { node in
      do throws(CronError) {
        _ = try CronExpression(node.words ?? "")
        return nil
      } catch {
        return "\(error.problem): \(error.hint)"
      }
    }
    return setting
  }

  static func timeZone(_ path: String, _ place: Place<String>) -> Setting {
    Setting(
      path, place, allowed: "the IANA name of a time zone, such as Europe/Berlin", changesResults: false,
      parse: { node in node.words.flatMap { TimeZone(identifier: $0) == nil ? nil : $0 } }, text: quoted)
  }

  static func quantiles(_ path: String, _ place: Place<[Double]>) -> Setting {
    Setting(
      path, place, allowed: "a list of ascending numbers above 0 and below 1, such as [0.1, 0.5, 0.9]",
      changesResults: false,
      parse: { node in
        guard let items = node.sequence, !items.isEmpty else { return nil }
        let values = items.compactMap(\.number)
        guard values.count == items.count, values.allSatisfy({ $0 > 0 && $0 < 1 }),
          zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        return values
      },
      text: { "[\($0.map { String($0) }.joined(separator: ", "))]" })
  }

  private static let windowLimit = 60
  private static let windowWords =
    "two whole numbers [lead, lag] with -\(windowLimit) <= lead <= 0 <= lag <= \(windowLimit)"

  private static func window(_ node: Yams.Node) -> [Int]? {
    guard let items = node.sequence, items.count == 2, let lead = items[0].wholeNumber, let lag = items[1].wholeNumber,
      (-windowLimit...0).contains(lead), (0...windowLimit).contains(lag)
    else { return nil }
    return [lead, lag]
  }

  static func window(_ path: String, _ place: Place<[Int]>) -> Setting {
    Setting(
      path, place, allowed: windowWords, changesResults: true, parse: window,
      text: { "[\($0.map { String($0) }.joined(separator: ", "))]" })
  }

  /// A window of one event: the names are the user's own, so the setting is made for each that the file mentions.
  static func window(ofEvent name: String, in path: String, _ place: Place<[String: [Int]]>) -> Setting {
    Setting(
      path: "\(path).\(name)", allowed: windowWords, changesResults: true,
      read: { node, configuration in
        guard let window = window(node) else { return false }
        configuration[keyPath: place][name] = window
        return true
      },
      text: { configuration in
        "[\((configuration[keyPath: place][name] ?? []).map { String($0) }.joined(separator: ", "))]"
      })
  }
}

extension Setting {
  /// Text in double quotes that YAML and JSON read back as it was.
  @Sendable static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

extension Yams.Node {
  /// The text of a scalar without quotes, where types other than text are told apart by how they look.
  fileprivate var plain: String? {
    guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }
  fileprivate var words: String? {
    guard case .scalar(let scalar) = self, !isNull else { return nil }
    return scalar.string
  }
  fileprivate var wholeNumber: Int? { plain.flatMap { Int($0) } }
  fileprivate var number: Double? { plain.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }
  /// `null`, `~`, or nothing at all.
  var isNull: Bool { plain.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false }
}
