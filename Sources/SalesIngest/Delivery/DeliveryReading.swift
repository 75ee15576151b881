import Foundation

/// How a load's files were read, kept with it so that its rows in quarantine can be read again in the same way.
package struct DeliveryReading: Codable, Sendable {
  package struct File: Codable, Sendable {
    let name: String
    let role: SourceMapping.Role
    let table: SourceMapping.Table
    let separator: Separator
    let header: [String]
  }

  let mapping: SourceMapping
  var files: [File] = []

  init(mapping: SourceMapping) { self.mapping = mapping }

  /// As JSON.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // Plain values only: nothing here can fail to encode.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  init?(text: String) {
    guard let reading = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
    self = reading
  }
}
