import Foundation

/// An SVG picture under construction: self-contained, its colours and fonts in a style of its own that follows the
/// reader's light or dark mode.
struct SVGDrawing {
  enum Anchor: String {
    case start, middle, end
  }

  let width: Double
  let height: Double
  private let title: String
  private let description: String
  private var body = ""

  init(width: Double, height: Double, title: String, description: String) {
    (self.width, self.height, self.title, self.description) = (width, height, title, description)
  }

  mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, style: String = "label") {
    body += "<text class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    body += anchor == .start ? ">" : " text-anchor=\"\(anchor.rawValue)\">"
    body += Self.escaped(text) + "</text>"
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
    body += "<line class=\"\(style)\" x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\""
    body += " x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\"/>"
  }

  mutating func rectangle(x: Double, y: Double, width: Double, height: Double, style: String) {
    body += "<rect class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    body += " width=\"\(Self.number(max(0, width)))\" height=\"\(Self.number(max(0, height)))\"/>"
  }

  mutating func circle(x: Double, y: Double, radius: Double, style: String) {
    body +=
      "<circle class=\"\(style)\" cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"\(Self.number(radius))\"/>"
  }

  /// A diagonal cross: a mark that can be told from a dot without its colour.
  mutating func cross(x: Double, y: Double, radius: Double, style: String) {
    let (left, right) = (Self.number(x - radius), Self.number(x + radius))
    let (top, bottom) = (Self.number(y - radius), Self.number(y + radius))
    body += "<path class=\"\(style)\" d=\"M\(left) \(top)L\(right) \(bottom)M\(left) \(bottom)L\(right) \(top)\"/>"
  }

  /// A line through points, interrupted at those that are not finite; closed if it is to be filled.
  mutating func path(_ points: [(x: Double, y: Double)], style: String, closed: Bool = false) {
    var data = ""
    var open = false
    for point in points {
      guard point.x.isFinite, point.y.isFinite else {
        open = false
        continue
      }
      data += (open ? "L" : "M") + Self.number(point.x) + " " + Self.number(point.y)
      open = true
    }
    if data.isEmpty { return }
    body += "<path class=\"\(style)\" d=\"\(data)\(closed ? "Z" : "")\"/>"
  }

  /// Everything drawn is cut at this box until ``endClip()``.
  mutating func beginClip(x: Double, y: Double, width: Double, height: Double) {
    // A nested picture cuts at its edges and needs no name that would have to be unique in a page.
    body += "<svg x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\""
    body += " height=\"\(Self.number(height))\" viewBox=\"\(Self.number(x)) \(Self.number(y)) "
    body += "\(Self.number(width)) \(Self.number(height))\">"
  }

  mutating func endClip() { body += "</svg>" }

  var svg: String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"posterior\" role=\"img\" width=\"\(Self.number(width))\" "
      + "height=\"\(Self.number(height))\" viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\">"
      + "<title>\(Self.escaped(title))</title><desc>\(Self.escaped(description))</desc>"
      + "<style>\(Self.styles)</style>"
      + "<rect class=\"paper\" width=\"\(Self.number(width))\" height=\"\(Self.number(height))\"/>\(body)</svg>\n"
  }

  /// A coordinate with one decimal at most.
  static func number(_ value: Double) -> String {
    let tenths = (value * 10).rounded()
    guard abs(tenths) < 1e15 else { return "0" }
    let whole = Int(tenths)
    if whole % 10 == 0 { return "\(whole / 10)" }
    return (whole < 0 ? "-" : "") + "\(abs(whole) / 10).\(abs(whole) % 10)"
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  /// About the width of a text in the labels' size.
  static func textWidth(_ text: String) -> Double { 6.4 * Double(text.count) }

  /// The number of colours for chains or models.
  static let colourCount = 6

  /// Colours of a ground, written out in every rule: viewers other than browsers do not know CSS variables.
  private struct Palette {
    let paper, ink, soft, grid: String
    let series: [String]

    // By Okabe and Ito (2008), told apart with any colour vision; lighter on dark ground.
    static let light = Palette(
      paper: "#fff", ink: "#1c1c1c", soft: "#5c5c5c", grid: "#e4e4e4",
      series: ["#0072b2", "#d55e00", "#009e73", "#b8558f", "#a06a00", "#4a4a4a"])
    static let dark = Palette(
      paper: "#16181b", ink: "#ececec", soft: "#a8a8a8", grid: "#33373c",
      series: ["#56b4e9", "#ff8c42", "#2fc79a", "#e39cc6", "#e6b030", "#c8c8c8"])

    var rules: String {
      var css = ".posterior .paper{fill:\(paper)}.posterior text{fill:\(soft)}"
      css += ".posterior .heading,.posterior .name,.posterior .inkfill{fill:\(ink)}.posterior .ink{stroke:\(ink)}"
      css += ".posterior .grid{stroke:\(grid)}.posterior .axis,.posterior .zero,.posterior .dashed{stroke:\(soft)}"
      css += ".posterior .expected{fill:\(soft)}"
      for (i, colour) in series.enumerated() {
        css += ".posterior .l\(i),.posterior .t\(i),.posterior .w\(i){stroke:\(colour)}"
        css += ".posterior .f\(i),.posterior .a\(i),.posterior .d\(i){fill:\(colour)}"
      }
      return css
    }
  }

  private static let styles: String = {
    var css = "svg.posterior{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    css += "max-width:100%;height:auto}.posterior text{font-size:12px}"
    css += ".posterior .heading{font-size:14px;font-weight:600}.posterior .grid,.posterior .axis{stroke-width:1}"
    css += ".posterior .zero{stroke-width:1;stroke-dasharray:4 3}.posterior .ink{stroke-width:1.5;fill:none}"
    css += ".posterior .dashed{stroke-width:1.6;fill:none;stroke-dasharray:5 3}.posterior .expected{fill-opacity:.18}"
    for i in 0..<colourCount {
      css += ".posterior .l\(i){fill:none;stroke-width:1.5;stroke-linejoin:round}"
      css += ".posterior .t\(i){fill:none;stroke-width:.8;stroke-opacity:.75}"
      css += ".posterior .w\(i){fill:none;stroke-width:4;stroke-linecap:round}"
      css += ".posterior .a\(i){fill-opacity:.22}.posterior .d\(i){fill-opacity:.35}"
    }
    return css + Palette.light.rules + "@media(prefers-color-scheme:dark){\(Palette.dark.rules)}"
  }()
}
