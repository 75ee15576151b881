import ArgumentParser
import Foundation

/// Probabilities with commas between them, such as `0.1,0.5,0.9`.
struct QuantileList: ExpressibleByArgument {
  let values: [Double]
  /// Names of their columns, `q0.5` and the like, as in exports.
  var columns: [String] { values.map { "q\($0)" } }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      String($0).trimmingCharacters(in: .whitespaces)
    }
    let values = parts.compactMap { Double($0) }
    guard !values.isEmpty, values.count == parts.count, values.allSatisfy({ $0 > 0 && $0 < 1 }) else { return nil }
    self.values = values
  }

  init(_ values: [Double]) { self.values = values }

  static let help = "Quantiles above 0 and below 1, with commas between them."
}
