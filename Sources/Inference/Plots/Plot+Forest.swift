import Foundation
import NumericKernels

extension Plot {
  /// Medians with intervals of many variables, one below the other; several fits of the same variables side by side.
  ///
  /// - Parameters:
  ///   - fits: Named draws. A variable that a fit lacks is left out of it.
  ///   - variables: Which to show, in this order.
  ///   - labels: What to call them; by default, and where labels end, their names.
  ///   - probability: Of the central interval drawn thin, brought into 0 to 1; the thick one holds half.
  ///   - reference: Where a dashed line stands, such as 0 or a common mean.
  public static func forest(
    _ fits: [(name: String, draws: Draws)], _ variables: [String], labels: [String]? = nil, probability: Double = 0.9,
    reference: Double? = nil, title: String = "Medians and intervals"
  ) throws(Draws.UnknownVariable) -> String {
    let probability = probability >= 0 ? min(probability, 1) : 0
    let tail = (1 - probability) / 2
    var rows: [[[Double]?]] = []
    for variable in variables {
      let row: [[Double]?] = fits.map { fit in
        guard let values = try? fit.draws.draws(of: variable) else { return nil }
        let sorted = values.filter(\.isDrawable).sorted()
        if sorted.isEmpty { return nil }
        return [tail, 0.25, 0.5, 0.75, 1 - tail].map { EmpiricalQuantile.linear(sorted, $0) }
      }
      guard row.contains(where: { $0 != nil }) || fits.contains(where: { $0.draws.names.contains(variable) }) else {
        throw Draws.UnknownVariable(name: variable, known: fits.first?.draws.names ?? [])
      }
      rows.append(row)
    }
    let spacing = 9.0 * Double(fits.count) + 11
    let height = PlotPanel.above + spacing * Double(variables.count) + PlotPanel.below
    let width = 640.0
    let percent = Figure.fixed(100 * probability, 0)
    var drawing = SVGDrawing(
      width: width, height: height, title: title,
      description: "Medians with 50% and \(percent)% intervals of \(variables.count) variables.")
    drawing.drawHeading(
      "\(title), 50% and \(percent)%",
      legend: fits.count < 2
        ? [] : fits.enumerated().map { (.line("w\($0.offset % SVGDrawing.colourCount)"), $0.element.name) })
    let names = ((labels ?? []).prefix(variables.count) + variables.dropFirst(labels?.count ?? 0)).map {
      $0.count <= 34 ? $0 : String($0.prefix(33)) + "…"
    }
    let widest = names.map { SVGDrawing.textWidth($0) }.max() ?? 0
    var shown = rows.joined().compactMap { $0 }.flatMap { $0 }
    if let reference { shown.append(reference) }
    let panel = PlotPanel(
      x: spread(shown), y: 0...1, left: 14 + widest, top: PlotPanel.above, right: width - 14,
      bottom: height - PlotPanel.below, labelsY: false)
    for tick in panel.x.ticks {
      drawing.line(panel.x.position(tick), panel.top, panel.x.position(tick), panel.bottom, style: "grid")
    }
    panel.drawAxes(on: &drawing, labelsY: false)
    if let reference {
      let at = panel.x.position(reference)
      drawing.line(at, panel.top, at, panel.bottom, style: "zero")
    }
    for (position, row) in rows.enumerated() {
      let middle = panel.top + spacing * (Double(position) + 0.5)
      drawing.text(names[position], x: panel.left - 8, y: middle + 4, anchor: .end, style: "name")
      for (fit, quantiles) in row.enumerated() {
        guard let q = quantiles else { continue }
        let y = middle + 9 * (Double(fit) - 0.5 * Double(fits.count - 1))
        let colour = fit % SVGDrawing.colourCount
        drawing.line(panel.x.position(q[0]), y, panel.x.position(q[4]), y, style: "l\(colour)")
        drawing.line(panel.x.position(q[1]), y, panel.x.position(q[3]), y, style: "w\(colour)")
        drawing.circle(x: panel.x.position(q[2]), y: y, radius: 3.2, style: "f\(colour)")
      }
    }
    return drawing.svg
  }
}
