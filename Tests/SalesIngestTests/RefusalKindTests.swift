import Foundation
import SalesIngest
import Testing

/// docs/data.md lists the kinds of reasons for which rows are refused, as the code has them.
@Suite struct RefusalKindTests {
  @Test func theListOfKindsIsThatOfTheCode() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/data.md"), encoding: .utf8)
    let behind = text[try #require(text.firstRange(of: "Kinds of reasons")).upperBound...]
    let list = behind[..<(try #require(behind.firstRange(of: ".\n")).lowerBound)]
    let documented = Set(list.matches(of: /`([a-z0-9_]+)`/).map { String($0.output.1) })
    let known = Set(RefusalKind.all(levels: ["region"]))
    #expect(documented == known, "\(documented.symmetricDifference(known).sorted())")
  }
}
