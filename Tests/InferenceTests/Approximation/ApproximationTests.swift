import Foundation
import Inference
import NumericKernels
import Testing

@Suite struct ApproximationTests {
  static let mean = [1.0, -2, 0.5]
  /// Correlations to 0.8 and scales a factor of 60 apart.
  static let covariance = [[4.0, 1.2, 0.08], [1.2, 1, 0.0], [0.08, 0.0, 0.0036]]
  static let precision: [[Double]] = {
    // The inverse by cofactors.
    let c = covariance
    func minor(_ i: Int, _ j: Int) -> Double {
      let rows = (0..<3).filter { $0 != i }
      let columns = (0..<3).filter { $0 != j }
      let sign = (i + j) % 2 == 0 ? 1.0 : -1
      return sign * (c[rows[0]][columns[0]] * c[rows[1]][columns[1]] - c[rows[0]][columns[1]] * c[rows[1]][columns[0]])
    }
    let determinant = (0..<3).reduce(0.0) { $0 + c[0][$1] * minor(0, $1) }
    return (0..<3).map { i in (0..<3).map { j in minor(j, i) / determinant } }
  }()
  static let normal = ApproximationTargets.normal(mean: mean, precision: precision, offset: 2.5)

  /// Means within 5 standard errors and covariances within 6 of those given, by independent draws.
  static func expectMoments(_ fit: ApproximateFit, mean: [Double], covariance: [[Double]], count: Double) {
    for i in mean.indices {
      let x = fit.draws[i]
      let sd = covariance[i][i].squareRoot()
      let xMean = x.reduce(0, +) / count
      #expect(abs(xMean - mean[i]) < 5 * sd / count.squareRoot(), "\(fit.label) mean \(i)")
      for j in 0...i {
        let y = fit.draws[j]
        let yMean = y.reduce(0, +) / count
        let moment = zip(x, y).reduce(0) { $0 + ($1.0 - xMean) * ($1.1 - yMean) } / count
        let product = covariance[i][i] * covariance[j][j]
        let error = ((product + covariance[i][j] * covariance[i][j]) / count).squareRoot()
        #expect(abs(moment - covariance[i][j]) < 6 * error, "\(fit.label) covariance \(i) \(j)")
      }
    }
  }

