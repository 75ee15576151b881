import DemandData
import Foundation
import SalesStore

/// Sums the lines of receipts by product, store and day, in bounded memory: sums that are too many go to temporary
/// files, sorted, and are merged once the last line is read, so that every day is written once and whole.
struct ReceiptLines {
  struct Key: Hashable, Comparable {
    let series: Int
    let day: Int

    static func < (one: Key, other: Key) -> Bool { (one.series, one.day) < (other.series, other.day) }
  }

  struct Sum: Sendable {
    var fact = SalesFact()
    /// Lines that are in it.
    var count = 0
    var pricedUnits = 0.0
    var paid = 0.0

    mutating func add(_ line: SalesFact) {
      var sum = Sum()
      sum.fact = line
      sum.count = 1
      if line.units > 0, line.price > 0 {
        sum.pricedUnits = line.units
        sum.paid = line.units * line.price
      }
      merge(sum)
    }

    /// Adds the sum of later lines.
    mutating func merge(_ later: Sum) {
      let line = later.fact
      count += later.count
      fact.units += line.units
      fact.saysStock = fact.saysStock || line.saysStock
      fact.lacksRevenue = fact.lacksRevenue || line.lacksRevenue
      if line.status != .sold { fact.status = line.status }
      for promotion in line.promotions { fact.promote(promotion) }
      if let revenue = line.details.revenue { fact.details.revenue = (fact.details.revenue ?? 0) + revenue }
      fact.details.basePrice = line.details.basePrice ?? fact.details.basePrice
      fact.details.stockOnHand = line.details.stockOnHand ?? fact.details.stockOnHand
      pricedUnits += later.pricedUnits
      paid += later.paid
      // What a unit cost on average that day.
      fact.price = pricedUnits > 0 ? paid / pricedUnits : .nan
    }
  }

  /// About a hundred megabytes.
  static let usualLimit = 500_000

  private let limit: Int
  private var sums: [Key: Sum] = [:]
  private var runs: [SortedRun] = []

  /// - Parameter limit: sums that are kept in memory.
  init(limit: Int) { self.limit = limit }

  var isEmpty: Bool { sums.isEmpty && runs.isEmpty }

  mutating func add(series: Int, day: Int, _ line: SalesFact) throws(IngestError) {
    sums[Key(series: series, day: day), default: Sum()].add(line)
    if sums.count >= limit { try spill() }
  }

  /// Notes a day of which no line is good.
  mutating func touch(series: Int, day: Int) throws(IngestError) {
    sums[Key(series: series, day: day), default: Sum()].merge(Sum())
    if sums.count >= limit { try spill() }
  }

  private mutating func spill() throws(IngestError) {
    runs.append(try SortedRun(sums.sorted { $0.key < $1.key }))
    sums.removeAll(keepingCapacity: true)
  }

  /// Hands out the sums by series and day, and forgets them.
  ///
  /// - Complexity: O(n log n) for n sums.
  mutating func drain(_ body: (Key, Sum) throws -> Void) throws {
    guard !runs.isEmpty else {
      for (key, sum) in sums.sorted(by: { $0.key < $1.key }) { try body(key, sum) }
      sums.removeAll()
      return
    }
    try spill()
    var merge = try RunMerge(runs)
    while let (key, sum) = try merge.next() { try body(key, sum) }
    runs.removeAll()
  }
}

/// Merges runs by key; of equal keys, sums of earlier runs come first.
private struct RunMerge {
  private let runs: [SortedRun]
  /// Runs that have a sum left, as a heap of theirs keys.
  private var heap: [(key: ReceiptLines.Key, sum: ReceiptLines.Sum, run: Int)] = []

  init(_ runs: [SortedRun]) throws(IngestError) {
    self.runs = runs
    for index in runs.indices { try refill(from: index) }
  }

  mutating func next() throws(IngestError) -> (ReceiptLines.Key, ReceiptLines.Sum)? {
    guard let first = try pop() else { return nil }
    var sum = first.sum
    while let next = heap.first, next.key == first.key {
      guard let later = try pop() else { break }
      sum.merge(later.sum)
    }
    return (first.key, sum)
  }

  private static func isBefore(
    _ one: (key: ReceiptLines.Key, sum: ReceiptLines.Sum, run: Int),
    _ other: (key: ReceiptLines.Key, sum: ReceiptLines.Sum, run: Int)
  ) -> Bool {
    one.key == other.key ? one.run < other.run : one.key < other.key
  }

  private mutating func refill(from run: Int) throws(IngestError) {
    guard let (key, sum) = try runs[run].next() else { return }
    heap.append((key, sum, run))
    var at = heap.count - 1
    while at > 0, case let above = (at - 1) / 2, Self.isBefore(heap[at], heap[above]) {
      heap.swapAt(at, above)
      at = above
    }
  }

  private mutating func pop() throws(IngestError) -> (key: ReceiptLines.Key, sum: ReceiptLines.Sum, run: Int)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var at = 0
      while case let left = 2 * at + 1, left < heap.count {
        let right = left + 1
        let least = right < heap.count && Self.isBefore(heap[right], heap[left]) ? right : left
        guard Self.isBefore(heap[least], heap[at]) else { break }
        heap.swapAt(at, least)
        at = least
      }
    }
    try refill(from: first.run)
    return first
  }
}
