import DemandData
import SalesStore

/// Columns of a sales table by position, looked up once.
struct SalesColumns {
  let date, product, store, units: MappedColumn
  let price, basePrice, revenue, promotion, promotionKinds, stock, stockOnHand, open, kind: MappedColumn?
  /// Columns above the product and the store, top down; empty unless all levels are there.
  let productPath, storePath: [MappedColumn]
  /// Whether rows say where the product and the store stand, rather than the mapping for all.
  let placesProducts, placesStores: Bool

  init(_ table: borrowing MappedTable, _ mapping: SourceMapping) {
    date = table.column("date")!
    product = table.column("product")!
    store = table.column("store")!
    units = table.column("units")!
    price = table.column("price")
    basePrice = table.column("base_price")
    revenue = table.column("revenue")
    promotion = table.column("promotion")
    promotionKinds = table.column("promotion_kinds")
    stock = table.column("stock")
    stockOnHand = table.column("stock_on_hand")
    open = table.column("open")
    kind = table.column("kind")
    let above = mapping.productLevels.dropLast().compactMap { table.column($0) }
    productPath = above.count == mapping.productLevels.count - 1 ? above : []
    let around = mapping.locationLevels.dropLast().compactMap { table.column($0) }
    storePath = around.count == mapping.locationLevels.count - 1 ? around : []
    placesProducts = productPath.contains { $0.position != nil }
    placesStores = storePath.contains { $0.position != nil }
  }
}

/// A row that was refused, with the day that is unknown because of it.
struct SalesRefusal: Error {
  let row: QuarantinedRow
  /// Product, store and day of the row where they are known.
  var key: (product: Int, store: Int, day: Int)?
  /// Waits for a master and is not counted as bad.
  var isHeld = false
  /// Stays in quarantine, as nobody asked for it.
  var isPassedOver = false
}

/// Amounts beyond which a number is a mistake.
enum SalesLimits {
  /// More than any shop sells of a product on a day, and within 32 bits.
  static let units = 1e9
  /// More than anything in a shop costs, in any currency.
  static let price = 1e8
}

extension SalesTable {
  typealias Parsed<Value> = Result<Value, SalesRefusal>

  /// Units of a day of which no sales are known.
  private static let none = Array("0".utf8)[...]

  /// Reads what a row says beside its keys.
  func fact(
    _ table: borrowing MappedTable, _ columns: SalesColumns, isCount: Bool
  ) -> Parsed<SalesFact> {
    func refuse(_ column: MappedColumn, _ kind: String, _ reason: String) -> Parsed<SalesFact> {
      .failure(SalesRefusal(row: table.refusal(column, kind, reason)))
    }
    var fact = SalesFact()
    if let column = columns.stock, case let word = table.bytes(column), !word.isEmpty {
      guard let stock = StockWord(rawValue: String(decoding: word, as: UTF8.self)) else {
        return refuse(
          column, "unknown_stock", "not a stock status: write \(StockWord.list), in small letters, or leave it empty")
      }
      fact.saysStock = stock == .ok || stock == .out
      fact.status = stock.status
      if !stock.hasUnits {
        guard tables.mapping.rows == .totals else {
          return refuse(column, "unknown_stock", "a line of a receipt has units: write ok or out, or leave it empty")
        }
        guard table.bytes(columns.units).isEmpty else {
          return refuse(
            columns.units, "units_of_no_sales",
            "a day that is \(stock.rawValue) has no units: leave them empty, or correct the stock status")
        }
      }
      fact.namesState = tables.mapping.rows == .totals && fact.status != .sold && fact.status != .outOfStock
    }
    let given = fact.status.hasUnits ? table.bytes(columns.units) : Self.none
    // What is measured may be money.
    let format = table.table.numbers
    guard let units = isCount ? format.number(given) : format.amount(given) else {
      return refuse(
        columns.units, "not_a_number",
        given.isEmpty
          ? "units are empty: write 0 where none was sold, or leave the row out"
          : "units are no number: write \(table.numberWords)")
    }
    guard units >= 0 || tables.mapping.negative != .quarantine else {
      return refuse(
        columns.units, "negative_units",
        "units are negative: deliver sales before returns, 0 at least, or say what returns mean with --negative zero or net"
      )
    }
    guard !isCount || units == units.rounded() else {
      return refuse(
        columns.units, "fractional_units",
        "the product is counted, so units must be whole: round them, or \(tables.measureAdvice), then run "
          + "'demand quarantine retry'")
    }
    guard abs(units) <= SalesLimits.units else {
      return refuse(
        columns.units, "too_large",
        "more than a billion units on a day: correct the number, or declare the decimal mark")
    }
    fact.units = units
    if let column = columns.price {
      switch price(table, column) {
      case .success(let value): fact.price = value ?? .nan
      case .failure(let refusal): return .failure(refusal)
      }
    }
    if let column = columns.basePrice {
      switch price(table, column) {
      case .success(let value): fact.details.basePrice = value
      case .failure(let refusal): return .failure(refusal)
      }
    }
    for (column, place) in [
      (columns.revenue, \SalesDetails.revenue), (columns.stockOnHand, \SalesDetails.stockOnHand),
    ] {
      guard let column, case let field = table.bytes(column), !field.isEmpty else { continue }
      let isMoney = place == \SalesDetails.revenue
      guard let value = isMoney ? format.amount(field) : format.number(field) else {
        return refuse(
          column, "not_a_number", "the \(column.words) is no number: write \(table.numberWords), or leave it empty")
      }
      fact.details[keyPath: place] = value
    }
    if tables.mapping.revenue == .unitsTimesPrice {
      if !fact.price.isNaN {
        fact.details.revenue = units * fact.price
      } else if tables.mapping.rows == .lines, units != 0 {
        fact.lacksRevenue = true
      }
    }
    switch promotions(table, columns) {
    case .success(let found):
      fact.promotions = found
      fact.saysPromotions =
        !found.isEmpty || columns.promotion.map { !table.bytes($0).isEmpty } == true
        || table.promotions.contains { !table.isEmpty(at: $0.position) }
    case .failure(let refusal): return .failure(refusal)
    }
    if let column = columns.open {
      guard let isOpen = table.bytes(column).isEmpty ? true : table.flag(column) else {
        return refuse(column, "not_a_flag", DeliveryTables.flagWords(table.table))
      }
      if !isOpen, fact.status.hasUnits { fact.status = .closed }
    }
    return .success(fact)
  }

