import DemandData
import Foundation

/// The M5 competition's files as a panel, for tests that compare with its published figures. A reader for tests only:
/// it trusts the files.
enum M5Panel {
  /// Folder with `sales_train_validation.csv.gz`, `sell_prices.csv.gz` and `calendar.csv`, or nil.
  static var folder: URL? {
    ProcessInfo.processInfo.environment["DEMAND_M5_DATA"].map { URL(filePath: $0, directoryHint: .isDirectory) }
  }

  static func load(from folder: URL, stores: Set<String>? = nil) throws -> Panel {
    let firstDay = Day(year: 2011, month: 1, day: 29)!
    var products: [[String]] = []
    var productIndex: [String: Int] = [:]
    var locations: [[String]] = []
    var storeIndex: [String: Int] = [:]
    var rows: [(series: Hierarchy.Series, units: [Int32])] = []
    for line in try unzipped(folder.appending(path: "sales_train_validation.csv.gz")).split(separator: newline)
      .dropFirst()
    {
      let fields = line.split(separator: comma, maxSplits: 6)
      let name = fields[1...5].map { String(decoding: $0, as: UTF8.self) }
      if let stores, !stores.contains(name[3]) { continue }
      if productIndex[name[0]] == nil {
        productIndex[name[0]] = products.count
        products.append([name[2], name[1], name[0]])
      }
      if storeIndex[name[3]] == nil {
        storeIndex[name[3]] = locations.count
        locations.append([name[4], name[3]])
      }
      let series = Hierarchy.Series(product: productIndex[name[0]]!, store: storeIndex[name[3]]!)
      var units: [Int32] = []
      units.reserveCapacity(1913)
      var value: Int32 = 0
      for byte in fields[6] {
        if byte == comma {
          units.append(value)
          value = 0
        } else if byte >= 48, byte <= 57 {
          value = value * 10 + Int32(byte - 48)
        }
      }
      units.append(value)
      rows.append((series, units))
    }
    rows.sort { $0.series < $1.series }
    let hierarchy = Hierarchy(
      product: try Tree(levelNames: ["category", "department", "product"], paths: products),
      location: try Tree(levelNames: ["region", "store"], paths: locations), series: rows.map(\.series))
    let (calendar, dayOfWeek) = try calendar(folder: folder)
    let prices = try prices(
      folder: folder, hierarchy: hierarchy, products: productIndex, stores: storeIndex, dayOfWeek: dayOfWeek)
    let dayCount = rows[0].units.count
    var status: [UInt8] = []
    status.reserveCapacity(rows.count * dayCount)
    let closed = Set(calendar.closures.map { $0.day - firstDay })
    for series in rows.indices {
      let steps = prices.offsets[series]..<prices.offsets[series + 1]
      let ranged = steps.isEmpty ? 0 : Int(prices.fromDay[steps.lowerBound]) - firstDay.number
      for day in 0..<dayCount {
        let it: DayStatus = day < ranged ? .notRanged : closed.contains(day) ? .closed : .sold
        status.append(it.rawValue)
      }
    }
    return Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: dayCount, units: rows.flatMap(\.units), status: status,
      startIsKnown: [Bool](repeating: true, count: rows.count), prices: prices, calendar: calendar)
  }

  private static let newline = UInt8(ascii: "\n")
  private static let comma = UInt8(ascii: ",")

  private static func unzipped(_ file: URL) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", file.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Array(data)
  }

  /// Events, benefit days and the closed 25 December; and the first day of every price week.
  private static func calendar(folder: URL) throws -> (EventCalendar, [Int: Int]) {
    let text = try String(contentsOf: folder.appending(path: "calendar.csv"), encoding: .utf8)
    var events: [EventCalendar.Event] = []
    var closures: [EventCalendar.Closure] = []
    var firstDayOfWeek: [Int: Int] = [:]
    var last: Day?
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      let field = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let day = Day(iso: field[0])!
      last = day
      let week = Int(field[1])!
      if firstDayOfWeek[week] == nil { firstDayOfWeek[week] = day.number }
      for column in [7, 9] where !field[column].isEmpty {
        events.append(.init(day: day, name: field[column], type: field[column + 1]))
        if field[column] == "Christmas" { closures.append(.init(day: day)) }
      }
      for (column, region) in [(11, "CA"), (12, "TX"), (13, "WI")] where field[column] == "1" {
        events.append(
          .init(
            day: day, name: "SNAP", type: EventCalendar.benefitType, scope: .location(level: "region", node: region)))
      }
    }
    return (EventCalendar(events: events, closures: closures, knownThrough: last), firstDayOfWeek)
  }

  private static func decimal(_ digits: ArraySlice<UInt8>) -> Float {
    var value = 0.0
    var scale = 1.0
    var isFraction = false
    for byte in digits {
      if byte == UInt8(ascii: ".") {
        isFraction = true
      } else if byte >= 48, byte <= 57 {
        value = value * 10 + Double(byte - 48)
        if isFraction { scale *= 10 }
      }
    }
    return Float(value / scale)
  }

  private static func prices(
    folder: URL, hierarchy: Hierarchy, products: [String: Int], stores: [String: Int], dayOfWeek: [Int: Int]
  ) throws -> PriceHistory {
    var seriesIndex = [Int](repeating: -1, count: hierarchy.product.leafCount * hierarchy.location.leafCount)
    for (index, it) in hierarchy.series.enumerated() {
      seriesIndex[it.product * hierarchy.location.leafCount + it.store] = index
    }
    var steps = [[(day: Int32, price: Float)]](repeating: [], count: hierarchy.series.count)
    let bytes = try unzipped(folder.appending(path: "sell_prices.csv.gz"))
    // Rows of one product in one store stand together, so names are looked up only when they change.
    var known: (key: ArraySlice<UInt8>, series: Int) = ([], -1)
    var position = (bytes.firstIndex(of: newline) ?? bytes.count) + 1
    while position < bytes.count {
      let start = position
      var commas = (store: 0, product: 0, week: 0)
      while position < bytes.count, bytes[position] != newline {
        if bytes[position] == comma { commas = (commas.product, commas.week, position) }
        position += 1
      }
      let key = bytes[start..<commas.product]
      if !key.elementsEqual(known.key) {
        let names = String(decoding: key, as: UTF8.self).split(separator: ",").map(String.init)
        let series = stores[names[0]].flatMap { store in
          products[names[1]].map { seriesIndex[$0 * hierarchy.location.leafCount + store] }
        }
        known = (key, series ?? -1)
      }
      if known.series >= 0 {
        let week = bytes[commas.product + 1..<commas.week].reduce(0) { $0 * 10 + Int($1 - 48) }
        steps[known.series].append((Int32(dayOfWeek[week]!), decimal(bytes[commas.week + 1..<position])))
      }
      position += 1
    }
    var offsets = [0]
    var fromDay: [Int32] = []
    var price: [Float] = []
    for series in steps {
      for step in series.sorted(by: { $0.day < $1.day }) {
        fromDay.append(step.day)
        price.append(step.price)
      }
      offsets.append(price.count)
    }
    return PriceHistory(offsets: offsets, fromDay: fromDay, price: price)
  }
}
