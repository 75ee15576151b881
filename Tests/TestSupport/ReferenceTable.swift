/// Lines of comma-separated reference figures with a name in front, as the scripts under `Reference` write them.
public struct ReferenceTable: Sendable {
  public struct Row: Sendable {
    public let name: String
    public let values: [Double]
  }

  public let rows: [Row]

  /// Lines that begin with # are comments. A field that is no number becomes NaN.
  public init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    rows = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      return Row(name: String(fields[0]), values: fields.dropFirst().map { Double($0) ?? .nan })
    }
  }

  public func rows(named name: String) -> [Row] { rows.filter { $0.name == name } }
}