  /// A price, or nil where the field is empty.
  private func price(_ table: borrowing MappedTable, _ column: MappedColumn) -> Parsed<Double?> {
    func refuse(_ kind: String, _ reason: String) -> Parsed<Double?> {
      .failure(SalesRefusal(row: table.refusal(column, kind, reason)))
    }
    let field = table.bytes(column)
    guard !field.isEmpty else { return .success(nil) }
    guard let value = table.table.numbers.amount(field) else {
      return refuse(
        "not_a_number", "the \(column.words) is no number: write \(table.numberWords), or leave it empty")
    }
    guard value >= 0 else {
      return refuse(
        "negative_price", "the \(column.words) is negative: correct it, or leave it empty if it is not known")
    }
    guard value <= SalesLimits.price else {
      return refuse(
        "absurd_price", "a \(column.words) above a hundred million: correct it, or declare the decimal mark")
    }
    return .success(value)
  }

  /// Kinds of promotion in force: by a flag or share of the day, by a list of kinds, or by a flag for each kind.
  private func promotions(_ table: borrowing MappedTable, _ columns: SalesColumns) -> Parsed<[Promotion]> {
    func refuse(_ column: MappedColumn) -> Parsed<[Promotion]> {
      .failure(SalesRefusal(row: table.refusal(column, "not_a_flag", DeliveryTables.flagWords(table.table))))
    }
    var share = 0.0
    if let column = columns.promotion {
      if let flag = table.flag(column) {
        share = flag ? 1 : 0
      } else if let given = table.table.numbers.number(table.bytes(column)), (0...1).contains(given) {
        share = given
      } else {
        return .failure(
          SalesRefusal(
            row: table.refusal(
              column, "not_a_flag",
              DeliveryTables.flagWords(table.table) + ", or the share of the day on promotion, such as 0.5")))
      }
    }
    var found: [Promotion] = []
    if let column = columns.promotionKinds, case let field = table.bytes(column), !field.isEmpty {
      // feature+display=0.5: a share that is not given is that of the column of promotions, else the whole day.
      for item in field.split(separator: UInt8(ascii: "+")) {
        let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let given = parts.count < 2 ? (share > 0 ? share : 1) : table.table.numbers.number(parts[1])
        guard let kind = parts.first.flatMap({ String(validating: $0, as: UTF8.self) }), let given,
          !kind.allSatisfy(\.isWhitespace), given > 0, given <= 1, !found.contains(where: { $0.kind == kind })
        else {
          return .failure(
            SalesRefusal(
              row: table.refusal(
                column, "unknown_promotion", "no kinds of promotion: write them as feature+display, or feature=0.5")))
        }
        found.append(Promotion(kind: kind, share: given))
      }
      if let promotion = columns.promotion, share == 0, !found.isEmpty, !table.bytes(promotion).isEmpty {
        return .failure(
          SalesRefusal(
            row: table.refusal(
              column, "unknown_promotion",
              "the row names kinds of promotion, and its promotion is "
                + "\(String(decoding: table.bytes(promotion), as: UTF8.self)), which is none: leave the kinds empty, "
                + "or write 1 or the share of the day, or leave the promotion empty"
            )))
      }
    }
    for promotion in table.promotions {
      guard let flag = table.flag(at: promotion.position) else {
        return refuse(
          MappedColumn(
            name: promotion.kind, source: table.table.promotions[promotion.kind] ?? promotion.kind,
            position: promotion.position, constant: [], values: [:]))
      }
      if flag { found.append(Promotion(kind: promotion.kind, share: 1)) }
    }
    if found.isEmpty, share > 0 { found = [Promotion(kind: Promotion.anyKind, share: share)] }
    return .success(found)
  }

  /// The day of a row, as kept: weeks under their last day.
  func day(_ table: borrowing MappedTable, _ columns: SalesColumns) -> Parsed<Day> {
    let firstOfWeek = tables.mapping.grain == .week && tables.mapping.weekDate == .first
    guard let day = table.day(columns.date, firstOfWeek: firstOfWeek) else {
      return .failure(SalesRefusal(row: table.refusal(columns.date, "unparseable_date", table.dateWords)))
    }
    guard day <= latestDay else {
      return .failure(
        SalesRefusal(
          row: table.refusal(
            columns.date, "future_date",
            "sales after \(latestDay) have not happened yet: correct the date, or allow it with --allow-future")))
    }
    guard day >= tables.options.earliestDay else {
      return .failure(
        SalesRefusal(
          row: table.refusal(
            columns.date, "date_too_early",
            "sales before \(tables.options.earliestDay) are taken for a mistake: correct the year")))
    }
    return .success(day)
  }
}
