import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

@Suite struct RunsTests {
  let noon = SmallStore.noon

  @Test(arguments: DatabaseKind.available) func ledgerOfRuns(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    var run = try small.run(status: .running)
    #expect(try small.store.run(run.id) == run)
    run.status = .failed
    run.stage = "stage 2"
    run.message = "it rained"
    run.finishedAt = noon + 1.5
    run.seriesCount = 3
    run.fallbackCount = 1
    try small.store.updateRun(run)
    let second = try small.run(key: "other")
    #expect(try small.store.runs() == [second, run])
    #expect(try small.store.runs(key: "key") == [run])
    #expect(try small.store.latestRun() == second)
    #expect(try small.store.latestRun(status: .failed) == run)
    #expect(try small.store.latestRun(status: .interrupted) == nil)
    #expect(throws: StoreError.unknownRun(99)) { _ = try small.store.run(99) }
  }

  @Test(arguments: DatabaseKind.available) func artifactsAreChecked(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    let run = try small.run()
    let payload = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try small.store.saveArtifact(run: run.id, kind: "stage1", part: "draws", payload: payload)
    try small.store.saveArtifact(run: run.id, kind: "stage1", part: "empty", payload: [])
    #expect(try small.store.artifact(run: run.id, kind: "stage1", part: "draws") == payload)
    #expect(try small.store.artifact(run: run.id, kind: "stage1", part: "empty") == [])
    #expect(try small.store.artifact(run: run.id, kind: "stage1", part: "none") == nil)
    #expect(try small.store.artifactParts(run: run.id, kind: "stage1") == ["draws", "empty"])
    // One bit of the payload turns over.
    let flipped = payload.enumerated().map { String(Int($0 == 100 ? $1 ^ 1 : $1) + 256, radix: 16).dropFirst() }
    let literal = kind == .sqlite ? "x'\(flipped.joined())'" : "'\\x\(flipped.joined())'"
    try small.database.query("UPDATE run_artifacts SET payload = \(literal) WHERE part = 'draws'")
    let damaged = try openStore(small.database.url, mode: .readOnly, now: noon)
    do {
      _ = try damaged.artifact(run: run.id, kind: "stage1", part: "draws")
      Issue.record("damage was not noticed")
    } catch { #expect(String(describing: error).contains("checksum does not match")) }
  }

  @Test(arguments: DatabaseKind.available) func seriesAndDiagnostics(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let run = try small.run()
    let rows = [
      SeriesLedgerRow(
        product: "milk", store: "north", outcome: .init(method: .fallback, reason: "no history"), draws: []),
      SeriesLedgerRow(
        product: "tea", store: "north",
        outcome: .init(
          method: .independence, rhat: 1.001, essBulk: 812, essTail: 640, acceptance: 0.87, paretoK: 0.3),
        draws: [1.5, -0, .pi, .greatestFiniteMagnitude]),
    ]
    try small.store.saveSeries(run: run.id, rows.reversed())
    #expect(try small.store.series(run: run.id) == rows)
    #expect(try small.store.series(run: run.id, draws: false).map(\.draws.count) == [0, 0])
    #expect(throws: StoreError.self) {
      try small.store.saveSeries(
        run: run.id, [SeriesLedgerRow(product: "gin", store: "north", outcome: .init(method: .hyperprior))])
    }
    let diagnostics = [
      ParameterDiagnostic(name: "b", mean: 1, sd: 2, q5: 3, q50: 4, q95: 5, rhat: .nan, essBulk: 7, essTail: 8),
      ParameterDiagnostic(name: "a", mean: 0, sd: 2, q5: 3, q50: 4, q95: 5, rhat: 1, essBulk: 7, essTail: 8),
    ]
    try small.store.saveDiagnostics(run: run.id, diagnostics)
    let read = try small.store.diagnostics(run: run.id)
    #expect(read.map(\.name) == ["b", "a"])
    #expect(read[0].rhat.isNaN && read[1] == diagnostics[1])
  }

