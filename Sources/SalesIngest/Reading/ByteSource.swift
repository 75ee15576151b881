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
      stream = try GzipStream(path: input.path)
    }
    transcoder = encoding.flatMap { Transcoder($0) }
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
