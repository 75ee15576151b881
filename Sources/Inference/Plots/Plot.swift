import Foundation

/// Pictures of draws as SVG text, each complete in itself: write it to a file or put it into a page.
///
/// Axes have round ticks; colours can be told apart with any colour vision and follow light or dark mode; nothing is
/// said by colour alone where a mark or a place can say it too.
public enum Plot {
  /// Values of one variable against the draw's number, each chain in a colour: chains that have come together look like
  /// one another and like noise.
  public static func trace(_ draws: Draws, _ variable: String) throws(Draws.UnknownVariable) -> String {
    let values = Array(try draws.draws(of: variable))
    var drawing = SVGDrawing(
      width: 640, height: 260, title: "Trace of \(variable)",
      description: "\(draws.chainCount) chains of \(draws.drawCount) draws.")
    drawing.drawHeading(variable, legend: chainLegend(draws.chainCount))
    let panel = PlotPanel(
      x: 1...Double(max(2, draws.drawCount)), y: spread(values), left: 12, top: PlotPanel.above, right: 628,
      bottom: 260 - PlotPanel.below)
    panel.drawAxes(on: &drawing, xName: "draw")
    panel.clipped(on: &drawing) { drawing in
      for chain in 0..<draws.chainCount {
        let first = chain * draws.drawCount
        let points = Decimation.line(
          Array(values[first..<(first + draws.drawCount)]), columns: Int(panel.right - panel.left))
        drawing.path(
          points.map { panel.point($0.x + 1, $0.y) }, style: "t\(chain % SVGDrawing.colourCount)")
      }
    }
    return drawing.svg
  }

  /// How often each chain's draws fall into each twentieth of all draws in order: even bars where chains agree.
  ///
  /// Vehtari et al. (2021). The shaded band holds a bar of a chain that agrees 99 times of 100, were draws independent.
  public static func rank(_ draws: Draws, _ variable: String) throws(Draws.UnknownVariable) -> String {
    let values = Array(try draws.draws(of: variable))
    let bins = min(20, max(1, draws.drawCount / 5))
    let ranks = RankNormalization.averageRanks(values)
    var counts = [[Double]](repeating: [Double](repeating: 0, count: bins), count: draws.chainCount)
    for (i, rank) in ranks.enumerated() {
      counts[i / draws.drawCount][min(bins - 1, Int((rank - 0.5) / Double(values.count) * Double(bins)))] += 1
    }
    let row = draws.chainCount <= 6 ? 62.0 : 34.0
    let height = PlotPanel.above + row * Double(draws.chainCount) + PlotPanel.below
    var drawing = SVGDrawing(
      width: 640, height: height, title: "Ranks of \(variable)",
      description: "Histograms of the ranks of each chain's draws among all.")
    let expected = Double(draws.drawCount) / Double(bins)
    let error = 2.576 * (expected * (1 - 1 / Double(bins))).squareRoot()
    drawing.drawHeading(
      variable, legend: [(.area("expected"), "where bars of chains that agree end, 99 of 100 times")])
    let top = max(counts.joined().max() ?? 1, expected + error) * 1.05
    for chain in 0..<draws.chainCount {
      let offset = PlotPanel.above + row * Double(chain)
      let panel = PlotPanel(
        x: 0...Double(values.count), y: 0...top, left: 62, top: offset, right: 628, bottom: offset + row - 8,
        labelsY: false)
      let last = chain == draws.chainCount - 1
      panel.drawAxes(on: &drawing, xName: last ? "rank among all draws" : "", labelsX: last, labelsY: false)
      drawing.text("chain \(chain + 1)", x: panel.left - 8, y: offset + row / 2, anchor: .end, style: "name")
      for bin in 0..<bins {
        let from = panel.x.position(Double(bin) / Double(bins) * Double(values.count)) + 1
        let to = panel.x.position(Double(bin + 1) / Double(bins) * Double(values.count)) - 1
        let height = panel.y.position(counts[chain][bin])
        drawing.rectangle(
          x: from, y: height, width: to - from, height: panel.bottom - height,
          style: "d\(chain % SVGDrawing.colourCount)")
      }
      let (high, low) = (panel.y.position(expected + error), panel.y.position(max(0, expected - error)))
      drawing.rectangle(
        x: panel.left, y: high, width: panel.right - panel.left, height: low - high, style: "expected")
    }
    return drawing.svg
  }

  /// The autocorrelation of each chain over lags: how far a draw remembers.
  public static func autocorrelation(
    _ draws: Draws, _ variable: String, lags: Int = 40
  ) throws(Draws.UnknownVariable) -> String {
    let values = Array(try draws.draws(of: variable))
    let shown = max(1, min(lags, draws.drawCount - 1))
    var drawing = SVGDrawing(
      width: 640, height: 260, title: "Autocorrelation of \(variable)",
      description: "Autocorrelation of each of \(draws.chainCount) chains at lags 0 to \(shown).")
    drawing.drawHeading(variable, legend: chainLegend(draws.chainCount))
    let chains = (0..<draws.chainCount).map { chain in
      Diagnostics.autocorrelation(
        Array(values[(chain * draws.drawCount)..<((chain + 1) * draws.drawCount)]), lags: shown)
    }
    let least = chains.joined().filter(\.isFinite).min() ?? 0
    let panel = PlotPanel(
      x: 0...Double(shown), y: min(-0.2, least)...1, left: 12, top: PlotPanel.above, right: 628,
      bottom: 260 - PlotPanel.below)
    panel.drawAxes(on: &drawing, xName: "lag")
    drawing.line(panel.left, panel.y.position(0), panel.right, panel.y.position(0), style: "axis")
    for (chain, line) in chains.enumerated() {
      drawing.path(
        line.enumerated().map { panel.point(Double($0.offset), $0.element) },
        style: "l\(chain % SVGDrawing.colourCount)")
    }
    return drawing.svg
  }

  static func chainLegend(_ count: Int) -> [(key: SVGDrawing.Key, text: String)] {
    (0..<min(count, SVGDrawing.colourCount)).map { (.line("l\($0)"), "chain \($0 + 1)") }
  }

  /// The range of values that can be drawn, and a little room.
  static func spread(_ values: [Double], room: Double = 0.04) -> ClosedRange<Double> {
    let finite = values.filter(\.isDrawable)
    guard let low = finite.min(), let high = finite.max() else { return 0...1 }
    return (low - room * (high - low))...(high + room * (high - low))
  }
}

extension Double {
  /// Finite, and small enough that differences and squares of such numbers are finite too.
  var isDrawable: Bool { abs(self) < 1e150 }
}
