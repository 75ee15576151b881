import DemandData

extension DayStatus {
  /// As the database's views have it.
  public var words: String {
    switch self {
    case .sold: "sold"
    case .closed: "closed"
    case .notRanged: "not ranged"
    case .outOfStock: "out of stock"
    case .unknown: "unknown"
    }
  }
}