  @Test(arguments: DatabaseKind.available) func forecastsRoundTrip(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let run = try small.run()
    let hierarchy = try small.store.hierarchy()
    let forecasts = try small.forecasts()
    try small.store.saveForecasts(run: run.id, Array(forecasts[..<5]), hierarchy: hierarchy)
    try small.store.saveForecasts(run: run.id, Array(forecasts[4...].reversed()), hierarchy: hierarchy)
    #expect(try small.store.forecastCount(run: run.id) == forecasts.count)
    var streamed: [NodeForecast] = []
    for pair in hierarchy.levelPairs {
      try small.store.forecasts(
        run: run.id, productLevel: hierarchy.product.levels[pair.product].name,
        locationLevel: hierarchy.location.levels[pair.location].name
      ) { names, forecast in
        #expect(names == hierarchy.names(of: forecast.node))
        streamed.append(forecast)
      }
    }
    #expect(streamed == forecasts)
    for forecast in forecasts {
      #expect(try small.store.forecast(run: run.id, hierarchy.names(of: forecast.node)) == forecast)
    }
    let nowhere = NodeNames(productLevel: "product", product: "milk", locationLevel: "store", location: "south")
    #expect(throws: StoreError.self) { _ = try small.store.forecast(run: run.id, nowhere) }
    let all = NodeNames(productLevel: "all", product: "all", locationLevel: "all", location: "all")
    #expect(throws: StoreError.unknownRun(77)) { _ = try small.store.forecast(run: 77, all) }
  }

  @Test(arguments: DatabaseKind.available) func publicationAndRollback(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    func publishable() throws -> RunRecord {
      let run = try small.run()
      try small.store.saveForecasts(run: run.id, try small.forecasts(), hierarchy: try small.store.hierarchy())
      return run
    }
    #expect(try small.store.publishedRun() == nil)
    #expect(throws: StoreError.self) { _ = try small.store.rollback(at: noon) }
    let runs = [try publishable(), try publishable(), try publishable()]
    for (offset, run) in zip(0..., runs) { try small.store.publish(run: run.id, at: noon + Double(offset)) }
    #expect(try small.store.publishedRun()?.run == runs[2])
    try small.store.markStale(reason: "tonight failed", at: noon + 10)
    try small.store.markStale(reason: "failed again", at: noon + 20)
    let stale = try #require(try small.store.publishedRun())
    #expect(stale.staleSince == noon + 10 && stale.staleReason == "failed again" && stale.publishedAt == noon + 2)
    #expect(try small.store.rollback(at: noon + 30) == runs[1].id)
    #expect(try small.store.publishedRun()?.staleSince == nil)
    #expect(try small.store.rollback(at: noon + 31) == runs[0].id)
    #expect(throws: StoreError.self) { _ = try small.store.rollback(at: noon + 32) }
    #expect(try small.store.publishedRun()?.run == runs[0])
    #expect(try small.store.publicationHistory().map(\.run) == [1, 2, 3, 2, 1].map { runs[$0 - 1].id })
    let failed = try small.run(status: .failed)
    #expect(throws: StoreError.runState(run: failed.id, reason: "is failed: only a complete run can be published")) {
      try small.store.publish(run: failed.id, at: noon)
    }
    let empty = try small.run()
    #expect(throws: StoreError.runState(run: empty.id, reason: "has no forecasts: nothing to publish")) {
      try small.store.publish(run: empty.id, at: noon)
    }
    #expect(try small.store.publishedRun()?.run == runs[0])
    // Pruning keeps the newest, the published one, and what it would roll back to.
    try small.store.publish(run: runs[1].id, at: noon + 40)
    let running = try small.run(status: .running)
    let last = try small.run()
    #expect(try Set(small.store.pruneRuns(keep: 1)) == [runs[2].id, failed.id, empty.id])
    #expect(try small.store.runs().map(\.id) == [last.id, running.id, runs[1].id, runs[0].id])
    #expect(try small.store.forecastCount(run: runs[2].id) == 0)
    #expect(try small.store.rollback(at: noon + 50) == runs[0].id)
  }

  @Test(arguments: DatabaseKind.available) func backtests(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    #expect(try small.store.latestBacktest() == nil)
    func result(_ wape: Double) -> BacktestResult {
      BacktestResult(
        origins: [SmallStore.first], horizon: 28,
        accuracy: [
          LevelAccuracy(
            level: "all:all", method: "demand", nodes: 1, wrmsse: 0.1, rmsse: 0.2, mase: 0.1 + 0.2, wape: wape, bias: 0,
            wspl: nil, coverage95: 0.95)
        ])
    }
    try small.store.saveBacktest(result(0.5), runKey: "a", at: noon)
    try small.store.saveBacktest(result(.infinity), runKey: "b", at: noon + 1)
    #expect(try small.store.latestBacktest()?.result == result(.infinity))
    #expect(try small.store.latestBacktest(runKey: "a")?.result == result(0.5))
    #expect(try small.store.latestBacktest(runKey: "c") == nil)
  }
}
