import DemandData
import FittingService
import Testing

@Suite struct GatesTests {
  private let origin = Day(iso: "2026-03-01")!
  private let node = Node(pair: LevelPair(product: 0, location: 0), product: 0, location: 0)

  /// A forecast of `days` days that all sell `units` in every draw.
  private func forecast(_ units: Int, days: Int = 28) -> NodeForecast {
    NodeForecast(
      node: node, days: (0..<days).map { _ in EmpiricalDistribution(draws: [units, units]) },
      total: EmpiricalDistribution(draws: [units * days, units * days]))
  }

  private func parameter(rhat: Double) -> ParameterDiagnostic {
    ParameterDiagnostic(
      name: "weekly_scale[total]", mean: 1, sd: 1, q5: 0, q50: 1, q95: 2, rhat: rhat, essBulk: 1000, essTail: 1000)
  }

  private func refusals(
    rhat: Double = 1, units: Int = 100, recent: Double? = 100, published: (NodeForecast, Day)? = nil
  ) -> [String] {
    var limits = DemandConfiguration.embedded.gates
    limits.rhatLimit = 1.05
    limits.driftLimit = 2
    return Gates(limits: limits).refusals(
      diagnostics: [parameter(rhat: 1), parameter(rhat: rhat)], total: forecast(units), origin: origin,
      recentDaily: recent, published: published.map { (total: $0.0, origin: $0.1) })
  }

  @Test func aSoundRunPasses() {
    #expect(refusals().isEmpty)
    #expect(refusals(rhat: 1.05, units: 200, published: (forecast(100), origin - 1)).isEmpty)
    // No known days to compare with say nothing against a run, nor does a forecast of next to nothing after nothing.
    #expect(refusals(recent: nil).isEmpty)
    #expect(refusals(units: 1, recent: 0).isEmpty)
  }

  @Test(arguments: [1.06, 2, .infinity, .nan]) func unconvergedParametersRefuse(rhat: Double) {
    let reasons = refusals(rhat: rhat)
    #expect(reasons.count == 1)
    #expect(reasons[0].hasPrefix("1 of 2 group parameters have R-hat above 1.05"))
    #expect(reasons[0].contains("weekly_scale[total]"))
  }

  @Test func hyperparametersMayBeFourTimesAsFarFromOne() {
    var limits = DemandConfiguration.embedded.gates
    limits.rhatLimit = 1.05
    let gates = Gates(limits: limits)
    func hyperparameter(_ rhat: Double) -> ParameterDiagnostic {
      var it = parameter(rhat: rhat)
      it.name = "hyper_sd[alpha|DAIRY]"
      return it
    }
    func refusals(_ rhat: Double) -> [String] {
      gates.refusals(
        diagnostics: [hyperparameter(rhat)], total: forecast(1), origin: origin, recentDaily: nil, published: nil)
    }
    #expect(refusals(1.19).isEmpty)
    #expect(refusals(1.21).count == 1)
    #expect(refusals(.nan).count == 1)
    #expect(gates.remarks(diagnostics: [hyperparameter(1.19), parameter(rhat: 2)]).count == 1)
    #expect(gates.remarks(diagnostics: [hyperparameter(1.19)])[0].contains("hyper_sd[alpha|DAIRY] at 1.19"))
    #expect(gates.remarks(diagnostics: [hyperparameter(1.01), parameter(rhat: 2)]).isEmpty)
  }

  @Test func aForecastFarFromRecentSalesRefuses() {
    #expect(refusals(units: 201).count == 1)
    #expect(refusals(units: 49).count == 1)
    #expect(refusals(units: 2, recent: 0).count == 1)
    #expect(refusals(units: 49)[0].contains("49 units a day where the last four weeks sold 100"))
  }

  /// Sales are counted by open days: a retailer who shuts on Sundays forecasts nothing on those.
  @Test func shutDaysAreNoDrift() {
    var limits = DemandConfiguration.embedded.gates
    limits.driftLimit = 1.1
    let days = (0..<28).map { EmpiricalDistribution(draws: [$0 % 7 == 6 ? 0 : 100, $0 % 7 == 6 ? 0 : 100]) }
    let total = NodeForecast(node: node, days: days, total: EmpiricalDistribution(draws: [2400, 2400]))
    func reasons(_ recent: Double) -> [String] {
      Gates(limits: limits).refusals(
        diagnostics: [], total: total, origin: origin, recentDaily: recent, published: nil)
    }
    #expect(reasons(100).isEmpty)
    #expect(reasons(120).count == 1)
    #expect(reasons(120).first?.contains("100 units a day where the last four weeks sold 120") == true)
  }

  @Test func driftCountsOnlyDaysThatBothCover() {
    #expect(refusals(published: (forecast(40), origin - 1)).count == 1)
    #expect(refusals(published: (forecast(201), origin - 7)).count == 1)
    // Published four weeks ago: no day in common.
    #expect(refusals(published: (forecast(10), origin - 28)).isEmpty)
    // One day in common is enough.
    #expect(refusals(published: (forecast(10), origin - 27)).count == 1)
  }
}
