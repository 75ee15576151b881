import DemandData
import Foundation
import RetailSimulator

/// A directory that goes away with the test.
final class TemporaryDirectory: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("simulator-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A delivered CSV file: heading and rows of cells.
struct DeliveredTable {
  let heading: String
  let rows: [[Substring]]

  init(_ name: String, in directory: TemporaryDirectory) throws {
    let text = try String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8)
    var lines = text.split(separator: "\n")
    heading = String(lines.removeFirst())
    rows = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }
}

/// All files of a directory by name.
func contents(of directory: TemporaryDirectory) throws -> [String: Data] {
  var found: [String: Data] = [:]
  for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
    found[name] = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)"))
  }
  return found
}

/// A small retailer that has everything: two regions, slow movers, one Christmas and one Easter.
func smallOptions(seed: UInt64 = 7) -> SimulatorOptions {
  var options = SimulatorOptions()
  (options.regions, options.stores, options.categories) = (2, 3, 2)
  (options.departments, options.products, options.days) = (3, 15, 300)
  options.seed = seed
  return options
}
