import NumericKernels

/// Points for chains to start from.
struct StartingPoint {
  /// Attempts at a random point before giving up, as in Stan.
  static let attempts = 100
  /// Coordinates are uniform on [-radius, radius].
  let radius: Double

  /// Refuses a radius that gives no points.
  static func check(radius: Double, of sampler: String) throws(SamplingError) {
    guard radius >= 0, radius.isFinite else {
      throw .invalidSettings("\(sampler) needs a finite start radius of at least 0, not \(radius).")
    }
  }

  /// Puts a point at which density and gradient are finite into `place` of the system.
  ///
  /// - Parameters:
  ///   - point: A point to use; nil draws points until one will do.
  ///   - first: The number of the first attempt at a random point.
  /// - Returns: The number of the attempt that will do.
  /// - Throws: ``SamplingError/noStartingPoint(attempts:lastReason:)``,
  ///   ``SamplingError/startingPointImpossible(reason:)``, and what the density throws beyond repair.
  @discardableResult
  func find(
    _ system: inout HamiltonianSystem, place: Int, at point: [Double]?, from first: Int = 0,
    using streams: ChainStreams
  ) throws -> Int {
    let n = system.dimension
    if let point {
      guard point.count == n else {
        throw SamplingError.startingPointImpossible(reason: "it has \(point.count) coordinates, not \(n)")
      }
      for i in 0..<n { system.positions[place * n + i] = point[i] }
      guard try system.evaluate(place) else {
        throw SamplingError.startingPointImpossible(reason: Self.reason(&system, place))
      }
      return first
    }
    for attempt in first..<Self.attempts {
      var stream = streams.start(attempt: attempt)
      for i in 0..<n { system.positions[place * n + i] = radius * (2 * stream.uniform() - 1) }
      if try system.evaluate(place) { return attempt }
    }
    throw SamplingError.noStartingPoint(attempts: Self.attempts, lastReason: Self.reason(&system, place))
  }

  private static func reason(_ system: inout HamiltonianSystem, _ place: Int) -> String {
    if let reason = system.lastReason { return reason }
    let value = system.logDensities[place]
    let more = system.explanation(of: place).map { ": \($0)" } ?? ""
    guard value.isFinite else { return "the log density is \(value.isNaN ? "nan" : "\(value)")\(more)" }
    let index = system.gradient(place).firstIndex { !$0.isFinite } ?? 0
    return "the log density is \(value), but its gradient by coordinate \(index + 1) is not finite\(more)"
  }
}
