import Foundation
import SalesStore

/// A product or store that a load made, and the line that it stood on first.
struct MadeName: Hashable {
  /// `product` or `store`.
  let kind: String
  let name: String
  let place: String

  init(_ kind: String, _ name: String, _ table: borrowing MappedTable) {
    self.kind = kind
    self.name = name
    place = "\(table.reader.file) line \(table.reader.csv.line)"
  }
}

/// Names that differ only by spaces or capitals: one product typed in two ways.
extension DeliveryTables {
  /// A name as it is compared.
  private static func plain(_ kind: String, _ name: String) -> String {
    let words = name.split { $0.isWhitespace }.joined(separator: " ")
    return "\(kind) \(words.lowercased().precomposedStringWithCanonicalMapping)"
  }

  /// Bytes tell names apart here, which two forms of one accent do not.
  private static func bytes(_ name: String) -> [UInt8] { Array(name.utf8) }

  mutating func rememberNames() {
    knownNames = ["product": Array(writer.products.keys), "store": Array(writer.stores.keys)]
  }

  /// Warns of new products and stores whose names others have but for spaces, capitals and the like.
  ///
  /// - Parameter further: those that sales made.
  mutating func warnOfLikeNames(further: [MadeName]) {
    let made = made + further
    guard !made.isEmpty else { return }
    var names: [String: [(name: String, place: String)]] = [:]
    for (kind, known) in knownNames {
      for name in known { names[Self.plain(kind, name), default: []].append((name, "in the database")) }
    }
    var new: Set<String> = []
    for entry in made {
      let plain = Self.plain(entry.kind, entry.name)
      guard names[plain]?.contains(where: { Self.bytes($0.name) == Self.bytes(entry.name) }) != true else { continue }
      names[plain, default: []].append((entry.name, entry.place))
      new.insert(plain)
    }
    let like = new.filter { names[$0]!.count > 1 }.sorted()
    guard !like.isEmpty else { return }
    let examples = like.prefix(5).map { plain in
      "\(plain.prefix { $0 != " " })s " + names[plain]!.map { "'\($0.name)' (\($0.place))" }.joined(separator: " and ")
    }
    remarks.warn(
      "these names differ only by spaces or capitals, and may be one product or store twice: "
        + examples.joined(separator: "; ") + (like.count > 5 ? "; and \(like.count - 5) more" : "")
        + ": if they are the same, write them alike and load into a new database")
  }
}
