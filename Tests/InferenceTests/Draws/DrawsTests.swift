import Inference
import Testing

@Suite("Draws")
struct DrawsTests {
  /// Two variables, two chains, five draws: value = 100 variable + 10 chain + draw.
  let draws = Draws(
    wellFormed: ["a", "b"], chainCount: 2, drawCount: 5,
    values: [
      0, 1, 2, 3, 4, 10, 11, 12, 13, 14,
      100, 101, 102, 103, 104, 110, 111, 112, 113, 114,
    ])

  @Test("access by variable, chain and name")
  func access() throws {
    #expect(Array(draws[1]) == [100, 101, 102, 103, 104, 110, 111, 112, 113, 114])
    #expect(Array(draws[0, chain: 1]) == [10, 11, 12, 13, 14])
    #expect(try draws.draws(of: "b") == draws[1])
    #expect(throws: Draws.UnknownVariable(name: "c", known: ["a", "b"])) { try draws.draws(of: "c") }
  }

  @Test("subset, thin, combine, join")
  func shapes() throws {
    let b = try draws.subset(["b"])
    #expect(b.names == ["b"] && Array(b[0]) == Array(draws[1]))
    #expect(throws: Draws.UnknownVariable.self) { try draws.subset(["a", "x"]) }
    let thinned = try draws.thinned(by: 2)
    #expect(thinned.drawCount == 3 && Array(thinned[1, chain: 1]) == [110, 112, 114])
    #expect(try Array(draws.thinned(by: 3)[0, chain: 0]) == [1, 4])
    #expect(try draws.thinned(by: 1) == draws)
    let combined = draws.combiningChains()
    #expect(combined.chainCount == 1 && combined.drawCount == 10 && Array(combined[0, chain: 0]) == Array(draws[0]))
    let joined = try Draws.joiningChains([draws, draws])
    #expect(joined.chainCount == 4 && Array(joined[1, chain: 3]) == Array(draws[1, chain: 1]))
  }

  @Test("a variable wanted twice, or two under one name, are told")
  func repeated() throws {
    let repeated = Draws.UnknownVariable(name: "a", known: ["a", "a"], isRepeated: true)
    #expect(throws: repeated) { try draws.subset(["a", "a"]) }
    #expect(throws: Draws.UnknownVariable.self) { try draws.renamed(["a": "b"]) }
    #expect(throws: Draws.UnknownVariable.self) { try draws.renamed(["a": "c", "b": "c"]) }
    #expect(try draws.renamed(["a": "b", "b": "a"]).names == ["b", "a"])
    #expect(repeated.description.contains("more than once"))
  }

  @Test("draws that do not fit together are errors that say what does not")
  func misfits() throws {
    func expect(_ words: String..., body: () throws -> Draws) {
      do { Issue.record("gave \(try body())") } catch let error as Draws.Misfit {
        for word in words { #expect(error.description.contains(word), "\(error) lacks \(word)") }
      } catch { Issue.record("\(error) is no misfit") }
    }
    expect("a is there twice") { try Draws(names: ["a", "a"], chainCount: 1, drawCount: 1, values: [1, 2]) }
    expect("0 of 1") { try Draws(names: ["a"], chainCount: 0, drawCount: 1, values: []) }
    expect("-1") { try Draws(names: ["a"], chainCount: 1, drawCount: -1, values: []) }
    expect("there are 3") { try Draws(names: ["a"], chainCount: 2, drawCount: 2, values: [1, 2, 3]) }
    expect("there are 0") { try Draws(names: ["a"], chainCount: .max, drawCount: .max, values: []) }
    expect("it is 0") { try draws.thinned(by: 0) }
    expect("6 draws") { try draws.droppingFirst(6) }
    expect("no chains") { try Draws.joiningChains([]) }
    expect("part 1 has others") { try Draws.joiningChains([draws, try draws.subset(["a"])]) }
    expect("part 1 has 4, part 0 5") { try Draws.joiningChains([draws, try draws.droppingFirst(1)]) }
    expect("no variables") { try Draws.joiningVariables([]) }
    expect("part 1 has 2 chains of 4") {
      try Draws.joiningVariables([try draws.subset(["a"]), try draws.subset(["b"]).droppingFirst(1)])
    }
    expect("a is there twice") { try Draws.joiningVariables([draws, draws]) }
    #expect(try draws.thinned(by: .max).drawCount == 1)
  }

  @Test("a summary has one row per variable")
  func summary() {
    let rows = DrawSummary(draws).rows
    #expect(rows.map(\.name) == ["a", "b"])
    #expect(rows.map(\.mean) == [7, 107])
    #expect(rows[0].rHat > 2)
  }
}
