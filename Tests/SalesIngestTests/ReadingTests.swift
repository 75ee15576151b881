import CZlib
import DemandData
import Foundation
import SalesIngest
import Testing

/// Zip archives as `zip` writes them: local headers, data, central directory.
enum ZipWriter {
  static func archive(_ members: [(name: String, bytes: [UInt8])], deflated: Bool) -> [UInt8] {
    var out: [UInt8] = []
    var directory: [UInt8] = []
    func u16(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
    func u32(_ value: Int) -> [UInt8] { u16(value & 0xFFFF) + u16(value >> 16 & 0xFFFF) }
    for (name, bytes) in members {
      let packed = deflated ? deflate(bytes) : bytes
      let sum = Int(crc32(0, bytes, UInt32(bytes.count)))
      let common =
        u16(20) + u16(0) + u16(deflated ? 8 : 0) + u32(0) + u32(sum) + u32(packed.count) + u32(bytes.count)
        + u16(name.utf8.count)
      directory +=
        u32(0x0201_4B50) + u16(20) + common + u16(0) + u16(0) + u16(0) + u16(0) + u32(0) + u32(out.count)
        + Array(name.utf8)
      out += u32(0x0403_4B50) + common + u16(0) + Array(name.utf8) + packed
    }
    let start = out.count
    out += directory
    out +=
      u32(0x0605_4B50) + u32(0) + u16(members.count) + u16(members.count) + u32(directory.count) + u32(start) + u16(0)
    return out
  }

  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    func u32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }
    let sum = Int(crc32(0, bytes, UInt32(bytes.count)))
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + deflate(bytes) + u32(sum) + u32(bytes.count)
  }

  /// Raw deflate: a zlib stream without its two bytes in front and four behind.
  private static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var packed = [UInt8](repeating: 0, count: Int(size))
    compress2(&packed, &size, bytes, uLong(bytes.count), 6)
    return Array(packed[2..<Int(size) - 4])
  }
}

