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
    "| problem | engine | wall s | CPU s | min bulk ESS | min ESS per CPU s | leapfrogs per draw | gradient ns "
      + "| first draw s |",
    "|---|---|---|---|---|---|---|---|---|",
  ]
  for problem in Problem.allCases {
    let rows = all.filter { $0.problem == problem.rawValue }
      .sorted { $0.leastESS / $0.cpuSeconds > $1.leastESS / $1.cpuSeconds }
    for row in rows {
      lines.append(
        "| \(row.problem) | \(row.engine) | " + String(format: "%.3f | %.3f | ", row.wallSeconds, row.cpuSeconds)
          + String(format: "%.0f | %.0f | ", row.leastESS, row.leastESS / row.cpuSeconds)
          + String(format: "%.1f | ", row.leapfrogsPerDraw) + (row.gradientSeconds.map(nanoseconds) ?? "") + " | "
          + (row.firstDrawSeconds.map { String(format: "%.3f", $0) } ?? "") + " |")
    }
  }
  return lines.joined(separator: "\n")
}
