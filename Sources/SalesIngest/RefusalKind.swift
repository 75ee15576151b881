/// Kinds of reasons for which rows are refused: stable keys, as quarantine keeps them.
public enum RefusalKind {
  /// Those that name no level of the retailer's.
  static let fixed = [
    "unparseable_date", "future_date", "date_too_early", "unknown_level", "unknown_kind", "unknown_week",
    "unknown_stock", "not_a_number", "not_a_flag", "not_consecutive", "negative_units", "fractional_units",
    "units_of_no_sales", "too_large", "negative_price", "absurd_price", "duplicate_row", "contradicts_database",
    "hierarchy", "empty_name", "unknown_promotion", "reversed_days", "too_small", "too_long_closure", "invalid_utf8",
    "wrong_column_count", "unclosed_quote", "text_after_quote", "nul_byte", "too_long",
  ]

  /// All kinds that rows can have.
  ///
  /// - Parameter levels: names of the levels of products and locations, whose nodes may be unknown.
  public static func all(levels: [String]) -> [String] {
    fixed + Set(levels + ["product", "store"]).sorted().map { "unknown_\($0)" }
  }

  /// Whether a row of this kind names no product, store and day that are known.
  public static func namesNoDay(_ kind: String) -> Bool {
    kind.hasPrefix("unknown_") && !["unknown_stock", "unknown_promotion"].contains(kind)
      || [
        "unparseable_date", "future_date", "date_too_early", "empty_name", "invalid_utf8", "wrong_column_count",
        "unclosed_quote", "text_after_quote", "nul_byte", "too_long",
      ].contains(kind)
  }

  /// Whether a row of this kind may have left a known product, store and day unknown.
  public static func mayLeaveDayUnknown(_ kind: String) -> Bool {
    !["duplicate_row", "contradicts_database", "unknown_product", "unknown_store", "unparseable_date", "future_date"]
      .contains(kind)
  }
}
