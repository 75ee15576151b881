/// A set of days as bits: for all series of a retailer it costs a few megabytes.
struct DaySet {
  private var first = 0
  private var words: [UInt64] = []

  /// Adds a day; false if it was there.
  @discardableResult
  mutating func insert(_ day: Int) -> Bool {
    let word = day >> 6
    if words.isEmpty {
      first = word
      words = [0]
    } else if word < first {
      words.insert(contentsOf: [UInt64](repeating: 0, count: first - word), at: 0)
      first = word
    } else if word - first >= words.count {
      words.append(contentsOf: [UInt64](repeating: 0, count: word - first - words.count + 1))
    }
    let bit = UInt64(1) << UInt64(day & 63)
    guard words[word - first] & bit == 0 else { return false }
    words[word - first] |= bit
    return true
  }

  /// Ascending.
  var days: [Int] {
    words.indices.flatMap { index in
      (0..<64).filter { words[index] >> UInt64($0) & 1 == 1 }.map { (first + index) << 6 + $0 }
    }
  }
}
