import DemandData
import Foundation
import SalesIngest
import SalesStore

/// Files shaped as those of the M5 competition: two items, two stores in two states, 40 days from 10 December.
struct M5Fixture {
  let folder: TemporaryFolder
  static let first = Day(iso: "2012-12-10")!
  static let dayCount = 40
  static let items = [("FOODS_1_001", "FOODS_1", "FOODS"), ("HOBBIES_1_001", "HOBBIES_1", "HOBBIES")]
  static let stores = [("CA_1", "CA"), ("TX_1", "TX")]
  /// Days with sales columns: the calendar knows ten more.
  static let salesDays = 30
  /// First week with a price, by item.
  static let firstWeek = [0, 1]

  /// Units by item, store and day.
  static func units(_ item: Int, _ store: Int, _ day: Int) -> Int {
    day < firstWeek[item] * 7 ? 0 : day == 15 ? item : (item * 3 + store + day * 5) % 7
  }

  init(change: (inout [String]) -> Void = { _ in }) throws {
    folder = try TemporaryFolder()
    var calendar = [
      "date,wm_yr_wk,weekday,wday,month,year,d,event_name_1,event_type_1,event_name_2,event_type_2,snap_CA,snap_TX"
    ]
    for day in 0..<Self.dayCount {
      let date = Self.first + day
      let (year, month, dayOfMonth) = date.components
      let event = dayOfMonth == 25 ? "Christmas,National,Second,Cultural" : ",,,"
      calendar.append(
        "\(date),\(11200 + day / 7),Monday,\(day % 7 + 1),\(month),\(year),d_\(day + 1),\(event),\(dayOfMonth % 2),"
          + "\(day == 3 ? 1 : 0)")
    }
    try folder.write(calendar.joined(separator: "\n") + "\n", to: "calendar.csv")
    var prices = ["store_id,item_id,wm_yr_wk,sell_price"]
    var sales = [
      "id,item_id,dept_id,cat_id,store_id,state_id," + (1...Self.salesDays).map { "d_\($0)" }.joined(separator: ",")
    ]
    for (s, store) in Self.stores.enumerated() {
      for (i, item) in Self.items.enumerated() {
        for week in Self.firstWeek[i]..<6 {
          prices.append("\(store.0),\(item.0),\(11200 + week),\(week < 3 ? "1.25" : "0.98")")
        }
        sales.append(
          "\(item.0)_\(store.0)_validation,\(item.0),\(item.1),\(item.2),\(store.0),\(store.1),"
            + (0..<Self.salesDays).map { String(Self.units(i, s, $0)) }.joined(separator: ","))
      }
    }
    change(&sales)
    try folder.write(prices.joined(separator: "\n") + "\n", to: "prices.csv")
    try folder.write(sales.joined(separator: "\n") + "\n", to: "sales.csv")
  }

  func open(_ name: String = "demand.sqlite") throws -> any SalesStore {
    try openStore(DatabaseURL(path: folder.file(name)), mode: .readWrite(create: true), now: Delivery.now)
  }

  func load(
    into store: any SalesStore, stores: [String]? = nil, until: Day? = nil, packed: Bool = false,
    badRows: BadRowPolicy = .init(maximumShare: 1)
  ) throws(IngestError) -> LoadResult {
    let ending = packed ? ".gz" : ""
    return try M5Load(
      sales: folder.file("sales.csv\(ending)"), calendar: folder.file("calendar.csv\(ending)"),
      prices: folder.file("prices.csv\(ending)"), stores: stores, until: until, badRows: badRows
    ).run(into: store, IngestEnvironment(now: { Delivery.now }))
  }
}
