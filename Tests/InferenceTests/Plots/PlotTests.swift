import Foundation
import FoundationXML
import Inference
import NumericKernels
import Testing

/// What a machine can check of pictures: they are well-formed, stay in their box, and texts keep clear of each other.
/// How they look was checked by eye.
@Suite("Plots")
struct PlotTests {
  private let draws: Draws = {
    var stream = RandomStream(seed: 3, purpose: 9)
    let names = ["mu", "tau"] + (1...8).map { "theta[\($0)]" }
    let values = names.indices.flatMap { variable in
      (0..<800).map { _ in
        variable == 1 ? exp(stream.normal()) : 4.4 + 3.3 * stream.normal() * Double(variable + 1)
      }
    }
    return Draws(wellFormed: names, chainCount: 4, drawCount: 200, values: values)
  }()

  private func all(_ draws: Draws) throws -> [String: String] {
    let (first, second) = (draws.names[0], draws.names[1])
    let size = draws.chainCount * draws.drawCount
    let energy = Array(draws[0])
    return [
      "trace": try Plot.trace(draws, first), "rank": try Plot.rank(draws, first),
      "autocorrelation": try Plot.autocorrelation(draws, first), "density": try Plot.density(draws, second),
      "prior": try Plot.density(draws, second, prior: energy),
      "energy": Plot.energy(energy, chains: draws.chainCount),
      "pair": try Plot.pair(draws, first, second, divergent: (0..<size).map { $0 % 50 == 0 }),
      "forest": try Plot.forest([("one", draws), ("two", draws)], draws.names, reference: 0),
      "prediction": Plot.prediction(
        points: [(0, 1), (1, 2)], grid: draws.names.indices.map(Double.init), predicted: draws, title: "a < b & c"),
    ]
  }

  @Test("every plot is well-formed XML and its texts keep clear of each other and of the edges")
  func wellFormed() throws {
    for (name, svg) in try all(draws) {
      let picture = try Picture(svg)
      #expect(picture.texts.count >= 3, "\(name)")
      for (position, text) in picture.texts.enumerated() {
        #expect(
          text.left >= -1 && text.right <= picture.width + 1 && text.bottom <= picture.height, "\(name): \(text)")
        for other in picture.texts[(position + 1)...] {
          #expect(!text.overlaps(other), "\(name): \(text.text) and \(other.text)")
        }
      }
      #expect(svg.contains("prefers-color-scheme:dark") && !svg.contains("nan") && !svg.contains("inf"))
    }
  }

  @Test("odd draws: one draw, constants, not finite, tiny and huge numbers, long names")
  func odd() throws {
    let cases: [[Double]] = [
      [1, 2], [5, 5, 5, 5, 5, 5, 5, 5], [.nan, 1, .infinity, 2, -.infinity, 3, 4, .nan],
      [1e-300, 2e-300, 1e-300, 2e-300, 1e300, -1e300, 1e308, -1e308], [.nan, .nan],
      [1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3, 1e-9, 2e-9, 3e-9, 4e-9],
    ]
    let long = "a name that is far too long for any axis to hold <it> & \"more\" of it"
    for values in cases {
      let odd = Draws(wellFormed: [long, "b"], chainCount: 1, drawCount: values.count / 2, values: values)
      for (name, svg) in try all(odd) {
        let picture = try Picture(svg)
        #expect(picture.width > 0, "\(name)")
        #expect(!svg.contains("\"nan\"") && !svg.contains("\"inf\""), "\(name) of \(values)")
      }
    }
  }

  @Test("a variable that is not there is named")
  func unknown() {
    #expect(throws: Draws.UnknownVariable.self) { try Plot.trace(draws, "sigma") }
    #expect(throws: Draws.UnknownVariable.self) { try Plot.forest([("fit", draws)], ["sigma"]) }
  }

  @Test("divergent draws are crosses, as many as there are")
  func divergent() throws {
    let svg = try Plot.pair(draws, "mu", "tau", divergent: (0..<800).map { $0 < 7 })
    #expect(svg.components(separatedBy: "<path class=\"l1\"").count - 1 == 7 + 1)
    #expect(svg.contains("divergent (7)"))
  }
}

/// The texts of a picture and the boxes they take.
private final class Picture: NSObject, XMLParserDelegate {
  struct Text {
    var text: String
    var x: Double
    var y: Double
    var anchor: String
    var size: Double
    var length: Double { Double(text.count) * 0.5 * size }
    var left: Double { anchor == "end" ? x - length : anchor == "middle" ? x - length / 2 : x }
    var right: Double { left + length }
    var bottom: Double { y + 0.2 * size }
    func overlaps(_ other: Text) -> Bool {
      left < other.right && other.left < right && y - 0.7 * size < other.y && other.y - 0.7 * other.size < y
    }
  }

  private(set) var texts: [Text] = []
  private(set) var width = 0.0
  private(set) var height = 0.0
  private var open: Text?

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "not well-formed: \(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    func number(_ name: String) -> Double { attributes[name].flatMap(Double.init) ?? 0 }
    if element == "svg", width == 0 { (width, height) = (number("width"), number("height")) }
    if element == "text" {
      open = Text(
        text: "", x: number("x"), y: number("y"), anchor: attributes["text-anchor"] ?? "start",
        size: attributes["class"] == "heading" ? 14 : 12)
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { open?.text += string }

  func parser(
    _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if element == "text", let text = open {
      texts.append(text)
      open = nil
    }
  }
}
