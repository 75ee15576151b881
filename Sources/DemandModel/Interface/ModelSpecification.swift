import DemandData

/// Everything that a statistician can set about the model; the defaults are those of `config/demand.yml`.
///
/// Times are in days unless said otherwise; scales are standard deviations on the log scale.
public struct ModelSpecification: Sendable, Hashable, Codable {
  public var groups: Groups
  public var calendar: Calendar
  public var stage1: Stage1
  public var stage2: Stage2
  public var simulation: Simulation

  public init(
    groups: Groups = Groups(), calendar: Calendar = Calendar(), stage1: Stage1 = Stage1(), stage2: Stage2 = Stage2(),
    simulation: Simulation = Simulation()
  ) {
    self.groups = groups
    self.calendar = calendar
    self.stage1 = stage1
    self.stage2 = stage2
    self.simulation = simulation
  }

  /// The level pair at which calendar and trend are learned.
  public struct Groups: Sendable, Hashable, Codable {
    public var productLevel = "department"
    public var locationLevel = "store"
    public init() {}
  }

  /// Columns of the calendar regression.
  public struct Calendar: Sendable, Hashable, Codable {
    /// Pairs of annual Fourier terms.
    public var annualHarmonics = 3
    /// Pairs of annual harmonics by which the weekend's weight varies over the year.
    public var weekendHarmonics = 2
    /// Lead and lag days of events by name, such as `Christmas: [-7, 7]`.
    public var eventWindows: [String: [Int]] = [:]
    /// Lead and lag days of every other event.
    public var defaultEventWindow = [0, 0]
    /// Whether parts of the month (pay-days) have coefficients.
    public var partsOfMonth = true
    public init() {}
  }

  public struct Stage1: Sendable, Hashable, Codable {
    /// Days of history that the group regression sees, at most.
    public var historyDays = 1461
    public var chains = 4
    public var warmup = 500
    public var draws = 500
    /// R-hat that every reported parameter is to reach; until then chains go on.
    public var rhatTarget = 1.04
    /// How often chains go on, at most, each time until they have made twice as many sweeps after the warm-up.
    public var extensions = 3
    /// Posterior draws that stage 2 and the simulation use.
    public var keptDraws = 32
    public init() {}
  }

  public struct Stage2: Sendable, Hashable, Codable {
    /// Days of history that a series sees, at most.
    public var historyDays = 1096
    /// Inner Metropolis steps of each of four chains per stage-1 draw, those of settling included. With the state itself
    /// they fill lanes in eights: 7, 15, 23 cost what they seem to.
    public var innerSteps = 15
    /// Inner steps that are thrown away for settling.
    public var settlingSteps = 7
    /// Draws per series that are archived and simulated from; a multiple of `stage1.keptDraws`.
    public var archivedDraws = 128
    /// Gibbs sweeps of the hyperprior, per chain.
    public var hyperpriorSweeps = 400
    public init() {}
  }

  public struct Simulation: Sendable, Hashable, Codable {
    /// Joint draws; a multiple of `stage2.archivedDraws`.
    public var draws = 512
    /// Weekly factor by which a group's trend loses strength ahead of the origin.
    public var trendDamping = 0.98
    public init() {}
  }
}
