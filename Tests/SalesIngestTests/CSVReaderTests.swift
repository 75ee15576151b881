import DemandData
import Foundation
import SalesIngest
import Testing

@Suite struct CSVReaderTests {
  struct Record: Hashable {
    var line: Int
    var fields: [String]
    var problem: RecordScan.Problem?
  }

  private func records(
    _ bytes: [UInt8], in folder: TemporaryFolder, maximumRecord: Int = 1 << 16, bufferSize: Int = 1 << 20
  ) throws -> [Record] {
    try Data(bytes).write(to: URL(filePath: folder.file("t.csv")))
    var reader = try CSVReader(
      source: try ByteSource(path: folder.file("t.csv")), maximumRecord: maximumRecord, bufferSize: bufferSize)
    var records: [Record] = []
    while try reader.advance() {
      var fields: [String] = []
      for index in reader.fields.indices { fields.append(reader.text(index)) }
      records.append(Record(line: reader.line, fields: fields, problem: reader.problem))
    }
    return records
  }

  @Test func ordinaryFiles() throws {
    let folder = try TemporaryFolder()
    func read(_ text: String) throws -> [Record] { try records(Array(text.utf8), in: folder) }
    let expected = [Record(line: 1, fields: ["a", "b"]), Record(line: 2, fields: ["1", ""])]
    for text in ["a,b\n1,\n", "a,b\r\n1,\r\n", "a,b\n1,", "\u{FEFF}a,b\n1,\n", "a,\"b\"\n\"1\",\"\"\r\n"] {
      #expect(try read(text) == expected, "\(text.debugDescription)")
    }
    #expect(try read("a\n\n\r\n\nb\n") == [Record(line: 1, fields: ["a"]), Record(line: 5, fields: ["b"])])
    #expect(try read("\"\"\nb") == [Record(line: 1, fields: [""]), Record(line: 2, fields: ["b"])])
    #expect(
      try read("\"x\n\"\"y\"\", z\",2\nnext,3\n")
        == [Record(line: 1, fields: ["x\n\"y\", z", "2"]), Record(line: 3, fields: ["next", "3"])])
    #expect(try read("6\" pipe,1\n") == [Record(line: 1, fields: ["6\" pipe", "1"])])
    #expect(try read("ok\n\"open,1\nmore,2\n").map(\.problem) == [nil, .unclosedQuote, nil])
    #expect(try read("ok\n\"open,1\nmore,2\n").map(\.line) == [1, 2, 3])
  }

  /// What is written with quotes is read back, whatever the size of the buffer.
  @Test func quotedFieldsRoundTrip() throws {
    let folder = try TemporaryFolder()
    var generator = SystemRandomNumberGenerator()
    let pieces = ["a", "\"", ",", "\n", "\r\n", "\r", " ", "é", "日本", "", "00"]
    for round in 0..<200 {
      let width = Int.random(in: 2...5, using: &generator)
      let rows = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
        (0..<width).map { _ in
          (0..<Int.random(in: 0...6, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
        }
      }
      let text = rows.map { row in
        row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",")
      }.joined(separator: round % 2 == 0 ? "\n" : "\r\n")
      let read = try records(Array(text.utf8), in: folder, maximumRecord: 400, bufferSize: 402 + round)
      #expect(read.map(\.fields) == rows)
      #expect(read.allSatisfy { $0.problem == nil })
      var line = 1
      for (record, row) in zip(read, rows) {
        #expect(record.line == line)
        line += 1 + row.joined().utf8.count { $0 == UInt8(ascii: "\n") }
      }
    }
  }

  /// Random bytes never stop the reader, never yield more than they hold, and read the same through any buffer.
  @Test func hostileBytes() throws {
    let folder = try TemporaryFolder()
    var generator = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = Array("\"\",\n\r,a1\0".utf8) + [0xFF, 0xC3, 0xEF, 0xBB, 0xBF]
    for round in 0..<300 {
      let count = Int.random(in: 1...3000, using: &generator)
      let bytes = (0..<count).map { _ in
        round % 3 == 0 ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator)!
      }
      // A gzip mark would make it a broken gzip file.
      guard bytes.first != 0x1F else { continue }
      let small = try records(bytes, in: folder, maximumRecord: 64, bufferSize: 66)
      let large = try records(bytes, in: folder, maximumRecord: 64)
      #expect(small.map(\.line) == large.map(\.line))
      #expect(small.map(\.problem) == large.map(\.problem))
      #expect(
        zip(small, large).allSatisfy { $0.problem != nil || $0.fields == $1.fields }, "bytes \(bytes.prefix(200))")
      #expect(small.count <= bytes.count { $0 == UInt8(ascii: "\n") } + 1)
      #expect(zip(small, small.dropFirst()).allSatisfy { $0.line < $1.line })
    }
  }

  @Test func longLinesCostOneRecord() throws {
    let folder = try TemporaryFolder()
    let text = "a,b\n" + String(repeating: "x", count: 500_000) + "\nc,d\n"
    let read = try records(Array(text.utf8), in: folder, maximumRecord: 1000, bufferSize: 2000)
    #expect(read.map(\.problem) == [nil, .tooLong, nil])
    #expect(read.map(\.line) == [1, 2, 3])
    #expect(read[2].fields == ["c", "d"])
  }

  @Test func numbersAndDays() {
    func number(_ text: String) -> Double? { FieldParsing.number(Array(text.utf8)[...]) }
    for text in ["0", "7", "2.50", ".5", "5.", "123456789012345", "1e3", "-2", "+4", "0.1", "99999999999999999999"] {
      #expect(number(text) == Double(text.hasSuffix(".") ? text + "0" : text), "\(text)")
    }
    for text in ["", ".", "-", "e", "1e", "0x10", "nan", "inf", "1e999", "1 ", " 1", "1,5", "1.2.3", "--1", "١"] {
      #expect(number(text) == nil, "\(text)")
    }
    func day(_ text: String) -> Day? { FieldParsing.day(Array(text.utf8)[...]) }
    #expect(day("2024-02-29") == Day(iso: "2024-02-29"))
    for text in ["2023-02-29", "2024-2-29", "2024/02/29", "", "20240229", "2024-02-2x", "2024-13-01"] {
      #expect(day(text) == nil, "\(text)")
    }
  }
}
