extension LoadWriter {
  /// Days on which a product or store is compared with the others, at most.
  private static let comparedDays = 60

  /// Compares the units of a product (or store) with the sums of the others in the same store (or of the same product),
  /// on days on which there are others: all of them if it is a line of totals.
  ///
  /// - Parameters:
  ///   - id: the product or store.
  ///   - level: `product` or `store`.
  ///   - excluded: others that are totals themselves.
  /// - Returns: days that were compared, on how many both agree, and on how many it has less.
  /// - Complexity: O(60 times the others), by key.
  public func comparisonWithOthers(
    of id: Int, level: String, excluding excluded: Set<Int>
  ) throws -> (days: Int, equal: Int, less: Int) {
    let (own, other) = level == "product" ? ("product_id", "store_id") : ("store_id", "product_id")
    let left = excluded.union([id]).sorted().map(String.init).joined(separator: ", ")
    let pairs = try database.all(
      """
      SELECT t.units, (
        SELECT sum(s.units) FROM series i JOIN sales s ON s.series_id = i.series_id
        WHERE i.\(other) = t.place AND s.day = t.day AND i.\(own) NOT IN (\(left)))
      FROM (
        SELECT i.\(other) AS place, s.day AS day, s.units AS units FROM series i
        JOIN sales s ON s.series_id = i.series_id
        WHERE i.\(own) = ? ORDER BY s.day DESC, i.series_id LIMIT \(Self.comparedDays)) t
      """, [id]
    ) { (own: $0.double(0), others: $0.isNull(1) ? nil : $0.double(1)) }
    let compared = pairs.compactMap { pair in pair.others.map { (pair.own, $0) } }.filter { $0 != 0 || $1 != 0 }
    func agree(_ pair: (Double, Double)) -> Bool { abs(pair.0 - pair.1) <= 1e-6 * max(1, abs(pair.1)) }
    return (
      compared.count, compared.count(where: agree), compared.count { !agree($0) && $0.0 < $0.1 }
    )
  }
}
