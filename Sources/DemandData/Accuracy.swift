/// How well one method forecast one aggregation level, over all origins of a backtest.
///
/// Definitions are those of the M5 competition where it has one; see `Scores` in the demand model for the equations.
/// A metric that a method does not have (intervals of a point forecast) is nil.
public struct LevelAccuracy: Sendable, Hashable, Codable {
  /// `department:store` and the like, or `mean` for the mean of all levels.
  public var level: String
  /// `demand`, or the name of a yardstick such as `seasonal_naive`.
  public var method: String
  public var nodes: Int
  public var wrmsse: Double
  public var rmsse: Double
  public var mase: Double
  public var wape: Double
  /// Sum of forecast means over sum of actuals, minus one.
  public var bias: Double
  public var wspl: Double?
  /// Mean pinball loss in units, unweighted, over the quantiles scored.
  public var pinball: Double?
  /// Share of actuals inside the central 50, 80 and 95% intervals.
  public var coverage50: Double?
  public var coverage80: Double?
  public var coverage95: Double?
  /// Largest amount by which the share of actuals below a scored quantile misses its probability, ties at the quantile
  /// counted in the forecast's favour; 0 is calibrated.
  public var calibrationGap: Double?

  public init(
    level: String, method: String, nodes: Int, wrmsse: Double, rmsse: Double, mase: Double, wape: Double, bias: Double,
    wspl: Double? = nil, pinball: Double? = nil, coverage50: Double? = nil, coverage80: Double? = nil,
    coverage95: Double? = nil, calibrationGap: Double? = nil
  ) {
    self.level = level
    self.method = method
    self.nodes = nodes
    self.wrmsse = wrmsse
    self.rmsse = rmsse
    self.mase = mase
    self.wape = wape
    self.bias = bias
    self.wspl = wspl
    self.pinball = pinball
    self.coverage50 = coverage50
    self.coverage80 = coverage80
    self.coverage95 = coverage95
    self.calibrationGap = calibrationGap
  }
}

/// What a backtest found.
public struct BacktestResult: Sendable, Hashable, Codable {
  public var origins: [Day]
  public var horizon: Int
  public var accuracy: [LevelAccuracy]

  public init(origins: [Day], horizon: Int, accuracy: [LevelAccuracy]) {
    self.origins = origins
    self.horizon = horizon
    self.accuracy = accuracy
  }
}
