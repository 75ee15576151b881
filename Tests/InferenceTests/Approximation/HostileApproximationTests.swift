import Foundation
import Inference
import Synchronization
import Testing

@Suite struct HostileApproximationTests {
  struct Impossible: RecoverableDensityError, CustomStringConvertible {
    var description: String { "scale is negative" }
  }
  struct Broken: Error, CustomStringConvertible {
    var description: String { "disk on fire" }
  }

  /// Every method on one density.
  static func outcomes(_ density: ClosureDensity) -> [Result<ApproximateFit, ApproximationError>] {
    [
      Result { () throws(ApproximationError) in try Laplace(drawCount: 200).fit(density, seed: 1) },
      Result { () throws(ApproximationError) in
        try VariationalInference(.meanField, drawCount: 200, maximumIterations: 2000).fit(density, seed: 1)
      },
      Result { () throws(ApproximationError) in
        try VariationalInference(.fullRank, drawCount: 200, maximumIterations: 2000).fit(density, seed: 1)
      },
      Result { () throws(ApproximationError) in
        try Pathfinder(pathCount: 1, drawCount: 200).fit(density, seed: 1)
      },
      Result { () throws(ApproximationError) in
        try Pathfinder(drawCount: 200, drawsPerPath: 200).fit(density, seed: 1)
      },
    ]
  }

  static func error(_ result: Result<ApproximateFit, ApproximationError>) -> ApproximationError? {
    if case .failure(let error) = result { return error }
    return nil
  }

  @Test func densitiesThatAreNeverFiniteSaySo() {
    for value in [Double.nan, -.infinity, .infinity] {
      for outcome in Self.outcomes(ClosureDensity(dimension: 2) { _, _ in value }) {
        guard case .noStartingPoint(100, let reason) = Self.error(outcome) else {
          Issue.record("\(outcome)")
          continue
        }
        #expect(reason.contains("\(value)"))
      }
    }
    for outcome in Self.outcomes(ClosureDensity(dimension: 2) { _, _ in throw Impossible() }) {
      #expect(Self.error(outcome) == .noStartingPoint(attempts: 100, lastReason: "scale is negative"))
    }
  }

  @Test func errorsThatAreNotRecoverablePassThrough() {
    for outcome in Self.outcomes(ClosureDensity(dimension: 2) { _, _ in throw Broken() }) {
      #expect(Self.error(outcome) == .densityFailed("disk on fire"))
    }
  }

  @Test func improperDensitiesHaveNoMode() {
    let flat = ClosureDensity(dimension: 2) { _, gradient in
      gradient = [0, 0]
      return 0
    }
    let rising = ClosureDensity(dimension: 2) { x, gradient in
      gradient = [1, -x[1]]
      return x[0] - 0.5 * x[1] * x[1]
    }
    for density in [flat, rising] {
      for outcome in Self.outcomes(density) {
        switch outcome {
        case .failure(.noMode), .failure(.outsideSupport), .failure(.noPath): break
        case .failure(let error): Issue.record("\(error)")
        case .success(let fit): #expect(!fit.isConverged || !(fit.paretoK < 0.7), "\(fit.label)")
        }
      }
    }
  }

  @Test func supportsWithAnEdgeAreCutOffAndCounted() throws {
    // A standard normal above -0.5, without the transform that would belong there.
    let half = ClosureDensity(dimension: 1) { x, gradient in
      if x[0] < -0.5 { throw Impossible() }
      gradient = [-x[0]]
      return -0.5 * x[0] * x[0]
    }
    let fit = try Laplace(drawCount: 1000).fit(half, seed: 3)
    #expect(fit.rejectedDraws > 200)
    #expect(fit.draws[0].allSatisfy { $0 >= -0.5 })
    #expect(fit.warnings.contains { $0.contains("outside the support") })
  }

  @Test func evaluationsThatFailNowAndThenEndInAResultOrATypedError() {
    let calls = Mutex(0)
    let flaky = ClosureDensity(dimension: 3) { x, gradient in
      let call = calls.withLock { count in
        count += 1
        return count
      }
      if call % 7 == 0 { throw Impossible() }
      if call % 11 == 0 { return .nan }
      for i in x.indices { gradient[i] = -x[i] }
      return -0.5 * x.reduce(0) { $0 + $1 * $1 }
    }
    for outcome in Self.outcomes(flaky) {
      switch outcome {
      case .success(let fit): #expect(fit.rejectedDraws > 0)
      case .failure(.noMode), .failure(.noPath): break
      case .failure(let error): Issue.record("\(error)")
      }
    }
  }

  @Test func startsOfTheWrongLengthAreNamed() {
    let density = ApproximationTargets.funnel(dimension: 3)
    #expect(throws: ApproximationError.wrongLength(expected: 3, found: 2)) {
      try Laplace().fit(density, seed: 1, start: [0, 0])
    }
    #expect(throws: ApproximationError.wrongLength(expected: 3, found: 1)) {
      try Pathfinder(pathCount: 1).fit(density, seed: 1, starts: [[0]])
    }
  }

  @Test func settingsOutOfRangeAreErrors() throws {
    let density = ApproximationTargets.normal(mean: [1], precision: [[1]])
    func expect(_ word: String, _ run: () throws -> Void) {
      let error = #expect(throws: ApproximationError.self) { try run() }
      guard case .invalidSettings(let reason) = error else {
        Issue.record("\(word): \(String(describing: error))")
        return
      }
      #expect(reason.contains(word), "\(reason)")
    }
    expect("draws") { _ = try Laplace(drawCount: 0).fit(density, seed: 1) }
    expect("iterations") { _ = try Laplace(maximumIterations: -1).fit(density, seed: 1) }
    expect("draws") { _ = try VariationalInference(drawCount: 0).fit(density, seed: 1) }
    expect("gradient") { _ = try VariationalInference(gradientDrawCount: 0).fit(density, seed: 1) }
    expect("tolerance") { _ = try VariationalInference(tolerance: .nan).fit(density, seed: 1) }
    expect("paths") { _ = try Pathfinder(pathCount: 0).fit(density, seed: 1) }
    expect("history") { _ = try Pathfinder(historyLength: 0).fit(density, seed: 1) }
    expect("bound") { _ = try Pathfinder(boundDrawCount: 0).startingPoints(density, chains: 1, seed: 1) }
    expect("chains") { _ = try Pathfinder().startingPoints(density, chains: 0, seed: 1) }
    let fit = try Laplace(drawCount: 30).fit(density, seed: 1)
    expect("draws") { _ = try fit.resampled(count: 0, seed: 1) }
    expect("chains") { _ = try fit.startingPoints(chains: 0) }
    #expect(try fit.startingPoints(chains: 2).count == 2 && fit.resampled(count: 5, seed: 1).drawCount == 5)
  }

  @Test func whatParetoKCannotTellIsNotCalledClose() throws {
    // Few draws have no tail, and half of the ratios at one ceiling none that could be fitted.
    let few = try Laplace(drawCount: 10).fit(ApproximationTargets.studentT(degrees: 1, dimension: 1), seed: 1)
    #expect(!few.paretoK.isFinite && few.label.contains("cannot be estimated") && !few.label.contains("close"))
    #expect(few.warnings.contains { $0.contains("cannot be estimated") })
    let ceiling = (0..<200).map { $0 < 100 ? 0.0 : -Double($0) }
    #expect(paretoKHat(ceiling).isNaN && ParetoSmoothedWeights(logRatios: ceiling).paretoK.isNaN)
    #expect(paretoKHat([Double](repeating: 2, count: 200)) == -.infinity)
  }
}
