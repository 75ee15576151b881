import Foundation
import Inference
import NumericKernels
import Synchronization
import Testing

/// Threads, checkpoints, cancellation, budgets, progress, starting points and failures: everything about a run that is
/// not the algorithm.
@Suite struct RunningTests {
  static let samplers: [any Sampler] = [
    NUTS(), NUTS(metric: .dense), NUTS(metric: .diagonal), HMC(), RandomWalkMetropolis(blocks: [[0], [1, 2]]),
    CoordinateSlice(),
  ]

  private func checkpointURL() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString).checkpoint")
  }

  /// Draws and statistics alike, NaN being equal to NaN.
  private func expectIdentical(_ a: Fit, _ b: Fit, sourceLocation: SourceLocation = #_sourceLocation) {
    func bits(_ values: [Double]) -> [UInt64] { values.map(\.bitPattern) }
    let (s, t) = (a.statistics, b.statistics)
    #expect(a.draws == b.draws, sourceLocation: sourceLocation)
    #expect(bits(s.logDensity) == bits(t.logDensity), sourceLocation: sourceLocation)
    #expect(bits(s.energy) == bits(t.energy), sourceLocation: sourceLocation)
    #expect(bits(s.stepSize) == bits(t.stepSize), sourceLocation: sourceLocation)
    #expect(bits(s.acceptance) == bits(t.acceptance), sourceLocation: sourceLocation)
    #expect(s.treeDepth == t.treeDepth && s.leapfrogs == t.leapfrogs, sourceLocation: sourceLocation)
    #expect(s.divergent == t.divergent && a.divergences == b.divergences, sourceLocation: sourceLocation)
    #expect(a.chains.map(\.chain) == b.chains.map(\.chain), sourceLocation: sourceLocation)
    #expect(a.chains.map(\.warmUpEvaluations) == b.chains.map(\.warmUpEvaluations), sourceLocation: sourceLocation)
    for (x, y) in zip(a.chains, b.chains) {
      #expect(x.tuning.stepSize.bitPattern == y.tuning.stepSize.bitPattern, sourceLocation: sourceLocation)
      #expect(x.tuning.variances == y.tuning.variances, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: samplers)
  func threadsDoNotChangeDraws(_ sampler: any Sampler) throws {
    func fit(threads: Int) throws -> Fit {
      try SkewedVariates().sample(
        sampler, SamplingOptions(chains: 3, warmUp: 300, draws: 400, seed: 21, threads: threads))
    }
    let one = try fit(threads: 1)
    expectIdentical(one, try fit(threads: 2))
    expectIdentical(one, try fit(threads: 3))
  }

  @Test func chainsAndSeedsDiffer() throws {
    let fit = try SkewedVariates().sample(NUTS(), chains: 2, warmUp: 100, draws: 50, seed: 21)
    let other = try SkewedVariates().sample(NUTS(), chains: 2, warmUp: 100, draws: 50, seed: 22)
    #expect(fit.draws[0, chain: 0].elementsEqual(fit.draws[0, chain: 1]) == false)
    #expect(fit.draws != other.draws)
  }

  @Test func thinningKeepsEveryNthDraw() throws {
    let all = try SkewedVariates().sample(NUTS(), SamplingOptions(chains: 2, warmUp: 100, draws: 90, seed: 4))
    let thinned = try SkewedVariates().sample(
      NUTS(), SamplingOptions(chains: 2, warmUp: 100, draws: 30, thinning: 3, seed: 4))
    #expect(try thinned.draws == all.draws.thinned(by: 3))
  }

  // MARK: - Checkpoints

  /// Interrupted at several places, of warm-up and sampling, a run goes on to the same draws, bit for bit.
  @Test(arguments: samplers, [40, 500, 1250])
  func resumesBitForBit(_ sampler: any Sampler, interruptedAfter evaluations: Int) throws {
    let url = checkpointURL()
    defer { try? FileManager.default.removeItem(at: url) }
    var options = SamplingOptions(chains: 2, warmUp: 150, draws: 200, seed: 22, threads: 2)
    // Above the bound the gradient is NaN: rejections and divergences must survive too.
    let whole = try FaultyNormal(dimension: 3, fault: .gradientNaN(above: 2.5)).sample(sampler, options)
    options.checkpoint = Checkpointing(url: url)
    let cancellation = Cancellation()
    options.cancellation = cancellation
    let interrupted = FaultyNormal(
      dimension: 3, fault: .gradientNaN(above: 2.5), cancellation: (cancellation, evaluations))
    do {
      let part = try interrupted.sample(sampler, options)
      #expect(part.outcome == .cancelled && part.draws.drawCount < 200)
      for v in 0..<3 {
        for c in 0..<2 {
          #expect(part.draws[v, chain: c].elementsEqual(whole.draws[v, chain: c].prefix(part.draws.drawCount)))
        }
      }
    } catch {
      #expect(error as? SamplingError == .noDraws(.cancelled))
    }
    options.cancellation = nil
    let resumed = try FaultyNormal(dimension: 3, fault: .gradientNaN(above: 2.5)).sample(sampler, options)
    expectIdentical(whole, resumed)
    // What is complete is read, not run; the one evaluation is for the fingerprint.
    let counters = FaultyNormal(dimension: 3, fault: .throwing(share: 1, isRecoverable: false))
    expectIdentical(whole, try counters.sample(sampler, options))
    #expect(counters.counters.evaluations.load(ordering: .relaxed) == 1)
  }

  /// One chain on one thread, interrupted after any of its first evaluations: where the clock ends a slice plays no part.
  @Test(arguments: samplers)
  func resumesBitForBitFromAnyEarlyIteration(_ sampler: any Sampler) throws {
    var options = SamplingOptions(chains: 1, warmUp: 60, draws: 20, seed: 31, threads: 1)
    let whole = try FaultyNormal(dimension: 3, fault: .none).sample(sampler, options)
    for evaluations in 1...120 {
      let url = checkpointURL()
      defer { try? FileManager.default.removeItem(at: url) }
      options.checkpoint = Checkpointing(url: url)
      let cancellation = Cancellation()
      options.cancellation = cancellation
      _ = try? FaultyNormal(dimension: 3, fault: .none, cancellation: (cancellation, evaluations))
        .sample(sampler, options)
      #expect(cancellation.isCancelled)
      options.cancellation = nil
      expectIdentical(whole, try FaultyNormal(dimension: 3, fault: .none).sample(sampler, options))
    }
  }

  @Test func gibbsResumesBitForBit() throws {
    let url = checkpointURL()
    defer { try? FileManager.default.removeItem(at: url) }
    let data = [3.0, 4, 5, 2, 6]
    var options = SamplingOptions(chains: 2, warmUp: 100, draws: 300, seed: 23)
    let whole = try Proportions().gibbs(data).sample(options)
    options.checkpoint = Checkpointing(url: url)
    let cancellation = Cancellation()
    options.cancellation = cancellation
    let steps = Atomic(0)
    let gibbs = try Proportions().gibbs(data) {
      if steps.add(1, ordering: .relaxed).newValue == 180 { cancellation.cancel() }
    }
    _ = try? gibbs.sample(options)
    #expect(cancellation.isCancelled)
    options.cancellation = nil
    #expect(try Proportions().gibbs(data).sample(options).draws == whole.draws)
  }

  @Test func checkpointsAreWrittenMeanwhileAndChangeNothing() throws {
    let url = checkpointURL()
    defer { try? FileManager.default.removeItem(at: url) }
    var options = SamplingOptions(chains: 3, warmUp: 300, draws: 4000, seed: 24, threads: 2)
    let plain = try SkewedVariates().sample(NUTS(), options)
    options.checkpoint = Checkpointing(url: url, interval: .milliseconds(1))
    let fit = try SkewedVariates().sample(NUTS(), options)
    expectIdentical(plain, fit)
    #expect(fit.checkpointProblem == nil)
  }

  @Test func checkpointsOfOthersAndDamagedOnesAreRefused() throws {
    let url = checkpointURL()
    defer { try? FileManager.default.removeItem(at: url) }
    func run(_ sampler: some Sampler = NUTS(), chains: Int = 2, seed: UInt64 = 1) throws {
      _ = try SkewedVariates().sample(
        sampler,
        SamplingOptions(chains: chains, warmUp: 50, draws: 20, seed: seed, checkpoint: Checkpointing(url: url)))
    }
    try run()
    try run()
    #expect(throws: CheckpointError.self) { try run(seed: 2) }
    #expect(throws: CheckpointError.self) { try run(chains: 3) }
    #expect(throws: CheckpointError.self) { try run(HMC()) }
    #expect(throws: CheckpointError.self) { try run(NUTS(targetAcceptance: 0.9)) }
    let good = try Data(contentsOf: url)
    for position in [0, 9, 40, good.count / 2, good.count - 1] {
      var bad = good
      bad[position] ^= 0x10
      try bad.write(to: url)
      #expect(throws: CheckpointError.self, "byte \(position)") { try run() }
    }
    for length in [0, 7, 8, 64, good.count - 8] {
      try good.prefix(length).write(to: url)
      #expect(throws: CheckpointError.self, "\(length) bytes") { try run() }
    }
    try good.write(to: url)
    try run()
  }

  @Test func aCheckpointThatCannotBeWrittenIsToldInTheFit() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)/none/run.checkpoint")
    let fit = try SkewedVariates().sample(
      NUTS(), SamplingOptions(chains: 1, warmUp: 50, draws: 20, seed: 1, checkpoint: Checkpointing(url: url)))
    #expect(fit.outcome == .complete && fit.draws.drawCount == 20)
    let problem = try #require(fit.checkpointProblem)
    #expect(problem.contains(url.path) && problem.contains("there is no folder") && problem.contains("Name a file"))
  }

  // MARK: - Stopping

  @Test func cancellationCutsChainsToOneLength() throws {
    let cancellation = Cancellation()
    let target = FaultyNormal(dimension: 2, fault: .none, cancellation: (cancellation, 20_000))
    let started = ContinuousClock.now
    let fit = try target.sample(
      NUTS(), SamplingOptions(chains: 2, warmUp: 100, draws: 50_000_000, seed: 1, cancellation: cancellation))
    #expect(fit.outcome == .cancelled)
    #expect((1..<50_000).contains(fit.draws.drawCount))
    #expect(fit.statistics.drawCount == fit.draws.drawCount)
    #expect(ContinuousClock.now - started < .seconds(30))
  }

  @Test func cancelledBeforeAnyDrawThereIsNoFit() {
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: SamplingError.noDraws(.cancelled)) {
      try SkewedVariates().sample(NUTS(), SamplingOptions(seed: 1, cancellation: cancellation))
    }
  }

  @Test func timeBudgetIsKept() throws {
    let started = ContinuousClock.now
    let fit = try SkewedVariates().sample(
      NUTS(), SamplingOptions(chains: 2, warmUp: 50, draws: 50_000_000, seed: 1, timeBudget: .milliseconds(400)))
    #expect(fit.outcome == .outOfTime)
    #expect(fit.draws.drawCount > 10)
    #expect(ContinuousClock.now - started < .seconds(20))
    #expect(throws: SamplingError.noDraws(.outOfTime)) {
      try SkewedVariates().sample(NUTS(), SamplingOptions(seed: 1, timeBudget: .zero))
    }
  }

  // MARK: - Progress

  @Test func progressTellsRateDivergencesAndTimeLeft() throws {
    let reports = Mutex<[SamplingProgress]>([])
    let options = SamplingOptions(
      chains: 3, warmUp: 500, draws: 6000, seed: 2, threads: 2,
      progress: { report in reports.withLock { $0.append(report) } }, progressInterval: .milliseconds(1))
    let fit = try FaultyNormal(dimension: 2, fault: .gradientNaN(above: 2)).sample(NUTS(), options)
    let all = reports.withLock { $0 }
    #expect(all.count >= 2)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.done <= $1.done && $0.elapsed <= $1.elapsed })
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.divergences <= $1.divergences })
    for report in all {
      #expect(report.total == 3 * 6500 && report.chainsFailed == 0)
      #expect(report.rate > 0)
      let left = try #require(report.secondsLeft)
      #expect(abs(left - Double(report.total - report.done) / report.rate) <= 1e-9 * max(1, left))
    }
    let last = try #require(all.last)
    #expect(last.done == last.total && last.chainsComplete == 3 && last.chainsWarmingUp == 0 && last.secondsLeft == 0)
    #expect(last.divergences == fit.statistics.divergenceCount && last.divergences > 0)
  }

  // MARK: - Starting points

  @Test(arguments: samplers)
  func startingPointsAreTriedAgain(_ sampler: any Sampler) throws {
    // Of random points one in eight will do.
    let fit = try FaultyNormal(dimension: 3, fault: .value(.nan, above: -1.5))
      .sample(sampler, warmUp: 50, draws: 50, seed: 3)
    #expect(fit.chainFailures.isEmpty && fit.draws.values.allSatisfy(\.isFinite))
    #expect(fit.draws[0].allSatisfy { $0 <= -1.5 })
  }

  @Test(arguments: samplers)
  func withoutAnyStartingPointTheReasonIsTold(_ sampler: any Sampler) throws {
    for (fault, words) in [
      (FaultyNormal.Fault.value(-.infinity, above: -3), "the log density is -inf"),
      (.gradientNaN(above: -3), "gradient by coordinate 1 is not finite"),
      (.throwing(share: 1, isRecoverable: true), "a matrix was singular"),
    ] {
      let error = try #require(throws: SamplingError.self) {
        try FaultyNormal(dimension: 3, fault: fault).sample(sampler, chains: 2, warmUp: 50, draws: 50, seed: 3)
      }
      #expect(error.description.contains(words) && error.description.contains("100 attempts"), "\(error)")
      guard case .allChainsFailed(let failures) = error else { continue }
      #expect(failures.count == 2 && failures.allSatisfy { $0.iteration == nil })
    }
  }

  @Test func givenStartingPointsAreUsedAndChecked() throws {
    func fit(_ points: [[Double]]) throws -> Fit {
      try IndependentNormals(sds: [1e-3, 1e-3]).sample(
        RandomWalkMetropolis(targetAcceptance: 0.3),
        SamplingOptions(chains: 2, warmUp: 0, draws: 1, seed: 1, startingPoints: points))
    }
    // The first proposals are about 1 wide, so that a chain at the mode stays.
    #expect(try fit([[0, 0], [1e-4, 0]]).draws.values == [0, 1e-4, 0, 0])
    #expect(throws: SamplingError.self) { try fit([[0, 0]]) }
    #expect(throws: SamplingError.self) { try fit([[0], [0]]) }
    #expect(throws: SamplingError.self) { try fit([[.nan, 0], [.infinity, 0]]) }
  }

  // MARK: - Failures

  @Test func aChainThatFailsLeavesTheOthers() throws {
    let fit = try FaultyNormal(dimension: 2, fault: .throwingInEvaluator(1, after: 300))
      .sample(NUTS(), warmUp: 100, draws: 200, seed: 5)
    #expect(fit.draws.chainCount == 3 && fit.chains.count == 3 && fit.outcome == .complete)
    let failure = try #require(fit.chainFailures.first)
    #expect(fit.chainFailures.count == 1 && failure.reason == "the density broke" && failure.iteration != nil)
    #expect(!fit.chains.map(\.chain).contains(failure.chain))
    #expect(failure.description.hasPrefix("Chain \(failure.chain) failed in iteration"))
  }

  @Test(arguments: samplers)
  func allChainsFailingIsAnError(_ sampler: any Sampler) {
    #expect(throws: SamplingError.self) {
      try FaultyNormal(dimension: 3, fault: .throwing(share: 0.01, isRecoverable: false))
        .sample(sampler, chains: 2, warmUp: 500, draws: 500, seed: 6)
    }
  }

  /// Positions that are impossible are left at once, counted where they break a trajectory, and told with their reason.
  @Test(arguments: samplers)
  func recoverableErrorsAreSurvived(_ sampler: any Sampler) throws {
    let fit = try FaultyNormal(dimension: 3, fault: .throwing(share: 0.02, isRecoverable: true))
      .sample(sampler, chains: 2, warmUp: 300, draws: 300, seed: 7)
    #expect(fit.chainFailures.isEmpty && fit.draws.values.allSatisfy(\.isFinite))
    if sampler is NUTS || sampler is HMC {
      #expect(fit.statistics.divergenceCount > 0)
      #expect(fit.divergences.contains { $0.place.reason == "a matrix was singular" })
      #expect(fit.divergences.count { !$0.isWarmUp } == fit.statistics.divergenceCount)
    }
  }

  @Test func settingsThatMakeNoSenseAreRefused() {
    for options in [
      SamplingOptions(chains: 0, seed: 1), SamplingOptions(draws: 0, seed: 1), SamplingOptions(warmUp: -1, seed: 1),
      SamplingOptions(thinning: 0, seed: 1),
    ] {
      #expect(throws: SamplingError.self) { try SkewedVariates().sample(NUTS(), options) }
    }
    let target = IndependentNormals(sds: [1, 1, 1])
    for sampler: any Sampler in [
      RandomWalkMetropolis(blocks: [[0], [1]]), RandomWalkMetropolis(blocks: [[0, 1], [1, 2]]),
      RandomWalkMetropolis(sweeps: 0), CoordinateSlice(width: 0), HMC(time: -1), HMC(maximumSteps: 0),
      NUTS(maximumDepth: 0),
    ] {
      #expect(throws: SamplingError.self) { try target.sample(sampler, warmUp: 1, draws: 1, seed: 1) }
    }
  }

  @Test func gibbsBlocksMustCoverTheState() {
    let block = GibbsBlock.conjugate("mean", 0..<1) { _, _ in .normal(mean: 0, variance: 1) }
    #expect(throws: SamplingError.self) { try Gibbs(names: ["a", "b"], blocks: [block]) { _ in [0, 0] } }
    #expect(throws: SamplingError.self) { try Gibbs(names: ["a", "a"], blocks: [block]) { _ in [0, 0] } }
    #expect(throws: SamplingError.self) { try Gibbs(names: [], blocks: []) { _ in [] } }
    let bad = GibbsBlock.conjugate("mean", 0..<1) { _, _ in .gamma(shape: -1, rate: 1) }
    let error = #expect(throws: SamplingError.self) {
      try Gibbs(names: ["a"], blocks: [bad]) { _ in [0] }.sample(SamplingOptions(chains: 1, seed: 1))
    }
    #expect(error?.description.contains("Block mean drew nan") == true)
  }
}
