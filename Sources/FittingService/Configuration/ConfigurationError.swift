/// What is wrong with a configuration file, where, and what would mend it.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file as the user named it.
  public var file: String
  /// Place in the file, both from 1; nil where the file as a whole is meant.
  public var line: Int?
  public var column: Int?
  /// Full key, such as `model.stage1.chains`; nil where no key is to blame.
  public var keyPath: String?
  /// The value found, as written.
  public var value: String?
  /// What is wrong, without the place.
  public var problem: String
  /// What to do about it.
  public var hint: String

  init(
    file: String, line: Int? = nil, column: Int? = nil, keyPath: String? = nil, value: String? = nil, problem: String,
    hint: String
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.keyPath = keyPath
    self.value = value
    self.problem = problem
    self.hint = hint
  }

  /// `file:line:column: problem`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if line != nil, let column { place += ":\(column)" }
    return "\(place): \(problem)"
  }
}
