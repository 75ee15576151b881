import ArgumentParser
import Foundation

/// Probabilities with commas between them, such as `0.1,0.5,0.9`.
struct QuantileList: ExpressibleByArgument {
  let values: [Double]
  /// As they were written: the names of the columns.
  let names: [String]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      String($0).trimmingCharacters(in: .whitespaces)
    }
    let values = parts.compactMap { Double($0) }
    guard !values.isEmpty, values.count == parts.count, values.allSatisfy({ $0 > 0 && $0 < 1 }) else { return nil }
    self.values = values
    names = parts
  }

  init(_ values: [Double]) {
    self.values = values
    names = values.map { String($0) }
  }

  static let help = "Quantiles above 0 and below 1, with commas between them."
}
