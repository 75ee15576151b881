// PosteriorBenchmarks sample PROBLEM DATA [CHAINS [RUNS [TARGET]]]   a line of JSON
// PosteriorBenchmarks table FILE...   those lines, and the peers', as a table
// PosteriorBenchmarks overhead        what a leapfrog step costs beyond the gradient
import Foundation
import Inference

let start = Clock()
let arguments = CommandLine.arguments.dropFirst().map { $0 }

switch arguments.first {
case "sample" where arguments.count >= 3:
  guard let problem = Problem(rawValue: arguments[1]) else {
    print("problems are: " + Problem.allCases.map(\.rawValue).joined(separator: ", "))
    exit(64)
  }
  let numbers = arguments.dropFirst(3).compactMap { Double($0) }
  let measurement = try Measurement(
    problem, data: URL(filePath: arguments[2]), chains: Int(numbers.first ?? 4),
    runs: Int(numbers.count > 1 ? numbers[1] : 5), target: numbers.count > 2 ? numbers[2] : 0.8, since: start)
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  print(String(decoding: try encoder.encode(measurement), as: UTF8.self))
case "table" where arguments.count >= 2:
  let lines = try arguments.dropFirst().flatMap {
    try String(contentsOf: URL(filePath: $0), encoding: .utf8).split(separator: "\n").map(String.init)
  }
  print(table(try lines.map { try JSONDecoder().decode(Measurement.self, from: Data($0.utf8)) }))
case "overhead":
  for dimension in [2, 10, 100] {
    let cost = try leapfrogOverhead(dimension: dimension)
    print(
      "\(dimension) coordinates: a leapfrog step \(nanoseconds(cost.step)) ns, its gradient "
        + "\(nanoseconds(cost.gradient)) ns, the rest \(nanoseconds(cost.step - cost.gradient)) ns")
  }
default:
  print("usage: PosteriorBenchmarks sample PROBLEM DATA [CHAINS [RUNS [TARGET]]] | table FILE... | overhead")
  exit(64)
}

func nanoseconds(_ seconds: Double) -> String { String(format: "%.0f", 1e9 * seconds) }

/// Rows of all problems in the order of ``Problem``, engines by their effective draws per CPU second.
func table(_ all: [Measurement]) -> String {
  var lines = [
    "| problem | engine | wall s | CPU s | min bulk ESS | min ESS per CPU s | R-hat < 1.01 | max R-hat "
      + "| leapfrogs per draw | divergences | gradient µs | start-up s | compile s | first draw s | peak MiB |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
  ]
  func figure(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "-" }
  func rate(_ row: Measurement) -> Double { (row.leastESS ?? 0) / row.cpuSeconds }
  for problem in Problem.allCases {
    for row in all.filter({ $0.problem == problem.rawValue }).sorted(by: { rate($0) > rate($1) }) {
      let cells = [
        row.problem, row.draws == 1000 ? row.engine : row.engine + " (\(row.draws) draws when time was up)",
        figure(row.wallSeconds, "%.3f"), figure(row.cpuSeconds, "%.3f"), figure(row.leastESS, "%.0f"),
        row.leastESS == nil ? "-" : figure(rate(row), rate(row) < 100 ? "%.2f" : "%.0f"),
        figure(row.convergedShare.map { 100 * $0 }, "%.1f %%"), figure(row.greatestRHat, "%.4f"),
        figure(row.leapfrogsPerDraw, "%.1f"), figure(row.divergences, "%.1f"),
        figure(row.gradientSeconds.map { 1e6 * $0 }, (row.gradientSeconds ?? 0) < 1e-4 ? "%.3g" : "%.0f"),
        figure(row.startUpSeconds, "%.2f"),
        figure(row.compileSeconds, "%.3f"), figure(row.firstDrawSeconds, "%.2f"), figure(row.peakMemoryMiB, "%.0f"),
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
  }
  return lines.joined(separator: "\n")
}
