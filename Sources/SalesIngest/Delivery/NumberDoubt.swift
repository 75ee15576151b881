import SalesStore

/// Finds out whether the numbers of a file may be thousands as well as fractions, where the mapping says neither: all
/// that have a point have one to three digits before it, not beginning with 0, and three behind.
struct NumberDoubt {
  private let columns: [MappedColumn]
  private var example: QuarantinedRow?
  /// Whether a number of the file shows what its point is.
  private var isDecided = false

  /// - Returns: nil where the mapping says how numbers are written.
  init?(_ table: borrowing MappedTable, _ columns: SalesColumns) {
    guard !table.table.declaresNumbers, table.table.numbers == NumberFormat() else { return nil }
    self.columns = [
      columns.units, columns.price, columns.basePrice, columns.revenue, columns.stockOnHand,
    ].compactMap { $0 }.filter { $0.position != nil }
  }

  /// Looks at a row that was taken.
  mutating func observe(_ table: borrowing MappedTable) {
    guard !isDecided else { return }
    for column in columns {
      let bytes = table.bytes(column)
      guard bytes.contains(UInt8(ascii: ".")) else { continue }
      let number = CurrencySign.split(bytes).map { $0.amount[...] } ?? bytes
      guard Self.mayBeThousands(number) else {
        isDecided = true
        return
      }
      if example == nil { example = table.refusal(column, "", "") }
    }
  }

  /// - Throws: ``IngestError/option(_:)`` with a number, its place and both readings, where all leave it open.
  func check() throws(IngestError) {
    guard !isDecided, let example else { return }
    throw .option(
      "\(example.place), column \(example.column): \(MappingInference.readings(of: example.value)), no number of the file "
        + "says which, and the mapping has no 'decimal:'; nothing was loaded: write one of the two into its table of sales"
    )
  }

  private static func mayBeThousands(_ bytes: ArraySlice<UInt8>) -> Bool {
    let digits = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") ? bytes.dropFirst() : bytes
    let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 2, (1...3).contains(parts[0].count), parts[0].first != UInt8(ascii: "0"), parts[1].count == 3
    else { return false }
    return parts.allSatisfy { $0.allSatisfy { (48...57).contains($0) } }
  }
}
