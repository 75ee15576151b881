import Foundation
import Inference
import NumericKernels
import Testing

/// Partial derivatives against central differences with Richardson's extrapolation, at random and at edge points.
@Suite("Gradients of distributions")
struct DistributionGradientTests {
  /// A family, a point and parameters.
  struct Point: CustomTestStringConvertible {
    let evaluate: @Sendable (Double, SIMD4<Double>) -> Partials
    let name: String
    let isDiscrete: Bool
    let x: Double
    let p: SIMD4<Double>
    let count: Int
    /// Parameters that are whole numbers and so not differentiated.
    let whole: [Bool]
    /// How far x is from an end of the support that is an interval.
    let room: Double
    /// The same of the parameters.
    let rooms: [Double]

    init<D: ScalarDensity>(_ family: D.Type, _ x: Double, _ p: [Double]) {
      evaluate = { D.evaluate($0, $1) }
      name = D.name
      isDiscrete = D.isDiscrete
      self.x = x
      var parameters = SIMD4<Double>.zero
      for (i, value) in p.enumerated() { parameters[i] = value }
      self.p = parameters
      if case .interval(let low, let high) = D.support(parameters) {
        room = min(x - low, high - x)
      } else {
        room = .infinity
      }
      rooms = D.parameterSupports.enumerated().map { i, support in
        if case .interval(let low, let high) = support { return min(p[i] - low, high - p[i]) }
        return .infinity
      }
      count = D.parameterNames.count
      whole = D.parameterSupports.map { if case .integers = $0 { true } else { false } }
      precondition(p.count == count && D.parameterSupports.count == count)
    }

    var testDescription: String { "\(name)(\(x) | \(p))" }
  }

  /// f'(x) by central differences at steps h and h / 2, extrapolated; with an estimate of its error.
  static func derivative(
    _ f: (Double) -> Double, at x: Double, room: Double = .infinity
  ) -> (value: Double, error: Double) {
    func central(_ h: Double) -> Double {
      let (above, below) = (x + h, x - h)
      return (f(above) - f(below)) / (above - below)
    }
    let h = min(x == 0 ? 1e-4 : abs(x) * 1e-3, 1e-2 * room)
    let (coarse, fine, finest) = (central(h), central(h / 2), central(h / 4))
    let (first, second) = ((4 * fine - coarse) / 3, (4 * finest - fine) / 3)
    return (second, abs(second - first) + 1e-15 * max(1, abs(f(x))) / h * 8)
  }

