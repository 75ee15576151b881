import Foundation
import SalesIngest
import SalesStore
import Yams

extension DemandConfiguration {
  /// The file that ships with the program, comments and all.
  public static let embeddedText = String(decoding: PackageResources.demand_yml, as: UTF8.self)

  /// The defaults: what ``embeddedText`` says.
  public static let embedded: DemandConfiguration = {
    do {
      return try DemandConfiguration().applying(yaml: embeddedText, file: "config/demand.yml (embedded)")
    } catch {
      // Not a user's error: the build embeds this file, and the tests read it.
      preconditionFailure("the embedded configuration is wrong: \(error)")
    }
  }()

  /// Every key there is, such as `model.stage1.chains`, in the shipped file's order; names of events are not among them.
  package static var keyPaths: [String] { ConfigurationSchema.settings.map(\.path) }

  /// Where a file is looked for when none is named, relative to the working directory.
  public static let defaultPath = "config/demand.yml"

  /// The embedded defaults with a user's file laid over them key by key.
  ///
  /// - Parameter path: the file; nil for ``defaultPath`` if there is one, else the defaults alone.
  public static func load(path: String?) throws(ConfigurationError) -> DemandConfiguration {
    guard let path = path ?? (FileManager.default.fileExists(atPath: defaultPath) ? defaultPath : nil) else {
      return embedded
    }
    let text = try ConfigurationText.read(path)
    return try embedded.applying(yaml: text, file: path)
  }

  /// This configuration with the keys of `yaml` laid over it; keys that are not mentioned keep their values.
  public func applying(yaml: String, file: String) throws(ConfigurationError) -> DemandConfiguration {
    var overlay = Overlay(file: file, configuration: self)
    if let root = try overlay.compose(yaml), !root.isNull { try overlay.apply(root, section: "") }
    try overlay.checkRelations()
    return overlay.configuration
  }

  /// What is in force, as a file that gives this configuration again.
  public var effectiveYAML: String {
    var out = ""
    var open: [Substring] = []
    for setting in ConfigurationSchema.settings(of: self) {
      // Names of events may hold dots: only the schema's own sections are split.
      let isEvent = setting.path.hasPrefix(ConfigurationSchema.eventWindows + ".")
      let section = isEvent ? ConfigurationSchema.eventWindows[...] : setting.path.dropLast(setting.key.count + 1)
      let key =
        isEvent
        ? Setting.quoted(String(setting.path.dropFirst(ConfigurationSchema.eventWindows.count + 1)))
        : setting.key
      let parts = section.split(separator: ".")
      let common = zip(open, parts).prefix { $0 == $1 }.count
      for depth in common..<parts.count { out += String(repeating: "  ", count: depth) + "\(parts[depth]):\n" }
      open = parts
      out += String(repeating: "  ", count: parts.count) + "\(key): \(setting.text(self))\n"
      if setting.path == ConfigurationSchema.lastOfIngest, !ingest.mappings.isEmpty {
        out += "  mappings:\n"
        for (name, mapping) in ingest.mappings.sorted(by: { $0.key < $1.key }) {
          out += "    \(Setting.quoted(name)):\n" + mapping.yaml(indentation: 6)
        }
      }
    }
    return out
  }

  /// SHA-256, in hexadecimal, of every setting that can change a forecast or the decision to publish it.
  ///
  /// Schedule, folders, retention and what is merely shown stay out; so do horizon and seed, which a run's key holds by
  /// themselves because options may override them. Comments, order and notation of the file make no difference.
  public var resultHash: String {
    let lines = ConfigurationSchema.settings(of: self).filter(\.changesResults).map { "\($0.path)=\($0.text(self))\n" }
    var hash = ContentHash()
    hash.update(lines.sorted().joined())
    return hash.hex
  }
}

/// The work of laying one file over a configuration.
private struct Overlay {
  let file: String
  var configuration: DemandConfiguration
  private var marks: [String: Mark] = [:]

  init(file: String, configuration: DemandConfiguration) {
    self.file = file
    self.configuration = configuration
  }

  func compose(_ yaml: String) throws(ConfigurationError) -> Yams.Node? {
    do {
      return try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw syntaxError(error)
    } catch {
      throw ConfigurationError(file: file, problem: "cannot be read as YAML", hint: "see `demand config show`")
    }
  }

