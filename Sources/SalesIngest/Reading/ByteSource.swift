import CZlib
import Foundation

/// Bytes of a file, plain or gzip (told apart by content), in order.
package final class ByteSource {
  let path: String
  /// Size of the file on disk.
  let size: Int
  private let file: gzFile

  /// - Throws: ``IngestError`` for a file that is missing, a folder, empty or unreadable.
  package init(path: String) throws(IngestError) {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { throw .missingFile(path) }
    guard attributes[.type] as? FileAttributeType != .typeDirectory else {
      throw .unreadable(path, reason: "it is a folder; name the file")
    }
    size = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard size > 0 else { throw .emptyFile(path) }
    guard let file = gzopen(path, "rb") else {
      throw .unreadable(path, reason: "it cannot be opened; check its permissions")
    }
    gzbuffer(file, 1 << 18)
    self.path = path
    self.file = file
  }

  deinit { gzclose(file) }

  /// Bytes of the file on disk that are done.
  var position: Int { max(0, Int(gzoffset(file))) }

  /// Reads into `buffer` from `start` on; 0 at the end.
  func read(into buffer: inout [UInt8], at start: Int) throws(IngestError) -> Int {
    let room = buffer.count - start
    let read = buffer.withUnsafeMutableBytes { Int(gzread(file, $0.baseAddress! + start, UInt32(room))) }
    var code: Int32 = Z_OK
    _ = gzerror(file, &code)
    // A file that is cut off gives its bytes first and says so only here.
    guard read >= 0, code == Z_OK || code == Z_STREAM_END else {
      throw .unreadable(path, reason: "its gzip data is damaged or cut off; deliver it again")
    }
    return read
  }
}