@Suite struct ReadingTests {
  private func text(_ input: InputFile, encoding: TextEncoding? = nil, room: Int = 1000) throws -> String {
    let source = try ByteSource(input, encoding: encoding)
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: room)
    while case let count = try source.read(into: &buffer, at: 0), count > 0 { all += buffer[..<count] }
    return String(decoding: all, as: UTF8.self)
  }

  @Test(arguments: [false, true]) func zipMembers(deflated: Bool) throws {
    let folder = try TemporaryFolder()
    let long = "date,units\n" + (0..<20_000).map { "2024-01-01,\($0 * 7919 % 1013)\n" }.joined()
    let members = [("sales_1.csv", Array(long.utf8)), ("in/sales_2.csv", Array("a,b\n".utf8)), ("read.me", [1, 2])]
    let bytes = ZipWriter.archive(members, deflated: deflated)
    try Data(bytes).write(to: URL(filePath: folder.file("a.zip")))
    #expect(try text(InputFile(folder.file("a.zip") + "/sales_1.csv")) == long)
    #expect(try text(InputFile(folder.file("a.zip") + "/in/sales_2.csv"), room: 3) == "a,b\n")
    #expect(
      try InputFile.expand(folder.file("a.zip")).map(\.name)
        == ["in/sales_2.csv", "sales_1.csv"].map { folder.file("a.zip/\($0)") })
    #expect(try InputFile.expand(folder.file("a.zip") + "/*_1.csv").count == 1)
    #expect(throws: IngestError.missingFile(folder.file("a.zip/none.csv"))) {
      _ = try InputFile(folder.file("a.zip/none.csv"))
    }
    do {
      _ = try InputFile(folder.file("a.zip"))
      Issue.record("which file?")
    } catch { #expect("\(error)".contains("several files; name one of")) }
    // One bit of the data, and a cut.
    for damage in 0..<2 {
      var bad = bytes
      if damage == 0 { bad[200] ^= 16 } else { bad.removeLast(30) }
      try Data(bad).write(to: URL(filePath: folder.file("bad.zip")))
      #expect(throws: IngestError.self) { _ = try text(InputFile(folder.file("bad.zip") + "/sales_1.csv")) }
    }
  }

  @Test func patternsAndFolders() throws {
    let folder = try TemporaryFolder()
    for name in ["sales_2.csv", "sales_1.csv", "stores.csv", "x.dat"] { try folder.write("a\n", to: name) }
    #expect(
      try InputFile.expand(folder.file("sales_*.csv")).map { $0.name.suffix(11) } == ["sales_1.csv", "sales_2.csv"])
    #expect(try InputFile.expand(folder.path).count == 3)
    #expect(throws: IngestError.missingFile(folder.file("none*.csv"))) {
      _ = try InputFile.expand(folder.file("none*.csv"))
    }
    for (name, pattern, fits) in [
      ("a/b/sales.csv", "sales*.csv", true), ("SALES_1.CSV", "sales*.csv", true), ("sales.csv.gz", "sales*.csv", false),
      ("sales_12.csv", "sales_??.csv", true), ("sales_1.csv", "sales_??.csv", false), ("x", "*", true),
      ("", "?", false),
      ("abcabc", "*abc", true), ("abcab", "*abc", false),
    ] { #expect(FilePattern.matches(name, pattern) == fits, "\(name) \(pattern)") }
  }

  /// What comes through a pipe is read twice all the same.
  @Test func pipes() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let writer = Thread { FileHandle(forWritingAtPath: path)?.write(Data("a,b\n1,2\n".utf8)) }
    writer.start()
    let input = try InputFile(path)
    #expect(try text(input) == "a,b\n1,2\n")
    #expect(try text(input) == "a,b\n1,2\n")
  }

  @Test func encodings() throws {
    let folder = try TemporaryFolder()
    func survey(_ bytes: [UInt8]) -> TextEncoding {
      var survey = EncodingSurvey()
      for byte in bytes { survey.update([byte][...]) }
      var whole = EncodingSurvey()
      whole.update(bytes[...])
      #expect(survey.encoding == whole.encoding)
      return survey.encoding
    }
    #expect(survey(Array("plain, 12345678 more than eight".utf8)) == .utf8)
    #expect(survey(Array("Käse, crème brûlée, 日本, 🍞".utf8)) == .utf8)
    #expect(survey([0x4B, 0xE4, 0x73, 0x65]) == .windows1252)
    #expect(survey(Array("é è à ü".utf8) + [0xE4]) == .utf8, "one bad row does not make another encoding")
    #expect(survey([0xED, 0xA0, 0x80]) == .windows1252, "a surrogate is no UTF-8")
    #expect(survey([0xC0, 0x80]) == .windows1252)
    #expect(survey([0xFF, 0xFE, 0x61, 0]) == .utf16LittleEndian)
    let word = "Käse–€ 日 🍞,1\n"
    func check(_ bytes: [UInt8], _ encoding: TextEncoding, _ expected: String) throws {
      try Data(bytes).write(to: URL(filePath: folder.file("t")))
      for room in [13, 16, 1000] {
        #expect(
          try text(InputFile(folder.file("t")), encoding: encoding, room: room) == expected, "\(encoding) \(room)")
      }
    }
    try check(word.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, .utf16LittleEndian, word)
    try check([0xFE, 0xFF] + word.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }, .utf16BigEndian, word)
    try check([0x4B, 0xE4, 0x96, 0x80, 0x81], .windows1252, "Kä–€\u{81}")
    try check([0x4B, 0xE4, 0x80], .latin1, "Kä\u{80}")
    try check([0x61, 0, 0x3D, 0xD8], .utf16LittleEndian, "a\u{FFFD}")
  }

  @Test func numbers() {
    func number(_ text: String, _ decimal: NumberFormat.Decimal, _ thousands: NumberFormat.Thousands) -> Double? {
      NumberFormat(decimal: decimal, thousands: thousands).number(Array(text.utf8)[...])
    }
    #expect(number("1234,5", .comma, .none) == 1234.5)
    #expect(number("1.234,5", .comma, .point) == 1234.5)
    #expect(number("-1.234.567", .comma, .point) == -1_234_567)
    #expect(number("1,234.5", .point, .comma) == 1234.5)
    #expect(number("1 234,5", .comma, .space) == 1234.5)
    #expect(number("1\u{A0}234\u{202F}567,5", .comma, .space) == 1_234_567.5)
    #expect(number("1'234.5", .point, .apostrophe) == 1234.5)
    #expect(number("1234567.5", .point, .comma) == 1_234_567.5, "marks may be left out")
    // A decimal mark taken for a mark between thousands would make it a thousand times as much.
    for (text, decimal, thousands) in [
      ("1,5", NumberFormat.Decimal.point, NumberFormat.Thousands.comma), ("1.5", .comma, .point),
      ("1.5", .comma, .none),
      ("1,2345", .point, .comma), ("12345,678", .point, .comma), (",123", .point, .comma), ("1,,234", .point, .comma),
      ("1,23,456", .point, .comma), ("1.234.5", .comma, .point), ("1,5,5", .comma, .none), ("", .comma, .none),
      ("1,234,", .point, .comma), ("1e1,000", .point, .comma),
    ] { #expect(number(text, decimal, thousands) == nil, "\(text)") }
  }

  @Test func dates() {
    func day(_ text: String, _ pattern: String) -> String? { DatePattern(pattern)?.day(Array(text.utf8)[...])?.iso }
    #expect(day("2016-02-05", "yyyy-MM-dd") == "2016-02-05")
    #expect(day("05.02.2016", "dd.MM.yyyy") == "2016-02-05")
    #expect(day("02/05/2016", "MM/dd/yyyy") == "2016-02-05")
    #expect(day("20160205", "yyyyMMdd") == "2016-02-05")
    #expect(day("5.2.16", "d.M.yy") == "2016-02-05" && day("05.02.69", "dd.MM.yy") == "2069-02-05")
    #expect(day("05.02.70", "dd.MM.yy") == "1970-02-05")
    #expect(day("14-Jan-09", "dd-MMM-yy") == "2009-01-14" && day("14-JAN-09", "dd-MMM-yy") == "2009-01-14")
    #expect(day("2016-02-05 17:45:00", "yyyy-MM-dd HH:mm:ss") == "2016-02-05")
    #expect(day("2016-02-05T17:45:00Z", "yyyy-MM-dd*") == "2016-02-05")
    #expect(day("12/1/2010 8:26", "M/d/yyyy H:mm") == "2010-12-01")
    // ISO 8601 weeks: Python 3.11's date.fromisocalendar.
    #expect(day("2016-W05", "yyyy-Www") == "2016-02-01" && day("2015W53", "yyyyWww") == "2015-12-28")
    #expect(day("2020-W53-7", "yyyy-Www-e") == "2021-01-03" && day("2024-W01", "yyyy-Www") == "2024-01-01")
    for (text, pattern) in [
      ("2016-W53", "yyyy-Www"), ("2016-W00", "yyyy-Www"), ("2016-W05-8", "yyyy-Www-e"), ("30.02.2016", "dd.MM.yyyy"),
      ("5.2.2016", "dd.MM.yyyy"), ("2016-02-05 x", "yyyy-MM-dd HH:mm"), ("2016-02-05", "yyyyMMdd"), ("", "yyyy-MM-dd"),
      ("14-Jxn-09", "dd-MMM-yy"), ("2016-02-051", "yyyy-MM-dd "),
    ] { #expect(day(text, pattern) == nil, "\(text) \(pattern)") }
    for pattern in ["", "yyyy", "MM/dd", "yyyy-MM-dd-ww", "yyy-MM-dd", "yyyy-MMMM-dd", "*yyyy-MM-dd", "dd.dd.yyyy"] {
      #expect(DatePattern(pattern) == nil, "\(pattern)")
    }
  }

  @Test func separators() {
    func detect(_ text: String, _ columns: [String] = []) -> Separator {
      Separator.detect(Array(text.utf8), isWhole: true, columns: columns)
    }
    #expect(detect("date,units\n2024-01-01,3\n") == .comma)
    #expect(detect("Datum;Menge;Preis\n01.02.2024;1,5;2,99\n02.02.2024;2,5;3,99\n") == .semicolon)
    #expect(detect("a\tb\n\"x, y\"\t2\n\"p, q\"\t3\n") == .tab)
    #expect(detect("a|b|c\n1|2|3\n") == .pipe)
    // Lists inside of fields, and line breaks inside of quotes.
    #expect(detect("id;b;c\n1;['342', '12'];2\n2;['342'];9\n") == .semicolon)
    #expect(detect("id,comment\n1,\"line one;\nline; two\"\n2,\"a;b\"\n") == .comma)
    #expect(detect("one column\nvalue, with comma\n", ["one column"]) == .comma)
    #expect(detect("a,b;c\n1,2;3\n", ["a,b", "c"]) == .semicolon, "known columns decide")
  }

  /// A refused row is kept as it came, quotes and all, so that it can be read again.
  @Test func rawRecords() throws {
    let folder = try TemporaryFolder()
    try folder.write("a,b\n\"x \"\"y\"\"\",\"2\nlines\"\r\nplain,\"q\"\n", to: "t.csv")
    var reader = try CSVReader(source: try ByteSource(path: folder.file("t.csv")), maximumRecord: 100)
    var raws: [String] = []
    while try reader.advance() { raws.append(reader.raw()) }
    #expect(raws == ["a,b", "\"x \"\"y\"\"\",\"2\nlines\"", "plain,\"q\""])
  }
}
