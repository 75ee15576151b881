import DemandData

/// What the column `stock` says of a product's day.
enum StockWord: String, CaseIterable {
  case ok
  case out
  /// The store was shut.
  case closed
  /// A day of the series whose sales are unknown; the store did not report it.
  case unknown
  /// The product was not in range.
  case notRanged = "not_ranged"

  init(_ status: DayStatus) {
    self =
      switch status {
      case .sold: .ok
      case .outOfStock: .out
      case .closed: .closed
      case .unknown: .unknown
      case .notRanged: .notRanged
      }
  }

  var status: DayStatus {
    switch self {
    case .ok: .sold
    case .out: .outOfStock
    case .closed: .closed
    case .unknown: .unknown
    case .notRanged: .notRanged
    }
  }

  var hasUnits: Bool { status.hasUnits }

  /// All words, as a sentence has them.
  static let list =
    allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or " + allCases[allCases.count - 1].rawValue
}
