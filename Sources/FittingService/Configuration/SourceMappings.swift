import DemandData
import Foundation
import SalesIngest

/// The mappings that ship with the program, and those of files.
public enum SourceMappings {
  /// The file that ships with the program, comments and all.
  public static let embeddedText = String(decoding: PackageResources.mappings_yml, as: UTF8.self)

  /// The mappings of sources that are known, by name.
  public static let embedded: [String: SourceMapping] = {
    do {
      return try SourceMapping.read(yaml: embeddedText)
    } catch {
      // Not a user's error: the build embeds this file, and the tests read it.
      preconditionFailure("the embedded mappings are wrong: \(error)")
    }
  }()

  /// A mapping by its name: a user's own before those that ship, and `long`; nil for a name that is not known.
  public static func named(_ name: String, in configuration: DemandConfiguration) -> SourceMapping? {
    configuration.ingest.mappings[name] ?? embedded[name] ?? (name == "long" ? .long : nil)
  }

  /// Names of the embedded mappings whose sales have the same columns as these.
  public static func fitting(_ mapping: SourceMapping) -> [String] {
    func columns(_ mapping: SourceMapping) -> [Set<String>] {
      mapping.sales.map { Set($0.columns.values).union($0.others).union($0.promotions.values) }
    }
    guard let own = columns(mapping).first else { return [] }
    return embedded.filter { columns($0.value).contains { $0.isSubset(of: own) && $0.count > 3 } }.keys.sorted()
  }

  /// Mappings of a file whose top keys are their names; also of a settings file that has them under `ingest.mappings`.
  public static func load(path: String) throws(ConfigurationError) -> [String: SourceMapping] {
    let text = try ConfigurationText.read(path)
    do throws(MappingError) {
      return try SourceMapping.read(yaml: text)
    } catch {
      throw ConfigurationError(mapping: error, file: path)
    }
  }
}

extension DemandConfiguration {
  /// The day it is in the nightly batch's zone.
  public func today(at date: Date) -> Day {
    let zone = TimeZone(identifier: nightly.timeZone) ?? .gmt
    let seconds = date.timeIntervalSince1970 + Double(zone.secondsFromGMT(for: date))
    return Day(number: Int((seconds / 86_400).rounded(.down)))
  }
}

extension DeliveryLoad.Options {
  /// As the settings have them.
  public init(_ settings: DemandConfiguration, now: Date) {
    self.init()
    switch settings.ingest.missing {
    case .zero: missing = .zero
    case .unknown: missing = .unknown
    }
    switch settings.ingest.restate {
    case .auto: restate = .auto
    case .supersede: restate = .supersede
    case .reject: restate = .reject
    case .add: restate = .add
    }
    delistAfterDays = settings.ingest.notRangedGapDays == 0 ? nil : settings.ingest.notRangedGapDays
    badRows = BadRowPolicy(maximumShare: settings.ingest.maxBadShare)
    today = settings.today(at: now)
  }
}

extension ConfigurationError {
  /// - Parameter prefix: the path to the mapping in the file.
  init(mapping error: MappingError, file: String, prefix: String = "") {
    self.init(
      file: file, line: error.line, column: error.column, keyPath: prefix + error.key, problem: error.problem,
      hint: error.hint)
  }
}

/// Text of a settings file; also of a pipe, such as a shell's `<(...)`.
enum ConfigurationText {
  static func read(_ path: String) throws(ConfigurationError) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() ?? Data() else {
      throw ConfigurationError(
        file: path, problem: FileManager.default.fileExists(atPath: path) ? "cannot be read" : "no such file",
        hint: "name a readable YAML file, or leave the option out for the defaults")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ConfigurationError(file: path, problem: "is not UTF-8 text", hint: "save the file in UTF-8")
    }
    return text
  }
}
