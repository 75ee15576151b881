import DemandData
import SalesStore

/// The M5 competition's `sell_prices.csv`: one price per store, product and week, collected by series.
struct M5Prices {
  struct Key: Hashable {
    let item: String
    let store: String
  }

  /// Weeks of one series (number of their first day) with their prices, in the file's order.
  struct Weeks {
    var days: [Int32] = []
    var prices: [Double] = []

    /// Steps in the order of days, and the first week's day.
    func steps() -> (first: Int, steps: PriceSteps)? {
      let order = days.indices.sorted { days[$0] < days[$1] }
      guard let first = order.first else { return nil }
      var steps = PriceSteps()
      for index in order { steps.observe(price: prices[index], on: Int(days[index]), lastSeen: nil) }
      return (Int(days[first]), steps)
    }
  }

  private var slots: [Key: Int] = [:]
  private var weeks: [Weeks] = []

  /// Prices of a series.
  func weeks(item: String, store: String) -> Weeks? { slots[Key(item: item, store: store)].map { weeks[$0] } }

  /// - Parameter stores: only these; nil for all.
  init(
    _ input: InputFile, calendar: M5Calendar, stores: Set<String>?, refusals: inout RowRefusals, writer: LoadWriter,
    meter: inout ProgressMeter
  ) throws {
    var table = try TableReader(input, required: ["store_id", "item_id", "wm_yr_wk", "sell_price"])
    let (store, item) = (table.position("store_id"), table.position("item_id"))
    let (week, price) = (table.position("wm_yr_wk"), table.position("sell_price"))
    // Rows of a series stand together: names are looked up only where they change.
    var lastStore: [UInt8] = []
    var lastItem: [UInt8] = []
    var slot: Int?
    while try table.csv.advance() {
      try meter.row(table.csv.source)
      if let refusal = table.structuralRefusal {
        try refusals.refuse(refusal, in: writer)
        continue
      }
      if table.csv.bytes(item) != lastItem[...] || table.csv.bytes(store) != lastStore[...] {
        lastItem = Array(table.csv.bytes(item))
        lastStore = Array(table.csv.bytes(store))
        let name = table.csv.text(store)
        slot = stores?.contains(name) ?? true ? newSlot(Key(item: table.csv.text(item), store: name)) : nil
      }
      guard let slot else { continue }
      guard let number = FieldParsing.whole(table.csv.bytes(week)), let day = calendar.firstDayOfWeek[number] else {
        try refusals.refuse(
          table.refusal("wm_yr_wk", "unknown_week", "the calendar has no such week: take both files from one delivery"),
          in: writer)
        continue
      }
      guard let value = FieldParsing.number(table.csv.bytes(price)), value >= 0 else {
        try refusals.refuse(
          table.refusal("sell_price", "not_a_number", "no price: write digits with a point, 0 at least"), in: writer)
        continue
      }
      let start = Int32(day.number)
      if let last = weeks[slot].days.last, start <= last, weeks[slot].days.contains(start) {
        try refusals.refuse(
          table.refusal("wm_yr_wk", "duplicate_row", "the file has this store, item and week already: keep one row"),
          in: writer)
        continue
      }
      weeks[slot].days.append(start)
      weeks[slot].prices.append(value)
    }
    try meter.finish(table.csv.source)
  }

  private mutating func newSlot(_ key: Key) -> Int {
    if let known = slots[key] { return known }
    slots[key] = weeks.count
    weeks.append(Weeks())
    return weeks.count - 1
  }
}
