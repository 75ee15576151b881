/// What is known of days, past and future: events by location, and closures.
public struct EventCalendar: Sendable, Hashable, Codable {
  /// An event on one day. A feast of three days is three of these with one name.
  public struct Event: Sendable, Hashable, Codable {
    public let day: Day
    public let name: String
    /// Kind of event, such as `National`, `Religious`, `Sporting`, or `benefit` for benefit days.
    public let type: String
    public let scope: Scope

    public init(day: Day, name: String, type: String, scope: Scope = .everywhere) {
      self.day = day
      self.name = name
      self.type = type
      self.scope = scope
    }
  }

  /// The stores are shut.
  public struct Closure: Sendable, Hashable, Codable {
    public let day: Day
    public let scope: Scope

    public init(day: Day, scope: Scope = .everywhere) {
      self.day = day
      self.scope = scope
    }
  }

  /// Where something holds: everywhere, or in one node of the location tree, given by level and name.
  public enum Scope: Sendable, Hashable, Codable {
    case everywhere
    case location(level: String, node: String)

    /// Whether store `store` of `tree` lies inside.
    public func contains(store: Int, in tree: Tree) -> Bool {
      switch self {
      case .everywhere: true
      case .location(let level, let node):
        tree.level(named: level).map { tree.levels[$0].nodes[tree.node(ofLeaf: store, atLevel: $0)] == node } ?? false
      }
    }
  }

  public var events: [Event]
  public var closures: [Closure]
  /// Last day that the calendar speaks of; nil without one. An horizon beyond it is reported to the user.
  public var knownThrough: Day?

  public init(events: [Event] = [], closures: [Closure] = [], knownThrough: Day? = nil) {
    self.events = events
    self.closures = closures
    self.knownThrough = knownThrough
  }

  /// Type name of benefit days (SNAP in M5): they get an order within the month and a weekend interaction.
  public static let benefitType = "benefit"
}