  @Test func everyFamilyThatHoldsANormalFindsItExactly() throws {
    let fits = [
      try Laplace(drawCount: 4000).fit(Self.normal, seed: 1),
      try VariationalInference(.fullRank, drawCount: 4000).fit(Self.normal, seed: 2),
      try Pathfinder(pathCount: 1, drawCount: 4000).fit(Self.normal, seed: 3),
      try Pathfinder(drawCount: 4000, drawsPerPath: 2000).fit(Self.normal, seed: 4),
    ]
    for fit in fits {
      Self.expectMoments(fit, mean: Self.mean, covariance: Self.covariance, count: 4000)
      #expect(fit.isConverged, "\(fit.label) \(fit.warnings)")
      #expect(fit.paretoK < 0.5, "\(fit.label)")
      #expect(abs(fit.logEvidence - 2.5) < 0.02, "\(fit.label) \(fit.logEvidence)")
    }
    // Laplace's density is the target's to rounding, not only its moments.
    for (p, q) in zip(fits[0].logDensities, fits[0].logApproximations) { #expect(abs(p - q - 2.5) < 1e-6) }
  }

  /// The mean-field optimum for a normal has its mean and the conditional variances 1 / A_ii.
  @Test func meanFieldTakesConditionalVariances() throws {
    let fit = try VariationalInference(.meanField, drawCount: 8000).fit(Self.normal, seed: 5)
    #expect(fit.isConverged)
    for i in 0..<3 {
      let x = fit.draws[i]
      let mean = x.reduce(0, +) / 8000
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8000
      let expected = 1 / Self.precision[i][i]
      #expect(abs(variance / expected - 1) < 0.1)
      #expect(abs(mean - Self.mean[i]) < 0.12 * Self.covariance[i][i].squareRoot())
      #expect(expected < 0.75 * Self.covariance[i][i] || i > 0)
    }
    // The bound misses the divergence 1/2 log(prod A_ii / det A) of the best factorised normal.
    var factor = DenseCholesky(size: 3)
    try factor.factor(Self.precision.flatMap { $0 })
    let gap = 0.5 * ((0..<3).reduce(0) { $0 + log(Self.precision[$1][$1]) } - factor.logDeterminant)
    #expect(abs(fit.logEvidence - (2.5 - gap)) < 0.05)
  }

  /// For log Gamma(a): Laplace sits at the mode log a, the variational mean is log a - 1/(2a), both with variance 1/a;
  /// the posterior's mean is psi(a) = log a - 1/(2a) - 1/(12 a^2) - ...
  @Test func skewedTargetsShowTheKnownBiases() throws {
    let shape = 2.0
    let density = ApproximationTargets.logGamma(shape: shape)
    let laplace = try Laplace(drawCount: 20_000).fit(density, seed: 6)
    let variational = try VariationalInference(.meanField, drawCount: 20_000).fit(density, seed: 7)
    let error = 5 * (1 / shape / 20_000).squareRoot()
    func moments(_ draws: ArraySlice<Double>) -> (mean: Double, variance: Double) {
      let mean = draws.reduce(0, +) / Double(draws.count)
      return (mean, draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws.count))
    }
    #expect(abs(moments(laplace.draws[0]).mean - log(shape)) < error)
    #expect(abs(moments(variational.draws[0]).mean - (log(shape) - 1 / (2 * shape))) < error + 0.01)
    for fit in [laplace, variational] { #expect(abs(moments(fit.draws[0]).variance * shape - 1) < 0.06) }
    // Laplace's evidence: Stirling's formula without its correction 1/(12 a).
    let stirling = shape * log(shape) - shape - SpecialFunctions.logGamma(shape) + 0.5 * log(2 * .pi / shape)
    #expect(abs(laplace.logEvidence - stirling) < 1e-6)
    // Importance resampling mends the mean: psi(2) = 0.42278.
    let mended = try moments(laplace.resampled(count: 20_000, seed: 8)[0]).mean
    #expect(laplace.paretoK < 0.7)
    #expect(abs(mended - 0.422_784_335) < 0.06)
  }

  @Test func paretoKFlagsBadFits() throws {
    let heavy = try Laplace().fit(ApproximationTargets.studentT(degrees: 1, dimension: 4), seed: 9)
    let funnel = try VariationalInference(.meanField).fit(ApproximationTargets.funnel(dimension: 10), seed: 10)
    for fit in [heavy, funnel] {
      #expect(fit.paretoK > 0.7, "\(fit.label)")
      #expect(fit.label.contains("not to be relied on"))
      #expect(fit.warnings.contains { $0.contains("Pareto k") })
    }
  }

  @Test func tooFewStepsAreReportedAsNotConverged() throws {
    let density = ApproximationTargets.normal(mean: Self.mean, precision: Self.precision)
    let fit = try VariationalInference(.fullRank, maximumIterations: 50).fit(density, seed: 11)
    #expect(!fit.isConverged)
    #expect(fit.label.contains("not converged"))
    let climb = try Laplace(maximumIterations: 1).fit(density, seed: 11)
    #expect(!climb.isConverged)
  }

  @Test func aSeedFixesEveryDraw() throws {
    let density = ApproximationTargets.funnel(dimension: 5)
    #expect(try Pathfinder().fit(density, seed: 12) == Pathfinder().fit(density, seed: 12))
    #expect(try Pathfinder().fit(density, seed: 12).draws != Pathfinder().fit(density, seed: 13).draws)
    let ascent = VariationalInference(.meanField, drawCount: 100, maximumIterations: 400)
    #expect(try ascent.fit(density, seed: 12) == ascent.fit(density, seed: 12))
    let points = try Pathfinder().startingPoints(density, chains: 3, seed: 12)
    #expect(try points == Pathfinder().startingPoints(density, chains: 3, seed: 12))
    #expect(points.count == 3 && Set(points).count == 3)
  }

  /// In 40 correlated coordinates (a random walk) paths from far away end where the posterior is.
  @Test func startingPointsLieInTheBulk() throws {
    let n = 40
    let precision = (0..<n).map { i in (0..<n).map { j in i == j ? 2.0 : abs(i - j) == 1 ? -0.9 : 0 } }
    let density = ApproximationTargets.normal(mean: .init(repeating: 100, count: n), precision: precision)
    let points = try Pathfinder().startingPoints(density, chains: 4, seed: 14)
    for point in points {
      var gradient = [Double](repeating: 0, count: n)
      let gap = try density.function(Array(repeating: 100, count: n), &gradient) - density.function(point, &gradient)
      // Half a chi-square on 40 degrees of freedom, allowing for the low rank's overdispersion.
      #expect(gap < 60)
    }
  }
}
