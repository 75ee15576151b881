import Foundation
import Inference

/// What one engine did on one problem.
struct Measurement: Codable {
  var problem: String
  var engine: String
  /// Of sampling alone, averaged over runs.
  var wallSeconds: Double
  var cpuSeconds: Double
  /// Draws kept of each chain; fewer than 1000 where time was up.
  var draws: Int
  /// The least bulk effective sample size of any variable, averaged over runs; nil without draws.
  var leastESS: Double?
  /// Of any variable and run.
  var greatestRHat: Double?
  /// The share of variables with an R-hat below 1.01, in the worst run.
  var convergedShare: Double?
  var leapfrogsPerDraw: Double
  var divergences: Double
  /// CPU seconds of one log density with its gradient.
  var gradientSeconds: Double?
  /// Wall-clock seconds until the program stands ready, before it reads data.
  var startUpSeconds: Double?
  /// Wall-clock seconds to compile the model.
  var compileSeconds: Double?
  /// Wall-clock seconds from the start of the program to the first draw, with reading data and compiling the model.
  var firstDrawSeconds: Double?
  /// The largest resident memory of the program, with data, all draws and their diagnostics.
  var peakMemoryMiB: Double?

  enum CodingKeys: String, CodingKey {
    case problem, engine, divergences, draws
    case wallSeconds = "wall_s"
    case cpuSeconds = "cpu_s"
    case leastESS = "min_bulk_ess"
    case greatestRHat = "max_rhat"
    case convergedShare = "share_rhat_below_1_01"
    case leapfrogsPerDraw = "leapfrogs_per_draw"
    case gradientSeconds = "gradient_s"
    case startUpSeconds = "startup_s"
    case compileSeconds = "compile_s"
    case firstDrawSeconds = "first_draw_s"
    case peakMemoryMiB = "peak_memory_mib"
  }
}

extension Measurement {
  /// Samples a problem by NUTS with chains × (1000 + 1000), several times with different seeds.
  ///
  /// - Parameter target: The acceptance target; the peers' default is 0.8.
  init(_ problem: Problem, data folder: URL, chains: Int, runs: Int, target: Double, since start: Clock) throws {
    let sampler = NUTS(targetAcceptance: target)
    startUpSeconds = Self.secondsSinceLaunch - Clock().since(start).wall
    let model = try problem.model(data: folder)
    let compiling = Clock()
    let posterior = try model.compile()
    compileSeconds = Clock().since(compiling).wall
    _ = try posterior.sample(sampler, chains: 1, warmUp: 0, draws: 1, seed: 1)
    firstDrawSeconds = Self.secondsSinceLaunch
    self.problem = problem.rawValue
    engine = "demand"
    draws = 1000
    (wallSeconds, cpuSeconds, leapfrogsPerDraw, divergences) = (0, 0, 0, 0)
    (leastESS, greatestRHat, convergedShare) = (0, 0, 1)
    for run in 1...runs {
      let before = Clock()
      let fit = try posterior.sample(sampler, chains: chains, seed: UInt64(run))
      let used = Clock().since(before)
      wallSeconds += used.wall / Double(runs)
      cpuSeconds += used.cpu / Double(runs)
      let rows = DrawSummary(fit.draws).rows
      leastESS! += (rows.map(\.bulkESS).min() ?? .nan) / Double(runs)
      greatestRHat = max(greatestRHat!, rows.map(\.rHat).max() ?? .nan)
      convergedShare = min(convergedShare!, Double(rows.count { $0.rHat < 1.01 }) / Double(rows.count))
      let steps = Double(fit.statistics.leapfrogs.reduce(0, +))
      leapfrogsPerDraw += steps / Double(fit.statistics.leapfrogs.count * runs)
      divergences += Double(fit.statistics.divergenceCount) / Double(runs)
    }
    peakMemoryMiB = Self.peakMemoryMiB
    gradientSeconds = try cost { count in
      var evaluator = posterior.makeEvaluator()
      return try evaluate(&evaluator, dimension: posterior.dimension, count: count)
    }
  }

  /// Seconds since the kernel started this process, to a hundredth.
  private static var secondsSinceLaunch: Double {
    guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let end = stat.lastIndex(of: ")"), let ticks = Double(stat[end...].split(separator: " ")[20])
    else { return .nan }
    return Clock.read(CLOCK_BOOTTIME) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static var peakMemoryMiB: Double {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = Double(line.split(separator: " ").dropLast().last ?? "")
    else { return .nan }
    return kilobytes / 1024
  }

  /// CPU seconds of one of so many repetitions as take about a fifth of a second.
  private func cost(_ repeated: (Int) throws -> Double) rethrows -> Double {
    var count = 10
    while true {
      let seconds = try repeated(count)
      if seconds > 0.2 { return seconds / Double(count) }
      count *= 4
    }
  }
}

/// CPU seconds of so many evaluations at points that differ.
func evaluate(_ evaluator: inout some LogDensityEvaluator, dimension: Int, count: Int) throws -> Double {
  var gradient = [Double](repeating: 0, count: dimension)
  var position = (0..<dimension).map { 0.1 * sin(Double($0)) }
  var sum = 0.0
  let before = Clock()
  for _ in 0..<count {
    var span = gradient.mutableSpan
    sum += try evaluator.logDensity(at: position.span, gradient: &span)
    position[0] += 1e-9
  }
  let seconds = Clock().since(before).cpu
  // Used, so that it cannot be left out.
  precondition(!sum.isNaN, "the density is not defined here")
  return seconds
}
