import Inference

/// A model worked through from the question to the prediction, on made-up data whose truth is known.
public enum Tutorial: String, CaseIterable, Sendable {
  case linearRegression = "linear-regression"
  case grouped
  case schoolScores = "school-scores"
  case retail

  /// What it is about, in a line.
  public var abstract: String {
    switch self {
    case .linearRegression: "A line through yields of fields, then with a level for each farm."
    case .grouped: "Means of machines of which some have hardly been measured."
    case .schoolScores: "Pupils in schools, with a mean and a variance for each school."
    case .retail: "Weekly counts by product trend, store seasonality and region, negative binomial."
    }
  }

  /// Works through the tutorial.
  ///
  /// - Parameter write: Takes the text piece by piece, as it comes into being.
  /// - Throws: ``ModelError``, ``SamplingError``, or that a plot cannot be written.
  public func run(_ options: TutorialOptions, write: @escaping (String) -> Void) throws -> TutorialOutcome {
    var report = Report(folder: options.folder, write: write)
    let lesson: any Lesson.Type =
      switch self {
      case .linearRegression: LinearRegression.self
      case .grouped: GroupedMeans.self
      case .schoolScores: SchoolScores.self
      case .retail: RetailDemand.self
      }
    return try lesson.teach(options, &report)
  }
}

/// How a tutorial is run.
public struct TutorialOptions: Sendable {
  /// Of the data and of all sampling.
  public var seed: UInt64
  /// Draws kept of each chain; the warm-up is as long.
  public var draws: Int
  /// Threads that share the four chains; nil takes all cores.
  public var threads: Int?
  /// A folder that exists, for the plots; nil draws none.
  public var folder: String?

  public init(seed: UInt64 = 1, draws: Int = 1000, threads: Int? = nil, folder: String? = nil) {
    self.seed = seed
    self.draws = draws
    self.threads = threads
    self.folder = folder
  }

  /// The settings of each fit: four chains, as many warm-up iterations as draws.
  var sampling: SamplingOptions {
    SamplingOptions(chains: 4, warmUp: draws, draws: draws, seed: seed, threads: threads)
  }
}

/// What a tutorial arrived at, so that it can be held against the truth.
public struct TutorialOutcome: Sendable {
  /// The fit of the partially pooled model.
  public let fit: Fit
  /// True values by the names of the fit's variables.
  public let truth: [String: Double]
  /// Root mean squared errors of the groups' means.
  public let errors: PoolingErrors
  /// Paths of the plots written.
  public let plots: [String]
}

/// Root mean squared errors of three ways to estimate what groups have of their own.
public struct PoolingErrors: Sendable, Equatable {
  /// As if all groups were one.
  public let pooled: Double
  /// Each group on its own data alone.
  public let unpooled: Double
  /// Each group on its own data and on what the groups have in common.
  public let partiallyPooled: Double
}

/// One of the tutorials.
protocol Lesson {
  static func teach(_ options: TutorialOptions, _ report: inout Report) throws -> TutorialOutcome
}
