import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Lines of receipts, however many there are, give the same days.
@Suite struct ReceiptLinesTests {
  private static func mapping() -> SourceMapping {
    var mapping = SourceMapping.long
    mapping.rows = .lines
    mapping.negative = .net
    mapping.revenue = .unitsTimesPrice
    return mapping
  }

  private func load(_ text: String, into store: any SalesStore, sums: Int?) throws -> LoadRecord {
    let folder = try TemporaryFolder()
    try folder.write("product,category,department\ntea,drinks,hot\nham,fresh,meat\nrum,a,b\n", to: "products.csv")
    try folder.write("store,region\nnorth,upper\nsouth,lower\n", to: "stores.csv")
    try folder.write(text, to: "sales.csv")
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    options.restate = .supersede
    var load = DeliveryLoad(
      source: "test", mapping: Self.mapping(), files: try DeliveryFiles(folder: folder.path, mapping: Self.mapping()),
      options: options)
    if let sums { load.linesInMemory = sums }
    return try load.run(into: store, IngestEnvironment(now: { Delivery.now })).record
  }

  private static func rows(_ store: any SalesStore) throws -> [String] {
    var rows: [String] = []
    try store.salesRows(from: nil, to: nil) { it in
      let kinds = it.promotions.map { "\($0.kind)=\($0.share)" }.joined(separator: "+")
      rows.append(
        "\(it.day) \(it.product) \(it.store) \(it.units) \(it.status) \(it.price ?? -1) \(kinds) "
          + "\(it.details.revenue ?? -1) \(it.details.stockOnHand ?? -1)")
    }
    return rows.sorted()
  }

  @Test(arguments: DatabaseKind.available) func sumsBeyondMemoryAreThoseWithin(on kind: DatabaseKind) throws {
    let header = "date,product,store,units,price,promotion_kinds,stock,stock_on_hand\n"
    // The shelf of tea was empty on the first of several lines, and its later ones are dearer; ham comes back before it
    // is sold; rum sells more than a billion, of which no part may stay.
    var lines = ["\(Delivery.first),tea,north,3,2,feature=0.5,out,5", "\(Delivery.first + 1),ham,south,-2,1,,,"]
    for round in 0..<6 {
      for (product, place) in [("tea", "north"), ("tea", "south"), ("ham", "south"), ("ham", "north")] {
        for day in 0..<4 {
          lines.append("\(Delivery.first + day),\(product),\(place),\(round + day),\(2 + round).25,,,\(round)")
        }
      }
    }
    lines.append("\(Delivery.first),tea,north,1,10,feature+display=0.25,,4")
    lines += [600_000_000, 1, 600_000_000, -5].map { "\(Delivery.first + 2),rum,north,\($0),1,,," }
    let (whole, parts) = (try TestDatabase(kind), try TestDatabase(kind))
    let one = try openStore(whole.url, mode: .readWrite(create: true), now: Delivery.now)
    let other = try openStore(parts.url, mode: .readWrite(create: true), now: Delivery.now)
    let text = header + lines.joined(separator: "\n") + "\n"
    let (first, second) = (try load(text, into: one, sums: nil), try load(text, into: other, sums: 3))
    let expected = try Self.rows(one)
    #expect(try Self.rows(other) == expected)
    // 0+1+2+3+4+5 + 3 + 1 units of tea, for 3 * 2 + 10 + (1 * 3.25 + 2 * 4.25 + 3 * 5.25 + 4 * 6.25 + 5 * 7.25).
    #expect(
      expected.contains { it in
        it.hasPrefix("\(Delivery.first) tea north 19.0 outOfStock \((16 + 88.75) / 19) ")
          && it.hasSuffix("display=0.25+feature=1.0 104.75 4.0")
      }, "\(expected)")
    #expect(first.summary.rowsLoaded == second.summary.rowsLoaded && second.summary.rowsRestated ?? 0 == 0)
    #expect(first.summary.details?.dayClasses == second.summary.details?.dayClasses)
    #expect(second.summary.quarantinedByReason == ["too_large": 1])
    // Loaded again with a line more, the days are restated as a whole.
    let third = try load(text + "\(Delivery.first + 3),tea,north,1,2,,,\n", into: other, sums: 2)
    #expect(third.summary.rowsRestated == 1 && third.summary.rowsUnchanged == first.summary.rowsLoaded - 2)
  }
}
