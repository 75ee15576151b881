import DemandData

/// Daily sales of every group over the days that stage 1 sees, and which of them are known.
package struct GroupHistory: Sendable {
  package let firstDay: Day
  package let dayCount: Int
  /// Units, `[group][day]`.
  package let counts: [Double]
  /// Whether the group was open and its sales are known, `[group][day]`; other days have no likelihood.
  package let isObserved: [Bool]
  /// Days on which a group that sells ``implausibleZeroMedian`` units or more sold none at all: taken as unknown.
  package let implausibleZeros: Int

  /// A day counts as closed or unknown once series of this share of the group's sales are.
  package static let maskedShare = 0.02
  package static let implausibleZeroMedian = 20.0

  /// The last `historyDays` days of the panel, but not before the first day on which anything was ranged.
  package init(panel: Panel, groupOfSeries: [Int], groupCount: Int, historyDays: Int) throws(Stage1Error) {
    var begin = max(0, panel.dayCount - historyDays)
    let firstRanged = (0..<panel.seriesCount).compactMap { panel.firstRangedDay(ofSeries: $0) }.min()
    begin = max(begin, firstRanged ?? panel.dayCount)
    let days = panel.dayCount - begin
    guard days > 0 else { throw .noHistory(days: min(historyDays, panel.dayCount)) }
    var counts = [Double](repeating: 0, count: groupCount * days)
    var known = counts
    var absent = counts
    for series in 0..<panel.seriesCount {
      let cells = panel.cells(ofSeries: series).suffix(days)
      let first = groupOfSeries[series] * days
      var weight = 1.0
      for cell in cells { weight += Double(panel.units[cell]) }
      for (day, cell) in cells.enumerated() {
        switch panel.status[cell] {
        case DayStatus.sold.rawValue, DayStatus.outOfStock.rawValue:
          counts[first + day] += Double(panel.units[cell])
          known[first + day] += weight
        case DayStatus.closed.rawValue, DayStatus.unknown.rawValue:
          absent[first + day] += weight
        default:
          break
        }
      }
    }
    var isObserved = zip(known, absent).map { $0 > 0 && $1 <= Self.maskedShare * ($0 + $1) }
    guard isObserved.contains(true) else { throw .noHistory(days: days) }
    var implausible = 0
    for group in 0..<groupCount {
      let range = group * days..<(group + 1) * days
      let positive = range.filter { isObserved[$0] && counts[$0] > 0 }.map { counts[$0] }.sorted()
      guard !positive.isEmpty, positive[positive.count / 2] >= Self.implausibleZeroMedian else { continue }
      for cell in range where isObserved[cell] && counts[cell] == 0 {
        isObserved[cell] = false
        implausible += 1
      }
    }
    firstDay = panel.firstDay + begin
    dayCount = days
    self.counts = counts
    self.isObserved = isObserved
    implausibleZeros = implausible
  }

  /// A history of given counts, all days known unless said otherwise.
  package init(firstDay: Day, dayCount: Int, counts: [Double], isObserved: [Bool]) {
    precondition(counts.count == isObserved.count && counts.count % max(1, dayCount) == 0)
    self.firstDay = firstDay
    self.dayCount = dayCount
    self.counts = counts
    self.isObserved = isObserved
    implausibleZeros = 0
  }
}
