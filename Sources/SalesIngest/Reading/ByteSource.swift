import Foundation

/// Bytes of an input in order: unpacked, and as UTF-8.
package final class ByteSource {
  /// Its name as the user knows it.
  let path: String
  /// Size on disk, packed.
  let size: Int
  private let stream: any ByteStream
  private var transcoder: Transcoder?

  /// - Parameter encoding: how the text is written; nil to hand the bytes on as they are.
  /// - Throws: ``IngestError`` for a file that is missing, a folder, empty or unreadable.
  package init(_ input: InputFile, encoding: TextEncoding? = nil) throws(IngestError) {
    path = input.name
    size = input.size
    guard size > 0 else { throw .emptyFile(input.name) }
    if let member = input.member {
      stream = try Self.unpacked(input, member)
    } else {
      if let kind = Self.binaryKind(input.path) {
        throw .unreadable(input.name, reason: "it is \(kind) and no text: save its table as CSV")
      }
      stream = try GzipStream(path: input.path)
    }
    transcoder = encoding.flatMap { Transcoder($0) }
  }

  private static let binaryKinds: [(kind: String, start: [UInt8])] = [
    ("a workbook", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]), ("a Parquet file", Array("PAR1".utf8)),
    ("a Feather file", Array("ARROW1".utf8)), ("an Avro file", Array("Obj\u{1}".utf8)),
    ("a PDF", Array("%PDF-".utf8)), ("an SQLite database", Array("SQLite format 3\0".utf8)),
    ("a 7z archive", [0x37, 0x7A, 0xBC, 0xAF]), ("a RAR archive", Array("Rar!\u{1A}".utf8)),
    ("packed by zstd", [0x28, 0xB5, 0x2F, 0xFD]), ("packed by xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A]),
    ("packed by bzip2", Array("BZh91AY".utf8)),
  ]

  /// What a file is that is no table of text, by its first bytes.
  private static func binaryKind(_ path: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 16)) ?? Data()
    return binaryKinds.first { start.starts(with: $0.start) }?.kind
  }

  /// A member of an archive, which may be packed by itself.
  private static func unpacked(
    _ input: InputFile, _ member: ZipArchive.Member
  ) throws(IngestError) -> any ByteStream {
    let name = member.name.lowercased()
    if name.hasSuffix(".gz") {
      return try GzipMemberStream(ZipMemberStream(archive: input.path, member: member), input.name)
    }
    if name.hasSuffix(".zip") {
      throw .unreadable(input.name, reason: "it is an archive in an archive; unpack the outer one")
    }
    return try ZipMemberStream(archive: input.path, member: member)
  }

  package convenience init(path: String) throws(IngestError) { try self.init(InputFile(path)) }

  /// Bytes of the file on disk that are done.
  var position: Int { stream.position }

  /// Reads into `buffer` from `start` on; 0 at the end.
  package func read(into buffer: inout [UInt8], at start: Int) throws(IngestError) -> Int {
    guard transcoder != nil else {
      // Typed throws do not pass through the closure.
      var failure: IngestError?
      let count = buffer.withUnsafeMutableBytes { bytes -> Int in
        do throws(IngestError) {
          return try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      return count
    }
    return try transcoder!.read(from: stream, into: &buffer, at: start)
  }
}
