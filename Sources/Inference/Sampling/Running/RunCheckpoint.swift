import Foundation

/// What must be equal for one run to continue another: everything that its draws so far depend on; data and model by
/// what their density gives at some points.
struct RunIdentity: Sendable, Equatable {
  var sampler: String
  var names: [String]
  var chains: Int
  var warmUp: Int
  var thinning: Int
  var seed: UInt64
  var startingPoints: [[Double]]
  var fingerprint: DensityFingerprint

  init(sampler: String, names: [String], options: SamplingOptions, fingerprint: DensityFingerprint) {
    self.sampler = sampler
    self.names = names
    chains = options.chains
    warmUp = options.warmUp
    thinning = options.thinning
    seed = options.seed
    startingPoints = options.startingPoints ?? []
    self.fingerprint = fingerprint
  }
}

/// Why a checkpoint cannot be used.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The file is no checkpoint, or damaged.
  case damaged(path: String, reason: String)
  /// The file is of a run with other settings, data or model.
  case otherRun(path: String, difference: String)
  /// The file has a form that this version does not read.
  case unknownVersion(path: String, version: Int)
  /// The file cannot be written.
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .damaged(let path, let reason):
      return "The checkpoint \(path) cannot be read: \(reason). Remove it to begin anew."
    case .otherRun(let path, let difference):
      return "The checkpoint \(path) is of another run: \(difference). Remove it or name another file to begin anew."
    case .unknownVersion(let path, let version):
      return "The checkpoint \(path) has form \(version), which this version does not read. Remove it to begin anew."
    case .unwritable(let path, let reason):
      return "The checkpoint \(path) cannot be written: \(reason). Name a file in a folder that exists, may be written "
        + "to and has room."
    }
  }
}

/// The stored form of a run: little-endian 64-bit words, the last of them a checksum of the others.
///
///     magic, form, identity, chains (each: count of words, words), checksum
enum RunCheckpoint {
  private static let magic: UInt64 = 0x636D_636D_6465_6D64
  private static let form = 2

  struct Contents {
    var chains: [ChainSnapshot]
  }

  /// Writes beside the file and renames, so that the file is at any time the old or the new one whole.
  ///
  /// - Throws: ``CheckpointError/unwritable(path:reason:)``.
  static func write(
    _ chains: some Sequence<ChainSnapshot>, identity: RunIdentity, to url: URL
  ) throws(CheckpointError) {
    let folder = url.deletingLastPathComponent()
    do {
      try writeWhole(chains, identity: identity, to: url, in: folder)
    } catch {
      let reason =
        FileManager.default.fileExists(atPath: folder.path)
        ? error.localizedDescription : "there is no folder \(folder.path)"
      throw .unwritable(path: url.path, reason: reason)
    }
  }

  private static func writeWhole(
    _ chains: some Sequence<ChainSnapshot>, identity: RunIdentity, to url: URL, in folder: URL
  ) throws {
    let partial = folder.appendingPathComponent(".\(url.lastPathComponent).partial")
    try Data().write(to: partial)
    let file = try FileHandle(forWritingTo: partial)
    do {
      var checksum = WordChecksum()
      func put(_ words: [UInt64]) throws {
        for word in words { checksum.add(word) }
        try file.write(contentsOf: words.map(\.littleEndian).withUnsafeBytes { Data($0) })
      }
      var head = WordWriter()
      head.write(magic)
      head.write(form)
      identity.store(into: &head)
      try put(head.words)
      for chain in chains {
        var writer = WordWriter()
        chain.store(into: &writer)
        try put([UInt64(writer.words.count)])
        try put(writer.words)
      }
      try put([checksum.value])
      try file.synchronize()
      try file.close()
      guard rename(partial.path, url.path) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    } catch {
      try? file.close()
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
  }

  /// What the file holds; nil where there is no file.
  ///
  /// - Throws: ``CheckpointError``.
  static func read(_ url: URL, for identity: RunIdentity) throws -> Contents? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    func damaged(_ reason: String) -> CheckpointError { .damaged(path: url.path, reason: reason) }
    let data: Data
    do { data = try Data(contentsOf: url) } catch { throw damaged(error.localizedDescription) }
    guard data.count % 8 == 0, data.count >= 24 else { throw damaged("it is cut") }
    var words = [UInt64](repeating: 0, count: data.count / 8)
    _ = words.withUnsafeMutableBytes { data.copyBytes(to: $0) }
    for i in words.indices { words[i] = UInt64(littleEndian: words[i]) }
    guard words[0] == magic else { throw damaged("it is no checkpoint") }
    guard words[1] == UInt64(form) else {
      throw CheckpointError.unknownVersion(path: url.path, version: Int(truncatingIfNeeded: words[1]))
    }
    let stored = words.removeLast()
    var checksum = WordChecksum()
    for word in words { checksum.add(word) }
    guard checksum.value == stored else { throw damaged("its checksum does not match") }
    var reader = WordReader(words)
    var contents = Contents(chains: [])
    var difference: String?
    do throws(DamagedState) {
      _ = try reader.word()
      _ = try reader.word()
      let found = try RunIdentity(from: &reader)
      difference = identity.difference(from: found)
      while difference == nil && reader.remaining > 0 {
        _ = try reader.count()
        contents.chains.append(try ChainSnapshot(from: &reader))
      }
    } catch {
      throw damaged(error.description)
    }
    if let difference { throw CheckpointError.otherRun(path: url.path, difference: difference) }
    return contents
  }
}