  mutating func apply(_ node: Yams.Node, section: String) throws(ConfigurationError) {
    guard let mapping = node.mapping else {
      let what = section.isEmpty ? "the file" : "'\(section)'"
      throw error(
        at: node, section, problem: "\(what) must hold keys with values",
        hint: "known keys here: \(ConfigurationSchema.names(in: section).joined(separator: ", "))")
    }
    for (keyNode, value) in mapping {
      guard case .scalar(let scalar) = keyNode else {
        throw error(at: keyNode, section, problem: "a key must be a plain name", hint: "see `demand config show`")
      }
      let path = section.isEmpty ? scalar.string : "\(section).\(scalar.string)"
      let setting =
        section == ConfigurationSchema.eventWindows
        ? ConfigurationSchema.eventWindow(scalar.string) : ConfigurationSchema.setting(at: path)
      if path == ConfigurationSchema.mappings {
        do throws(MappingError) {
          if !value.isNull { configuration.ingest.mappings.merge(try SourceMapping.read(named: value)) { $1 } }
        } catch {
          throw ConfigurationError(mapping: error, file: file, prefix: path + ".")
        }
      } else if let setting {
        guard setting.read(value, &configuration) else { throw wrongValue(value, of: setting) }
        marks[path] = value.mark ?? keyNode.mark
      } else if ConfigurationSchema.sections.contains(path) {
        if !value.isNull { try apply(value, section: path) }
      } else {
        throw unknownKey(keyNode, name: scalar.string, path: path, section: section)
      }
    }
  }

  func checkRelations() throws(ConfigurationError) {
    for relation in SettingRelation.all where !relation.holds(configuration) {
      let path = relation.paths.first { marks[$0] != nil } ?? relation.paths[0]
      let values = relation.paths.compactMap { path in
        ConfigurationSchema.setting(at: path).map { "\(path) is \($0.text(configuration))" }
      }
      let value = ConfigurationSchema.setting(at: path)?.text(configuration)
      throw ConfigurationError(
        file: file, line: marks[path]?.line, column: marks[path]?.column, keyPath: path, value: value,
        problem: relation.rule, hint: values.joined(separator: ", "))
    }
  }

  private func wrongValue(_ node: Yams.Node, of setting: Setting) -> ConfigurationError {
    let written: String =
      switch node {
      case .scalar(let scalar): scalar.string
      case .mapping: "keys with values"
      case .sequence(let items): "[" + items.map { $0.scalar?.string ?? "..." }.joined(separator: ", ") + "]"
      case .alias: "an alias"
      }
    var hint = "change it, or leave the key out"
    if let known = ConfigurationSchema.setting(at: setting.path) {
      hint += " for the default \(known.text(.embedded))"
    }
    return error(
      at: node, setting.path, value: written,
      problem: "\(setting.path) is '\(written)' but must be \(setting.allowed)", hint: setting.reason(node) ?? hint)
  }

  private func unknownKey(_ node: Yams.Node, name: String, path: String, section: String) -> ConfigurationError {
    let here = ConfigurationSchema.names(in: section)
    let near = NearestNames.find(name, in: here, limit: 1).map { section.isEmpty ? $0 : "\(section).\($0)" }
    let elsewhere = ConfigurationSchema.settings.filter { $0.key == name }.map(\.path)
    let hint =
      NearestNames.quoted(elsewhere.isEmpty ? near : elsewhere).map { "did you mean \($0)?" }
      ?? "known keys here: \(here.joined(separator: ", "))"
    return error(at: node, path, problem: "unknown key '\(path)'", hint: hint)
  }

  private func error(
    at node: Yams.Node, _ path: String, value: String? = nil, problem: String, hint: String
  ) -> ConfigurationError {
    ConfigurationError(
      file: file, line: node.mark?.line, column: node.mark?.column, keyPath: path.isEmpty ? nil : path, value: value,
      problem: problem, hint: hint)
  }

  private func syntaxError(_ error: YamlError) -> ConfigurationError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ConfigurationError(
        file: file, line: mark.line, column: mark.column, problem: "is not valid YAML: \(problem)",
        hint: "check indentation and quotes there and on the line above")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return ConfigurationError(
        file: file, line: context.mark.line, column: context.mark.column, keyPath: duplicates.first,
        problem:
          "key \(duplicates.map { "'\($0)'" }.joined(separator: ", ")) stands twice in the section that begins here",
        hint: "keep one of the two")
    default:
      return ConfigurationError(file: file, problem: "is not valid YAML", hint: "see `demand config show`")
    }
  }
}
