import DemandData

/// The charts of one node, as SVG text that stands inside HTML and takes its colours from the style sheet.
struct SVGChart {
  let node: ReportNode
  let origin: Day
  let unit: String

  /// History up to the origin, then the median in its 50, 80 and 95% bands.
  ///
  /// - Parameters:
  ///   - historyDays: at most so many of the days before.
  ///   - id: unique in the page; title and description are referred to by it.
  func forecast(width: Double, height: Double, historyDays: Int, id: String) -> String {
    let past = Array(node.daily.suffix(historyDays))
    let start = origin - (past.count - 1)
    let ahead = origin + 1
    let end = origin + max(1, node.days.count)
    let largest = max(
      past.reduce(0.0) { max($0, Double($1 ?? 0)) }, node.days.reduce(0.0) { max($0, Double($1[6])) })
    let frame = ChartFrame(width: width, height: height, days: min(start, ahead)...end, largest: largest)
    let split = Figures.trimmed(frame.x(Double(origin.number) + 0.5))
    let base = Figures.trimmed(height - frame.bottom)
    var svg = opening(width, height, id, "\(name): sales and forecast", forecastDescription)
    svg += "<rect class=\"ahead\" x=\"\(split)\" y=\"20\""
    svg += " width=\"\(Figures.trimmed(width - frame.right - frame.x(Double(origin.number) + 0.5)))\""
    svg += " height=\"\(Figures.trimmed(height - frame.bottom - 20))\"/>"
    svg += frame.axes(unit: "\(unit) per day")
    if !node.days.isEmpty {
      for (style, lower, upper) in [("b95", 0, 6), ("b80", 1, 5), ("b50", 2, 4)] {
        let path = frame.band(lower: node.days.map { $0[lower] }, upper: node.days.map { $0[upper] }, from: ahead)
        svg += "<path class=\"\(style)\" d=\"\(path)\"/>"
      }
    }
    svg += "<path class=\"sold\" d=\"\(frame.line(past, from: start))\"/>"
    svg += "<path class=\"halo\" d=\"\(frame.line(node.days.map { $0[3] }, from: ahead))\"/>"
    svg += "<path class=\"median\" d=\"\(frame.line(node.days.map { $0[3] }, from: ahead))\"/>"
    svg += "<line class=\"split\" x1=\"\(split)\" x2=\"\(split)\" y1=\"6\" y2=\"\(base)\"/>"
    let divider = frame.x(Double(origin.number) + 0.5)
    // Where the days ahead are too narrow for the word, it ends with them, and the other makes room.
    let isNarrow = width - frame.right - divider < 64
    let (sold, forecast) = isNarrow ? (frame.left, width - 2) : (divider - 6, divider + 6)
    svg += "<text class=\"side\(isNarrow ? "" : " end")\" x=\"\(Figures.trimmed(sold))\" y=\"13\">sold</text>"
    svg += "<text class=\"side\(isNarrow ? " end" : "")\" x=\"\(Figures.trimmed(forecast))\" y=\"13\">"
    return svg + "forecast</text></svg>"
  }

  /// All of the history by week; nil for less than eight weeks, which the daily chart shows better.
  func weekly(width: Double, height: Double, id: String) -> String? {
    guard node.weekly.count >= 8 else { return nil }
    let start = origin - (7 * node.weekly.count - 1)
    let largest = node.weekly.reduce(0.0) { max($0, Double($1 ?? 0)) }
    let frame = ChartFrame(width: width, height: height, days: start...origin, largest: largest)
    let text = "Sold per seven days from \(start.iso) to \(origin.iso), at most \(Figures.amount(largest))."
    // Each week stands at its middle day.
    let line = frame.line(node.weekly, from: start + 3, every: 7)
    return opening(width, height, id, "\(name): weekly sales", text) + frame.axes(unit: "\(unit) per week")
      + "<path class=\"sold\" d=\"\(line)\"/></svg>"
  }

  private var name: String { "\(node.names.product), \(node.names.location)" }

  private var forecastDescription: String {
    guard let last = node.days.last else { return "There is no forecast." }
    return "Daily sales until \(origin.iso), then the forecast until \((origin + node.days.count).iso). "
      + "Expected over these days: \(Figures.amount(node.mean)) \(unit), 80% interval "
      + "\(Figures.grouped(node.lower80)) to \(Figures.grouped(node.upper80)). "
      + "Median of the last day: \(Figures.grouped(last[3]))."
  }

  private func opening(_ width: Double, _ height: Double, _ id: String, _ title: String, _ description: String)
    -> String
  {
    "<svg role=\"img\" viewBox=\"0 0 \(Figures.trimmed(width)) \(Figures.trimmed(height))\" aria-labelledby=\"\(id)-t "
      + "\(id)-d\"><title id=\"\(id)-t\">\(escapedHTML(title))</title><desc id=\"\(id)-d\">"
      + "\(escapedHTML(description))</desc>"
  }
}
