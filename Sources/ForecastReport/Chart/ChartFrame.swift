import DemandData

/// Axes of a chart over days: where things stand, and which ticks are worth labels.
///
/// `reports/report.js` has the same rules, so that a chart drawn in the browser looks like one drawn here.
struct ChartFrame {
  let width: Double
  let height: Double
  let first: Day
  let last: Day
  /// Ascending from zero; the last is the top of the plot.
  let valueTicks: [Double]
  let left: Double
  let right = 12.0
  let top = 26.0
  let bottom = 26.0

  init(width: Double, height: Double, days: ClosedRange<Day>, largest: Double) {
    self.width = width
    self.height = height
    first = days.lowerBound
    last = days.upperBound
    valueTicks = Self.valueTicks(upTo: largest, count: height < 240 ? 3 : 5)
    let longest = valueTicks.map { Figures.compact($0).count }.max() ?? 1
    left = 12 + 7 * Double(longest)
  }

  /// Days stand in the middle of a column of their own.
  func x(_ day: Double) -> Double {
    left + (day - Double(first.number) + 0.5) / Double(last - first + 1) * (width - left - right)
  }

  func y(_ value: Double) -> Double {
    height - bottom - value / valueTicks[valueTicks.count - 1] * (height - top - bottom)
  }

  /// Multiples of 1, 2 or 5 times a power of ten, whole, from zero to the first that reaches `largest`.
  static func valueTicks(upTo largest: Double, count: Int) -> [Double] {
    guard largest > 0 else { return [0, 1] }
    let rough = largest / Double(count)
    var power = 1.0
    while power * 10 <= rough { power *= 10 }
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? power * 10
    let steps = max(1, Int((largest / step).rounded(.up)))
    return (0...steps).map { Double($0) * step }
  }

  /// Mondays, else firsts of months, else Januaries: the closest that leave room for their labels.
  var dateTicks: [(day: Day, label: String)] {
    let pixels = (width - left - right) / Double(last - first + 1)
    for weeks in [1, 2] where Double(7 * weeks) * pixels >= 50 {
      let days = stride(from: first.number, through: last.number, by: 1).map { Day(number: $0) }
      return days.filter { $0.weekday == 0 && ($0.number + 3) / 7 % weeks == 0 }.map {
        ($0, "\($0.components.day) \(Figures.months[$0.components.month - 1])")
      }
    }
    let steps = [1, 2, 3, 6, 12, 24, 60, 120]
    let step = steps.first { Double($0) * 30.4 * pixels >= 64 } ?? 240
    var ticks: [(day: Day, label: String)] = []
    var month = first.components.year * 12 + first.components.month - 1
    while let day = Day(year: month / 12, month: month % 12 + 1, day: 1), day <= last {
      if day >= first, month % step == 0 {
        let name = Figures.months[month % 12]
        let label = step >= 12 ? "\(month / 12)" : ticks.isEmpty || month % 12 == 0 ? "\(name) \(month / 12)" : name
        ticks.append((day, label))
      }
      month += 1
    }
    return ticks
  }

  /// Grid lines, tick labels and the unit.
  func axes(unit: String) -> String {
    var svg = ""
    for tick in valueTicks {
      let at = Figures.trimmed(y(tick))
      svg += "<line class=\"grid\" x1=\"\(Figures.trimmed(left))\" x2=\"\(Figures.trimmed(width - right))\""
      svg += " y1=\"\(at)\" y2=\"\(at)\"/>"
      svg += "<text class=\"tick end\" x=\"\(Figures.trimmed(left - 6))\" y=\"\(Figures.trimmed(y(tick) + 4))\">"
      svg += "\(Figures.compact(tick))</text>"
    }
    for (day, label) in dateTicks {
      let at = x(Double(day.number) - 0.5)
      let base = height - bottom
      svg += "<line class=\"mark\" x1=\"\(Figures.trimmed(at))\" x2=\"\(Figures.trimmed(at))\""
      svg += " y1=\"\(Figures.trimmed(base))\" y2=\"\(Figures.trimmed(base + 5))\"/>"
      // A label that would be cut off on the right says less than none; on the left there is room to move it.
      let half = Double(label.count) * 3.4
      guard at + half <= width else { continue }
      svg += "<text class=\"tick middle\" x=\"\(Figures.trimmed(max(at, half)))\" y=\"\(Figures.trimmed(height - 6))\">"
      svg += "\(label)</text>"
    }
    svg += "<text class=\"unit\" x=\"0\" y=\"13\">\(escapedHTML(unit))</text>"
    return svg
  }

  /// A line through known values, broken where one is not known.
  func line(_ values: [Int?], from start: Day, every days: Int = 1) -> String {
    var path = ""
    var open = false
    for (index, value) in values.enumerated() {
      guard let value else {
        open = false
        continue
      }
      let at = "\(Figures.trimmed(x(Double((start + index * days).number)))) \(Figures.trimmed(y(Double(value))))"
      path += open ? "L\(at)" : "M\(at)h0"
      open = true
    }
    return path
  }

  /// The area between two edges. The first and last day keep their whole column, so that a single day has a width.
  func band(lower: [Int], upper: [Int], from start: Day) -> String {
    func edge(_ values: [Int]) -> [String] {
      values.enumerated().flatMap { index, value in
        let day = Double((start + index).number)
        let ends = [index == 0 ? day - 0.4 : nil, day, index == values.count - 1 ? day + 0.4 : nil]
        return ends.compactMap { $0 }.map { "\(Figures.trimmed(x($0))) \(Figures.trimmed(y(Double(value))))" }
      }
    }
    return "M" + (edge(upper) + edge(lower).reversed()).joined(separator: "L") + "Z"
  }
}
