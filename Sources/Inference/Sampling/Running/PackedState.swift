/// A kernel's state as the words that a checkpoint holds.
public struct PackedState: StoredState, Equatable {
  let words: [UInt64]

  init(_ writer: WordWriter) { words = writer.words }

  public func store(into writer: inout WordWriter) {
    writer.write(words.count)
    for word in words { writer.write(word) }
  }

  public init(from reader: inout WordReader) throws(DamagedState) {
    let count = try reader.count()
    var words: [UInt64] = []
    words.reserveCapacity(count)
    for _ in 0..<count { words.append(try reader.word()) }
    self.words = words
  }

  /// A reader at the beginning.
  var reader: WordReader { WordReader(words) }
}
