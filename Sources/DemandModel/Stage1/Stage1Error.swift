/// Why stage 1 could not be sampled.
public enum Stage1Error: Error, Hashable, Sendable, CustomStringConvertible {
  /// The specification names a level that the trees do not have.
  case unknownLevel(name: String, tree: String, known: [String])
  /// No open day with known sales among the last `days` days.
  case noHistory(days: Int)
  case invalidHorizon(Int)
  /// A number of the specification is out of its range.
  case invalidSetting(name: String, value: Int, needed: String)
  /// A covariance lost its positive definiteness to rounding.
  case numericalFailure(chain: Int, sweep: Int, step: String)

  public var description: String {
    switch self {
    case .unknownLevel(let name, let tree, let known):
      "the \(tree) tree has no level '\(name)': set the groups' \(tree) level to one of \(known.joined(separator: ", "))"
    case .noHistory(let days):
      "none of the \(days) days up to the origin has known sales of an open store: load sales of earlier days, or move "
        + "the origin to a later day"
    case .invalidHorizon(let horizon):
      "the horizon is \(horizon) days: it must be at least 1"
    case .invalidSetting(let name, let value, let needed):
      "\(name) is \(value): it must be \(needed)"
    case .numericalFailure(let chain, let sweep, let step):
      "chain \(chain) lost numerical precision at sweep \(sweep) (\(step)): run it again with another seed, and report "
        + "it with the data's description if it persists"
    }
  }
}
