import DemandData

/// What a load's summary counts days as.
enum DayClass: Int, CaseIterable {
  case sold, soldNone, closed, outOfStock, notRanged, unknown
  /// Days without a row.
  case missingReadAsZero, missingUnknown, storeSilent

  init(units: Double, _ status: DayStatus) {
    self =
      switch status {
      case .sold: units == 0 ? .soldNone : .sold
      case .closed: .closed
      case .notRanged: .notRanged
      case .outOfStock: .outOfStock
      case .unknown: .unknown
      }
  }

  var name: String {
    switch self {
    case .sold: "sold"
    case .soldNone: "sold_none"
    case .closed: "closed"
    case .outOfStock: "out_of_stock"
    case .notRanged: "not_ranged"
    case .unknown: "unknown"
    case .missingReadAsZero: "missing_read_as_zero"
    case .missingUnknown: "missing_unknown"
    case .storeSilent: "store_silent"
    }
  }

  /// The class of a row without units, where its store is shut or the product is declared out of range.
  func when(isShut: Bool, isInRange: Bool) -> DayClass {
    guard isInRange else { return .notRanged }
    return isShut && (self == .sold || self == .soldNone) ? .closed : self
  }
}
