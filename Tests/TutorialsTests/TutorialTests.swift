import Foundation
import Inference
import Synchronization
import Testing
import Tutorials

/// Each tutorial runs the whole way, and what is true is found again.
@Suite("Tutorials")
struct TutorialTests {
  /// What a tutorial wrote.
  private final class Text: Sendable {
    private let pieces = Mutex<[String]>([])

    func append(_ piece: String) { pieces.withLock { $0.append(piece) } }
    var whole: String { pieces.withLock { $0.joined() } }
  }

  @Test(
    "the truth is found again, the draws can be relied on, pooling helps, plots are there", arguments: Tutorial.allCases
  )
  func wholeWay(_ tutorial: Tutorial) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tutorial-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = Text()
    let outcome = try tutorial.run(TutorialOptions(seed: 1, folder: folder)) { text.append($0) }

    #expect(outcome.fit.verdict.isValid, "\(outcome.fit.verdict)")
    var inside = 0
    for (name, truth) in outcome.truth {
      let row = try #require(outcome.fit.summary(of: [name]).rows.first)
      #expect(abs(row.mean - truth) < 4.5 * row.sd, "\(name) is \(truth): \(row.mean) ± \(row.sd)")
      if truth >= row.q5 && truth <= row.q95 { inside += 1 }
    }
    // Nine of ten are expected inside; under a binomial distribution fewer than these are seen once in some hundred.
    let count = Double(outcome.truth.count)
    #expect(Double(inside) >= 0.9 * count - 2.6 * (0.09 * count).squareRoot(), "\(inside) of \(outcome.truth.count)")

    let errors = outcome.errors
    // On one data set an unpooled estimate can be as good by luck; it is never much better.
    #expect(errors.partiallyPooled < 1.05 * errors.unpooled && errors.partiallyPooled < errors.pooled, "\(errors)")

    #expect(outcome.plots.count >= 8)
    for plot in outcome.plots {
      #expect(try String(contentsOfFile: plot, encoding: .utf8).hasPrefix("<svg"))
    }
    let lines = text.whole.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 100 || $0.contains(folder) })
    for word in ["priors", "R-hat", "The draws can be relied on", "partially pooled", "elpd", "new"] {
      #expect(text.whole.contains(word), "\(word)")
    }
    #expect(!text.whole.contains("NaN"))
  }

  @Test("the same options give the same text, whatever the threads")
  func deterministic() throws {
    let texts = try [1, 3].map { threads in
      let text = Text()
      _ = try Tutorial.grouped.run(TutorialOptions(seed: 5, draws: 200, threads: threads)) { text.append($0) }
      return text.whole
    }
    #expect(texts[0] == texts[1])
    #expect(!texts[0].contains("plots are in"))
  }
}
