/// Prices of one series as steps, collected day by day: a price holds from its day until the next step.
public struct PriceSteps: Sendable, Hashable {
  /// Ascending.
  public private(set) var days: [Int] = []
  public private(set) var prices: [Double] = []

  public init() {}

  /// The price in force on a day; nil before the first step.
  public func price(on day: Int) -> Double? {
    let count = days.partitioningIndex { $0 > day }
    return count > 0 ? prices[count - 1] : nil
  }

  /// Adds a step as stored; days must ascend.
  mutating func append(day: Int, price: Double) {
    days.append(day)
    prices.append(price)
  }

  /// Notes that `price` held on `day`.
  ///
  /// Days after the last step cost a comparison. An earlier day is put in its place, and the price that held over later
  /// days seen before goes on holding from the next day.
  ///
  /// - Parameter lastSeen: last day on which a price was seen before; nil if none was.
  public mutating func observe(price: Double, on day: Int, lastSeen: Int?) {
    guard let last = days.last, day <= max(last, lastSeen ?? last) else {
      if prices.last != price { append(day: day, price: price) }
      return
    }
    // Number of steps on or before the day.
    let count = days.partitioningIndex { $0 > day }
    let before = count > 0 ? prices[count - 1] : nil
    guard before != price else { return }
    if count > 0, days[count - 1] == day {
      prices[count - 1] = price
    } else {
      days.insert(day, at: count)
      prices.insert(price, at: count)
    }
    let position = days.partitioningIndex { $0 >= day }
    let coversNext = position + 1 >= days.count || days[position + 1] > day + 1
    if coversNext, let before, let lastSeen, lastSeen > day {
      days.insert(day + 1, at: position + 1)
      prices.insert(before, at: position + 1)
    }
  }
}

extension [Int] {
  /// First index at which the predicate holds, for a predicate that is false, then true.
  fileprivate func partitioningIndex(where predicate: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
