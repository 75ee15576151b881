/// The three files of the M5 competition.
public struct M5Files: Sendable, Hashable {
  public let sales: String
  public let calendar: String
  public let prices: String

  public init(sales: String, calendar: String, prices: String) {
    self.sales = sales
    self.calendar = calendar
    self.prices = prices
  }

  /// Finds the files in a folder or zip archive by the competition's names, plain or packed.
  ///
  /// - Parameters:
  ///   - folder: nil where every file is named.
  ///   - sales: a file that is named takes the place of the one in the folder; so with the others.
  /// - Throws: ``IngestError/option(_:)`` for a file that is neither named nor found, and for one of which the folder
  ///   has several; ``IngestError/missingFile(_:)`` for a folder that is not there.
  public init(
    folder: String?, sales: String? = nil, calendar: String? = nil, prices: String? = nil
  ) throws(IngestError) {
    let found = try folder.map { (name) throws(IngestError) in (name, try Self.tables(of: name)) }
    func pick(_ named: String?, _ option: String, _ pattern: String) throws(IngestError) -> String {
      if let named { return named }
      guard let (folder, files) = found else {
        throw .option("no file of \(option): name the folder of the three files, or this one with --\(option)")
      }
      let fitting = files.filter { file in
        ["", ".gz", ".zip"].contains { FilePattern.matches(file, pattern + $0) }
      }
      guard fitting.count < 2 else {
        throw .option(
          "'\(folder)' holds \(fitting.map(Self.lastPart).joined(separator: " and ")): name the one to load with "
            + "--\(option)")
      }
      guard let file = fitting.first else {
        let names = files.map(Self.lastPart)
        throw .option(
          "'\(folder)' holds no \(pattern), plain, .gz or .zip ("
            + (names.isEmpty ? "it has no tables at all" : "it has \(names.prefix(8).joined(separator: ", "))")
            + "): add it, or name the file with --\(option)")
      }
      return file
    }
    self.init(
      sales: try pick(sales, "sales", "sales_train_*.csv"), calendar: try pick(calendar, "calendar", "calendar.csv"),
      prices: try pick(prices, "prices", "sell_prices.csv"))
  }

  /// Names of the tables in a folder or archive.
  private static func tables(of folder: String) throws(IngestError) -> [String] {
    guard InputFile.isFolder(folder) || DeliveryFiles.isCollection(folder) else {
      _ = try InputFile(folder)
      throw .option(
        "'\(folder)' is a single file: name the folder of the three files, or each with --sales, --calendar and --prices"
      )
    }
    return try InputFile.expand(folder).map(\.name)
  }

  private static func lastPart(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
}
