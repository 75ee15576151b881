import Foundation
import Inference

/// A tutorial's text, written as it comes, and its plots.
struct Report {
  private let folder: String?
  private let write: (String) -> Void
  private(set) var plots: [String] = []
  private var section = 0

  init(folder: String?, write: @escaping (String) -> Void) {
    self.folder = folder
    self.write = write
  }

  /// The tutorial's title and its formulas as a statistician writes them.
  func title(_ text: String, question: String, model: String, source: String) {
    write(text + "\n" + String(repeating: "=", count: text.count) + "\n\n")
    say(question)
    show(model)
    say("In Swift: \(source)")
  }

  /// A numbered heading.
  mutating func heading(_ text: String) {
    section += 1
    write("\(section). \(text)\n\n")
  }

  /// A paragraph, broken at 80 columns.
  func say(_ text: String) {
    var line = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if line.count + 1 + word.count > 80 {
        write(line + "\n")
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    write(line + "\n\n")
  }

  /// A table or formulas, indented.
  func show(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0) {
      write(line.isEmpty ? "\n" : "    \(line)\n")
    }
    write("\n")
  }

  /// Writes a plot to the folder, if there is one.
  mutating func plot(_ name: String, _ svg: @autoclosure () throws -> String) throws {
    guard let folder else { return }
    let path = "\(folder)/\(name).svg"
    try Data(try svg().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    plots.append(path)
  }

  /// The end: where the plots are.
  func close() {
    guard let folder else { return }
    say("\(plots.count) plots are in \(folder): " + plots.map { Self.fileName($0) }.joined(separator: ", ") + ".")
  }

  private static func fileName(_ path: String) -> String {
    String(path[(path.lastIndex(of: "/") ?? path.startIndex)...].dropFirst())
  }
}
