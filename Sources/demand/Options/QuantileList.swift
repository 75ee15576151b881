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
    guard !values.isEmpty, values.count == parts.count, values.allSatisfy({ $0 > 0 && $0 < 1 }),
      // Each is a column, and columns have one name each.
      Set(values).count == values.count
    else { return nil }
    self.values = values
  }

  init(_ values: [Double]) { self.values = values }

  static let help = "Quantiles above 0 and below 1, each once, with commas between them."
  /// How the list looks, for help and for the message about one that is none.
  static let form = "0.1,0.5,0.9"
}
