/// A box with two axes inside a drawing.
struct PlotPanel {
  let x: PlotAxis
  let y: PlotAxis
  let left: Double
  let top: Double
  let right: Double
  let bottom: Double

  /// Room below the box for tick labels and the axis' name.
  static let below = 42.0
  /// Room above the first panel for the heading and a line of legend.
  static let above = 54.0

  /// A box between these edges of the drawing; the left one moves to leave room for the labels.
  init(
    x xRange: ClosedRange<Double>, y yRange: ClosedRange<Double>, left: Double, top: Double, right: Double,
    bottom: Double, labelsY: Bool = true
  ) {
    y = PlotAxis(yRange, pixels: (bottom, top), horizontal: false)
    let widest = labelsY ? y.labels.map { SVGDrawing.textWidth($0) }.max() ?? 0 : 0
    self.left = left + widest + 8
    x = PlotAxis(xRange, pixels: (self.left, right), horizontal: true)
    (self.top, self.right, self.bottom) = (top, right, bottom)
  }

  func point(_ px: Double, _ py: Double) -> (x: Double, y: Double) { (x.position(px), y.position(py)) }

  /// Grid, tick labels and the axes' names.
  func drawAxes(on drawing: inout SVGDrawing, xName: String = "", labelsX: Bool = true, labelsY: Bool = true) {
    for (tick, label) in zip(y.ticks, y.labels) where labelsY {
      let at = y.position(tick)
      drawing.line(left, at, right, at, style: "grid")
      drawing.text(label, x: left - 6, y: at + 4, anchor: .end)
    }
    for (tick, label) in zip(x.ticks, x.labels) {
      let at = x.position(tick)
      drawing.line(at, bottom, at, bottom + 4, style: "axis")
      guard labelsX else { continue }
      // A label at the edge moves inwards as far as it must.
      let half = SVGDrawing.textWidth(label) / 2
      drawing.text(label, x: min(at, drawing.width - half - 2), y: bottom + 17, anchor: .middle)
    }
    drawing.line(left, bottom, right, bottom, style: "axis")
    if !xName.isEmpty { drawing.text(xName, x: (left + right) / 2, y: bottom + 34, anchor: .middle) }
  }

  /// Draws what is cut at the box's edges.
  func clipped(on drawing: inout SVGDrawing, _ body: (inout SVGDrawing) -> Void) {
    drawing.beginClip(x: left, y: top, width: right - left, height: bottom - top)
    body(&drawing)
    drawing.endClip()
  }
}

extension SVGDrawing {
  /// What a line or mark of the legend looks like.
  enum Key {
    case line(String), area(String), cross(String), dot(String)
  }

  /// The heading with a line of legend below it; entries that find no room are left out.
  mutating func drawHeading(_ heading: String, legend: [(key: Key, text: String)]) {
    let room = Int((width - 24) / 8.3)
    let shown = heading.count <= room ? heading : heading.prefix(room - 1) + "…"
    text(String(shown), x: 12, y: 20, style: "heading")
    var x = 12.0
    for (key, name) in legend {
      let end = x + 24 + Self.textWidth(name)
      guard end <= width - 4 else { break }
      switch key {
      case .line(let style): line(x, 36, x + 18, 36, style: style)
      case .area(let style): rectangle(x: x, y: 30, width: 18, height: 11, style: style)
      case .cross(let style): cross(x: x + 9, y: 36, radius: 4, style: style)
      case .dot(let style): circle(x: x + 9, y: 36, radius: 3.5, style: style)
      }
      text(name, x: x + 24, y: 40)
      x = end + 16
    }
  }
}
