import Foundation

/// One chain's file as it stands: columns of numbers and what the comments say.
struct CmdStanChain {
  private(set) var columns: [String] = []
  /// `[drawCount, columns]`, without the warm-up.
  private(set) var values: [Double] = []
  private(set) var configuration: [String: String] = [:]

  var drawCount: Int { columns.isEmpty ? 0 : values.count / columns.count }

  init(file: String, bytes: [UInt8]) throws(CmdStanCSV.Unreadable) {
    func unreadable(_ line: Int?, _ reason: String) -> CmdStanCSV.Unreadable {
      CmdStanCSV.Unreadable(file: file, line: line, reason: reason)
    }
    var start = 0
    var number = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count && bytes[end] != UInt8(ascii: "\n") { end += 1 }
      var line = bytes[start..<end]
      start = end + 1
      number += 1
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      if line.isEmpty { continue }
      if line.first == UInt8(ascii: "#") {
        read(comment: String(decoding: line.dropFirst(), as: UTF8.self))
      } else if columns.isEmpty {
        columns = String(decoding: line, as: UTF8.self).split(separator: ",", omittingEmptySubsequences: false)
          .map { $0.trimmingCharacters(in: .whitespaces.union(["\""])) }
        guard !columns.contains(where: { $0.isEmpty || Double($0) != nil }) else {
          throw unreadable(number, "its first line should name the columns")
        }
      } else {
        let before = values.count
        do {
          try append(line)
        } catch {
          throw unreadable(number, "\(columns[min(error.column, columns.count - 1)]) is no number: \(error.text)")
        }
        if values.count - before != columns.count {
          throw unreadable(
            number,
            "it has \(values.count - before) values for \(columns.count) columns"
              + (end >= bytes.count ? "; the file is cut off" : ""))
        }
      }
    }
    if columns.isEmpty { throw unreadable(nil, "it has no header line") }
    if let reason = dropWarmUp() { throw unreadable(nil, reason) }
  }

  private mutating func read(comment: String) {
    let text = comment.replacing("(Default)", with: "")
    guard let equals = text.firstIndex(of: "=") else { return }
    let key = text[..<equals].trimmingCharacters(in: .whitespaces)
    configuration[key] = text[text.index(after: equals)...].trimmingCharacters(in: .whitespaces)
  }

  private struct NotANumber: Error {
    let column: Int
    let text: String
  }

  private mutating func append(_ line: ArraySlice<UInt8>) throws(NotANumber) {
    var column = 0
    for field in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let text = String(decoding: field, as: UTF8.self).trimmingCharacters(in: .whitespaces)
      guard let value = Double(text) else { throw NotANumber(column: column, text: text) }
      values.append(value)
      column += 1
    }
  }

  /// Leaves out draws of the warm-up that were saved.
  ///
  /// - Returns: Why what the comments say of them cannot be; nil if it can.
  private mutating func dropWarmUp() -> String? {
    guard ["1", "true"].contains(configuration["save_warmup"] ?? "0") else { return nil }
    let (warmUpText, thinText) = (configuration["num_warmup"] ?? "0", configuration["thin"] ?? "1")
    guard let warmUp = Int(warmUpText), warmUp >= 0 else {
      return "its num_warmup is \(warmUpText.debugDescription), which is no number of draws"
    }
    guard let thin = Int(thinText), thin >= 1 else {
      return "its thin is \(thinText.debugDescription), which is no whole number from 1"
    }
    let saved = warmUp / thin + (warmUp % thin == 0 ? 0 : 1)
    guard saved <= drawCount else {
      return "its comments speak of \(saved) draws of the warm-up, and it has \(drawCount) draws in all"
    }
    values.removeFirst(saved * columns.count)
    return nil
  }
}