  /// - Parameter skippingRough: Whether to leave out comparisons where the differences themselves are poor.
  /// - Returns: How many derivatives were compared and how many left out.
  @discardableResult
  static func check(_ point: Point, skippingRough: Bool = false) -> (compared: Int, skipped: Int) {
    var (compared, skipped) = (0, 0)
    let partials = point.evaluate(point.x, point.p)
    #expect(partials.value.isFinite, "\(point.testDescription)")
    func compare(
      _ actual: Double, _ f: (Double) -> Double, at x: Double, _ what: String, room: Double = .infinity
    ) {
      let expected = derivative(f, at: x, room: room)
      let tolerance = 4 * expected.error + 1e-9 * abs(expected.value)
      if skippingRough && !(tolerance <= 1e-4 * max(1, abs(expected.value))) {
        skipped += 1
        return
      }
      compared += 1
      #expect(
        abs(actual - expected.value) <= tolerance,
        "\(point.testDescription) by \(what): \(actual), differences \(expected.value) ± \(tolerance)")
      #expect(
        tolerance <= 1e-4 * max(1, abs(expected.value)), "\(point.testDescription) by \(what): differences too rough")
    }
    if point.isDiscrete {
      #expect(partials.x == 0)
    } else {
      compare(partials.x, { point.evaluate($0, point.p).value }, at: point.x, "x", room: point.room)
    }
    for i in 0..<point.count {
      if point.whole[i] {
        #expect(partials.p[i] == 0)
        continue
      }
      compare(
        partials.p[i],
        {
          var p = point.p
          p[i] = $0
          return point.evaluate(point.x, p).value
        }, at: point.p[i], "parameter \(i)", room: point.rooms[i])
    }
    return (compared, skipped)
  }

  @Test("of the real line")
  func realLine() {
    for x in [-30.0, -1.2, 0.3, 2.0, 55.0] {
      Self.check(Point(Normal.self, x, [0.4, 1.7]))
      Self.check(Point(Cauchy.self, x, [0.4, 1.7]))
      Self.check(Point(Cauchy.self, x, [-2, 0.03]))
      Self.check(Point(DoubleExponential.self, x, [0.4, 1.7]))
      Self.check(Point(Logistic.self, x, [0.4, 1.7]))
      Self.check(Point(Uniform.self, x, [-50, 60]))
      for nu in [0.3, 1, 4, 31, 79, 81, 900] { Self.check(Point(StudentT.self, x, [nu, 0.4, 1.7])) }
    }
  }

  @Test("of positive numbers")
  func positive() {
    for x in [1e-3, 0.2, 1.0, 7.0, 250.0] {
      Self.check(Point(HalfNormal.self, x, [1.7]))
      Self.check(Point(HalfCauchy.self, x, [1.7]))
      Self.check(Point(HalfStudentT.self, x, [3.5, 1.7]))
      Self.check(Point(LogNormal.self, x, [0.4, 1.7]))
      Self.check(Point(Exponential.self, x, [0.6]))
      for alpha in [0.3, 1, 2.5, 14.9, 15.1, 80] {
        if alpha < 10 || x <= 1 { Self.check(Point(Weibull.self, x, [alpha, 1.6])) }
        Self.check(Point(Gamma.self, x, [alpha, 0.6]))
        Self.check(Point(InverseGamma.self, x, [alpha, 0.6]))
      }
    }
  }

  @Test("of counts")
  func counts() {
    for y in [0.0, 1, 4, 31, 32, 33, 140] {
      Self.check(Point(Poisson.self, y, [3.2]))
      Self.check(Point(PoissonLog.self, y, [1.3]))
      Self.check(Point(PoissonLog.self, y, [-6]))
      for phi in [0.05, 2, 12.9, 13.1, 90] {
        Self.check(Point(NegativeBinomial2.self, y, [6.5, phi]))
        Self.check(Point(NegativeBinomial2Log.self, y, [2.1, phi]))
        Self.check(Point(NegativeBinomial2Log.self, y, [-3, phi]))
        Self.check(Point(NegativeBinomial.self, y, [phi, 0.4]))
      }
    }
  }

  @Test("of proportions and angles")
  func bounded() {
    for x in [1e-6, 0.03, 0.5, 0.9, 0.9999] {
      for (alpha, beta) in [(0.5, 0.5), (1, 3), (20, 11), (300, 2)] { Self.check(Point(Beta.self, x, [alpha, beta])) }
    }
    for x in [-3.1, -0.4, 1.0, 2.9] {
      for kappa in [0.01, 1, 29.9, 30.1, 500] { Self.check(Point(VonMises.self, x, [0.7, kappa])) }
    }
  }

  @Test("of outcomes and trials")
  func trials() {
    for y in [0.0, 1] {
      Self.check(Point(Bernoulli.self, y, [0.3]))
      for alpha in [-20, -1.0, 0.5, 20] { Self.check(Point(BernoulliLogit.self, y, [alpha])) }
    }
    for y in [0.0, 1, 9, 10, 20, 30] {
      Self.check(Point(Geometric.self, y, [0.3]))
      Self.check(Point(Binomial.self, y, [30, 0.3]))
      Self.check(Point(BinomialLogit.self, y, [30, -1.2]))
      for scale in [0.05, 1, 30] { Self.check(Point(BetaBinomial.self, y, [30, 2 * scale, 3 * scale])) }
    }
  }

  /// Parameters over several orders of magnitude, variates of the family itself and its far quantiles.
  @Test("of every family at random points", arguments: AllDistributions.all.indices)
  func random(family: Int) {
    func open<D: ScalarDistribution>(_: D.Type) {
      var stream = RandomStream(seed: 5, purpose: 9003, index: UInt64(family))
      var (compared, skipped) = (0, 0)
      for round in 0..<60 {
        var p = AllDistributions.randomParameters(D.self, using: &stream)
        if D.self == Uniform.self { p[1] = p[0] + exp(p[1]) }
        let d = D(parameters: p)
        let x = round % 6 == 4 ? d.quantile(1e-5) : round % 6 == 5 ? d.quantile(1 - 1e-5) : d.random(using: &stream)
        guard x.isFinite, abs(x) < 1e12, d.logDensity(x).isFinite, D.isDiscrete || abs(x) > 1e-30 else { continue }
        let count = Self.check(
          Point(D.self, x, (0..<D.parameterNames.count).map { p[$0] }), skippingRough: true)
        compared += count.compared
        skipped += count.skipped
      }
      #expect(compared >= 40 && skipped <= compared / 3, "\(D.name): \(compared) compared, \(skipped) left out")
    }
    open(AllDistributions.all[family])
  }
}
