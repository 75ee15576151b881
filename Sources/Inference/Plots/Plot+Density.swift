import Foundation

extension Plot {
  /// The density of one variable's draws, beside that of its prior where given, with the mean and an interval.
  ///
  /// Where the prior is far wider than the posterior, only its part nearby is shown.
  ///
  /// - Parameters:
  ///   - prior: Draws of the same variable from the prior.
  ///   - probability: Of the shortest interval that is shaded.
  public static func density(
    _ draws: Draws, _ variable: String, prior: [Double]? = nil, probability: Double = 0.9
  ) throws(Draws.UnknownVariable) -> String {
    let values = Array(try draws.draws(of: variable))
    var drawing = SVGDrawing(
      width: 420, height: 260, title: "Density of \(variable)",
      description: "Posterior density of \(variable)\(prior == nil ? "" : " beside its prior").")
    let percent = Figure.fixed(100 * probability, 0)
    var legend: [(key: SVGDrawing.Key, text: String)] = [(.area("a0"), "posterior, \(percent)% shaded")]
    if prior != nil { legend.append((.line("dashed"), "prior")) }
    drawing.drawHeading(variable, legend: legend)
    let range = densityRange(values, prior)
    let curve = KernelDensity(values)
    let priorCurve = prior.map { KernelDensity($0, within: range) }
    let panel = PlotPanel(
      x: range, y: 0...max(1e-300, 1.05 * max(curve.highest, priorCurve?.highest ?? 0)),
      left: 12, top: PlotPanel.above, right: 408, bottom: 260 - PlotPanel.below, labelsY: false)
    panel.drawAxes(on: &drawing, xName: variable, labelsY: false)
    panel.clipped(on: &drawing) { drawing in
      if let interval = HighestDensityInterval.of(values, probability: probability) {
        let inside = curve.points.filter { interval.contains($0.x) }
        if let first = inside.first, let last = inside.last {
          drawing.path(
            [panel.point(first.x, 0)] + inside.map { panel.point($0.x, $0.density) } + [panel.point(last.x, 0)],
            style: "a0", closed: true)
        }
      }
      drawing.path(priorCurve?.points.map { panel.point($0.x, $0.density) } ?? [], style: "dashed")
      drawing.path(curve.points.map { panel.point($0.x, $0.density) }, style: "l0")
    }
    return drawing.svg
  }

  /// The posterior's range, and as much of the prior's as lies within half its width on both sides.
  private static func densityRange(_ values: [Double], _ prior: [Double]?) -> ClosedRange<Double> {
    let own = spread(values, room: 0)
    guard let prior else { return own }
    let other = spread(prior, room: 0)
    let room = 0.5 * (own.upperBound - own.lowerBound)
    let low = min(own.lowerBound, max(other.lowerBound, own.lowerBound - room))
    return low...max(own.upperBound, min(other.upperBound, own.upperBound + room))
  }

  /// Energies about their mean beside the changes of energy from one draw to the next: where the changes are much
  /// narrower, the sampler is slow in the tails, and E-BFMI is low.
  ///
  /// - Parameter energy: Of each draw, chain after chain.
  public static func energy(_ energy: [Double], chains: Int) -> String {
    let length = energy.count / max(1, chains)
    let mean = energy.reduce(0, +) / Double(max(1, energy.count))
    let centred = energy.map { $0 - mean }
    let changes = energy.indices.filter { length > 0 && $0 % length > 0 }.map { energy[$0] - energy[$0 - 1] }
    let fractions = Diagnostics.energyFraction(energy, chains: chains)
    let least = fractions.min() ?? .nan
    var drawing = SVGDrawing(
      width: 420, height: 260, title: "Energy",
      description: "Energies and their changes; least E-BFMI \(Figure.fixed(least, 2)).")
    drawing.drawHeading(
      "Energy: E-BFMI at least \(Figure.fixed(least, 2))",
      legend: [(.area("a0"), "about the mean"), (.line("l1"), "change between draws")])
    let (marginal, moves) = (KernelDensity(centred), KernelDensity(changes))
    let panel = PlotPanel(
      x: spread(centred + changes, room: 0), y: 0...max(1e-300, 1.05 * max(marginal.highest, moves.highest)), left: 12,
      top: PlotPanel.above, right: 408, bottom: 260 - PlotPanel.below, labelsY: false)
    panel.drawAxes(on: &drawing, xName: "energy", labelsY: false)
    if let first = marginal.points.first, let last = marginal.points.last {
      let outline = marginal.points.map { panel.point($0.x, $0.density) }
      drawing.path(
        [panel.point(first.x, 0)] + outline + [panel.point(last.x, 0)], style: "a0", closed: true)
      drawing.path(outline, style: "l0")
    }
    drawing.path(moves.points.map { panel.point($0.x, $0.density) }, style: "l1")
    return drawing.svg
  }
}
