import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Names whose accents are characters of their own are those whose accents are not, on both databases.
@Suite struct NameFormTests {
  private static let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")

  @Test(arguments: DatabaseKind.available) func accentsMakeNoOtherNames(on kind: DatabaseKind) throws {
    #expect(!Self.composed.utf8.elementsEqual(Self.decomposed.utf8), "the same to Swift, and other bytes")
    let place = try DeliveredDatabase(kind)
    try place.deliver([
      "products.csv": "product,category,department\n\(Self.decomposed),drinks,hot\n",
      "stores.csv": "store,region\nk\u{F6}ln,upper\n",
    ])
    let rows = ["2024-01-01,\(Self.composed),ko\u{308}ln,1,2", "2024-01-02,\(Self.decomposed),k\u{F6}ln,2,2"]
    let record = try place.deliver(sales: rows)
    #expect(record.summary.rowsLoaded == 2 && record.summary.rowsQuarantined == 0 && record.summary.newSeries == 1)
    let stored = try place.rows()
    #expect(stored.allSatisfy { $0.product.utf8.elementsEqual(Self.composed.utf8) }, "kept composed")
    #expect(stored.allSatisfy { $0.store.utf8.elementsEqual("k\u{F6}ln".utf8) })
    // A second row of a day is one, whatever its bytes, and so is a master.
    let twice = try place.deliver(
      sales: ["2024-01-03,\(Self.composed),k\u{F6}ln,1,2", "2024-01-03,\(Self.decomposed),ko\u{308}ln,1,2"])
    #expect(twice.summary.quarantinedByReason == ["duplicate_row": 1])
    let master = try place.deliver([
      "products.csv": "product,category,department\n\(Self.composed),drinks,hot\n\(Self.decomposed),drinks,hot\n"
    ])
    #expect(master.summary.quarantinedByReason == ["duplicate_row": 1] && master.summary.newProducts == 0)
    // Facts beside sales name the same ones.
    let facts = try place.deliver([
      "ranging.csv": "product,store,from\n\(Self.decomposed),ko\u{308}ln,2024-01-01\n",
      "attributes.csv": "level,node,attribute,value\nproduct,\(Self.decomposed),size,1\n",
    ])
    #expect(facts.summary.rowsQuarantined == 0)
    // Other letters are other names.
    #expect(try place.deliver(sales: ["2024-01-04,cafe,k\u{F6}ln,1,2"]).summary.rowsQuarantined == 1)
  }

  /// Sales alone make one product of both, not two.
  @Test func salesMakeOneProduct() throws {
    var place = try DeliveredDatabase(.sqlite)
    place.mapping.unknownKeys = .create
    let record = try place.deliver(sales: [
      "2024-01-01,\(Self.decomposed),north,1,2", "2024-01-02,\(Self.composed),north,2,2",
    ])
    #expect(record.summary.newProducts == 1 && record.summary.rowsLoaded == 2)
  }
}
