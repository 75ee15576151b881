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

  func contains(_ day: Int) -> Bool {
    let index = (day >> 6) - first
    return index >= 0 && index < words.count && words[index] >> UInt64(day & 63) & 1 == 1
  }

  /// Days of a range that are in the set.
  func count(in range: ClosedRange<Int>) -> Int {
    var count = 0
    let from = max(0, (range.lowerBound >> 6) - first)
    let to = min(words.count, (range.upperBound >> 6) - first + 1)
    guard from < to else { return 0 }
    for index in from..<to {
      var word = words[index]
      let start = (first + index) << 6
      if range.lowerBound > start { word &= ~UInt64(0) << UInt64(range.lowerBound - start) }
      if range.upperBound < start + 63 { word &= ~UInt64(0) >> UInt64(start + 63 - range.upperBound) }
      count += word.nonzeroBitCount
    }
    return count
  }

  /// Days in the set.
  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  mutating func formUnion(_ other: DaySet) { for day in other.days { insert(day) } }

  var isEmpty: Bool { words.isEmpty }
}
