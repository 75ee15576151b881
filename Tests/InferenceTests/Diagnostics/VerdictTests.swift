import Inference
import NumericKernels
import Testing

@Suite("Verdict")
struct VerdictTests {
  /// Four chains of independent normals, each variable shifted by chain as told.
  private func draws(_ shifts: [String: Double] = [:], names: [String] = ["mu", "tau"], count: Int = 500) -> Draws {
    var stream = RandomStream(seed: 8, purpose: 1)
    var values: [Double] = []
    for name in names {
      for chain in 0..<4 {
        for _ in 0..<count { values.append(stream.normal() + (shifts[name] ?? 0) * Double(chain)) }
      }
    }
    return Draws(wellFormed: names, chainCount: 4, drawCount: count, values: values)
  }

  @Test("good draws are said to be good, in one line")
  func good() {
    let verdict = Verdict(draws())
    #expect(verdict.isValid && verdict.efficiency.isEmpty && verdict.remarks.isEmpty)
    #expect(verdict.description == "The draws can be relied on: the chains agree and there are enough draws.\n")
  }

  @Test("tree depth is efficiency, never validity")
  func depth() {
    var sampling = Verdict.Sampling()
    sampling.treeDepths = (0..<2000).map { $0 % 4 == 0 ? 10 : 5 }
    sampling.depthLimit = 10
    sampling.energyFractions = [0.9, 0.8, 0.7, 1]
    let verdict = Verdict(draws(), sampling: sampling)
    #expect(verdict.isValid && verdict.efficiency.map(\.kind) == [.treeDepth])
    #expect(verdict.description.contains("25 %") && verdict.description.hasPrefix("The draws can be relied on"))
    sampling.treeDepths = [Int](repeating: 5, count: 1990) + [Int](repeating: 10, count: 10)
    #expect(Verdict(draws(), sampling: sampling).efficiency.isEmpty)
  }

  @Test("chains that disagree are named with figures, slightly and grossly")
  func disagreement() {
    let gross = Verdict(draws(["tau": 1]))
    #expect(gross.validity.map(\.kind) == [.chainsDisagree])
    #expect(gross.description.contains("tau") && gross.description.contains("1 of 2 variables"))
    #expect(gross.validity[0].text.contains("different places"))
    let slight = Verdict(draws(["tau": 0.12]))
    #expect(slight.validity.first?.kind == .chainsDisagree)
    #expect(slight.validity.first?.text.contains("not quite") == true)
  }

  @Test("divergences are placed")
  func divergences() {
    let draws = draws()
    var sampling = Verdict.Sampling()
    sampling.divergent = draws[1].map { $0 < -1.8 }
    let verdict = Verdict(draws, sampling: sampling)
    #expect(verdict.validity.map(\.kind) == [.divergences])
    #expect(verdict.validity[0].text.contains("most where tau is small"))
    // Scattered ones are not said to sit anywhere.
    sampling.divergent = draws[1].indices.map { ($0 - draws[1].startIndex) % 97 == 0 }
    #expect(!Verdict(draws, sampling: sampling).validity[0].text.contains("where"))
    let places = DivergencePlace.find(in: draws, divergent: draws[1].map { $0 < -1.8 })
    #expect(places[0].name == "tau" && places[0].meanRank < 0.05)
    #expect(DivergencePlace.find(in: draws, divergent: draws[1].map { _ in false }).isEmpty)
  }

  @Test("few draws, low E-BFMI, failed chains, not finite, frozen")
  func others() {
    let few = Verdict(draws(count: 50))
    #expect(few.validity.contains { $0.kind == .tooFewDraws })
    var sampling = Verdict.Sampling()
    sampling.energyFractions = [0.1, 0.9, 0.9, 0.9]
    #expect(Verdict(draws(), sampling: sampling).validity.map(\.kind) == [.slowTails])
    sampling = Verdict.Sampling()
    sampling.failures = ["chain 3: the density threw"]
    let failed = Verdict(draws(), sampling: sampling)
    #expect(failed.validity.map(\.kind) == [.failedChains])
    #expect(failed.description.contains("1 of 5 chains failed: chain 3: the density threw"))
    var values = Array(draws().values)
    values[3] = .nan
    let broken = Verdict(Draws(wellFormed: ["mu", "tau"], chainCount: 4, drawCount: 500, values: values))
    #expect(broken.validity.map(\.kind) == [.notFinite] && broken.validity[0].text.contains("mu"))
    let tiny = Draws(
      wellFormed: ["mu", "tau"], chainCount: 4, drawCount: 500, values: draws().values.map { $0 * 1e-150 })
    #expect(Verdict(tiny).validity.map(\.kind) == [.degenerate] && Verdict(tiny).description.contains("doubles end"))
    let frozen = Draws(wellFormed: ["a"], chainCount: 4, drawCount: 100, values: [Double](repeating: 1, count: 400))
    #expect(Verdict(frozen).validity.map(\.kind) == [.frozen])
    let empty = Draws(wellFormed: ["a"], chainCount: 1, drawCount: 0, values: [])
    #expect(!Verdict(empty).isValid)
  }

  @Test("a constant beside variables is a remark, not a fault")
  func constant() throws {
    let all = try Draws.joiningVariables([
      draws(),
      Draws(wellFormed: ["L[1,1]"], chainCount: 4, drawCount: 500, values: [Double](repeating: 1, count: 2000)),
    ])
    let verdict = Verdict(all)
    #expect(verdict.isValid && verdict.remarks.count == 1 && verdict.remarks[0].contains("L[1,1]"))
  }

  @Test("lines fit 80 columns")
  func width() {
    var sampling = Verdict.Sampling()
    sampling.energyFractions = [0.1]
    sampling.divergent = draws()[1].map { $0 < -1.8 }
    let text = Verdict(draws(["tau": 1]), sampling: sampling).description
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(!text.contains("\n\n") && !text.contains(" \n"))
  }
}
