import DemandData

/// What stage 1 hands on: kept posterior draws of every group's calendar effect, trend and shared shocks.
public struct GroupPosterior: Sendable, Hashable, Codable {
  /// The groups, sorted, and the group of every series of the panel.
  public let groups: [Node]
  public let groupOfSeries: [Int]
  /// First day of ``logCalendar``.
  public let firstDay: Day
  /// History days that stage 1 saw plus the horizon.
  public let dayCount: Int
  public let keptDraws: Int
  /// Log calendar effect (`x_t' beta_g`, trend left out), `[draw][group][day]`. Closed days hold the value they would
  /// have had when open.
  public let logCalendar: [Float]
  /// Slope of the group's log level per week, `[draw][group]`.
  public let weeklyTrend: [Double]
  public let shocks: SharedShocks
  /// Summary of every reported parameter over all chains.
  public let diagnostics: [ParameterDiagnostic]

  public init(
    groups: [Node], groupOfSeries: [Int], firstDay: Day, dayCount: Int, keptDraws: Int, logCalendar: [Float],
    weeklyTrend: [Double], shocks: SharedShocks, diagnostics: [ParameterDiagnostic]
  ) {
    precondition(logCalendar.count == keptDraws * groups.count * dayCount)
    precondition(weeklyTrend.count == keptDraws * groups.count)
    self.groups = groups
    self.groupOfSeries = groupOfSeries
    self.firstDay = firstDay
    self.dayCount = dayCount
    self.keptDraws = keptDraws
    self.logCalendar = logCalendar
    self.weeklyTrend = weeklyTrend
    self.shocks = shocks
    self.diagnostics = diagnostics
  }

  /// Range of ``logCalendar`` that holds one draw of one group.
  public func calendarRange(draw: Int, group: Int) -> Range<Int> {
    let start = (draw * groups.count + group) * dayCount
    return start..<start + dayCount
  }
}

/// Shocks that groups share through the trees: weekly ones move the log level for good, daily ones pass.
///
/// Group `g`'s log level moves in a week by the sum over components of `N(0, weekly^2)` of its node in `c`, plus its
/// own; on a day its log mean is shifted likewise by the daily ones, of scale `daily[c]`.
public struct SharedShocks: Sendable, Hashable, Codable {
  /// A tree level whose nodes share a shock, such as `store`; levels that tell no more than another are left out.
  public struct Component: Sendable, Hashable, Codable {
    public let name: String
    public let nodeCount: Int
    public let nodeOfGroup: [Int]

    public init(name: String, nodeCount: Int, nodeOfGroup: [Int]) {
      self.name = name
      self.nodeCount = nodeCount
      self.nodeOfGroup = nodeOfGroup
    }
  }

  public let components: [Component]
  /// Scales of weekly shocks, `[draw][node]`: the nodes of all components, one component after another.
  public let weekly: [Double]
  /// Scales of daily shocks, `[draw][component]`.
  public let daily: [Double]
  /// Scales of the groups' own shocks, `[draw][group]`.
  public let ownWeekly: [Double]
  public let ownDaily: [Double]

  /// Nodes of all components together.
  public var nodeCount: Int { components.reduce(0) { $0 + $1.nodeCount } }

  public init(components: [Component], weekly: [Double], daily: [Double], ownWeekly: [Double], ownDaily: [Double]) {
    self.components = components
    self.weekly = weekly
    self.daily = daily
    self.ownWeekly = ownWeekly
    self.ownDaily = ownDaily
  }
}
