import Foundation
import NumericKernels

extension Plot {
  /// Draws of two variables against each other, divergent ones marked by crosses on top: where those gather, the
  /// sampler does not get further.
  ///
  /// - Parameters:
  ///   - divergent: Whether each draw came of a divergent transition, chain after chain; none where flags are missing.
  ///   - limit: At most about so many ordinary draws are shown, evenly thinned.
  public static func pair(
    _ draws: Draws, _ first: String, _ second: String, divergent: [Bool] = [], limit: Int = 2000
  ) throws(Draws.UnknownVariable) -> String {
    let xs = Array(try draws.draws(of: first))
    let ys = Array(try draws.draws(of: second))
    let flags = divergent.prefix(xs.count) + [Bool](repeating: false, count: max(0, xs.count - divergent.count))
    let crossed = flags.indices.filter { flags[$0] }
    var drawing = SVGDrawing(
      width: 420, height: 400, title: "\(second) against \(first)",
      description: "\(xs.count) draws, of which \(crossed.count) of divergent transitions.")
    var legend: [(key: SVGDrawing.Key, text: String)] = [(.dot("f0"), "draws")]
    if !crossed.isEmpty { legend.append((.cross("l1"), "divergent (\(crossed.count))")) }
    drawing.drawHeading("\(second) against \(first)", legend: legend)
    let panel = PlotPanel(
      x: spread(xs), y: spread(ys), left: 12, top: PlotPanel.above, right: 406, bottom: 400 - PlotPanel.below)
    panel.drawAxes(on: &drawing, xName: first)
    let step = max(1, (max(0, xs.count - 1)) / max(1, limit) + 1)
    for i in stride(from: 0, to: xs.count, by: step) where !flags[i] {
      let point = panel.point(xs[i], ys[i])
      guard point.x.isFinite, point.y.isFinite else { continue }
      drawing.circle(x: point.x, y: point.y, radius: xs.count < 200 ? 3 : 1.8, style: "d0")
    }
    for i in crossed {
      let point = panel.point(xs[i], ys[i])
      guard point.x.isFinite, point.y.isFinite else { continue }
      drawing.cross(x: point.x, y: point.y, radius: 3.5, style: "l1")
    }
    return drawing.svg
  }

  /// Observations over a predictor with what a model predicts along it: the median in two bands.
  ///
  /// - Parameters:
  ///   - points: Observations.
  ///   - grid: Values of the predictor in ascending order, one per variable of `predicted`; what has no partner among the
  ///     others is not shown.
  ///   - predicted: Draws of the prediction at each point of the grid.
  public static func prediction(
    points: [(x: Double, y: Double)], grid: [Double], predicted: Draws, title: String, xName: String = "x"
  ) -> String {
    let grid = Array(grid.prefix(predicted.names.count))
    let bands = grid.indices.map { i in
      let sorted = predicted[i].filter(\.isDrawable).sorted()
      return [0.05, 0.25, 0.5, 0.75, 0.95].map { sorted.isEmpty ? .nan : EmpiricalQuantile.linear(sorted, $0) }
    }
    var drawing = SVGDrawing(
      width: 640, height: 320, title: title, description: "Observations, and the predicted median with intervals.")
    drawing.drawHeading(
      title,
      legend: [
        (.dot("inkfill"), "observed"), (.line("l0"), "median"), (.area("a0"), "90% and 50% of predictions"),
      ])
    let values = bands.flatMap { [$0[0], $0[4]] } + points.map(\.y)
    let panel = PlotPanel(
      x: spread(grid + points.map(\.x), room: 0.02), y: spread(values), left: 12, top: PlotPanel.above, right: 628,
      bottom: 320 - PlotPanel.below)
    panel.drawAxes(on: &drawing, xName: xName)
    for (low, high) in [(0, 4), (1, 3)] {
      let upper = grid.indices.map { panel.point(grid[$0], bands[$0][high]) }
      let lower = grid.indices.reversed().map { panel.point(grid[$0], bands[$0][low]) }
      drawing.path(upper + lower, style: "a0", closed: true)
    }
    drawing.path(grid.indices.map { panel.point(grid[$0], bands[$0][2]) }, style: "l0")
    for point in points {
      let at = panel.point(point.x, point.y)
      drawing.circle(x: at.x, y: at.y, radius: 2.4, style: "inkfill")
    }
    return drawing.svg
  }
}
