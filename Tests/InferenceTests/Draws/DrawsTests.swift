import Inference
import Testing

@Suite("Draws")
struct DrawsTests {
  /// Two variables, two chains, five draws: value = 100 variable + 10 chain + draw.
  let draws = Draws(
    names: ["a", "b"], chainCount: 2, drawCount: 5,
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
    let thinned = draws.thinned(by: 2)
    #expect(thinned.drawCount == 3 && Array(thinned[1, chain: 1]) == [110, 112, 114])
    #expect(Array(draws.thinned(by: 3)[0, chain: 0]) == [1, 4])
    #expect(draws.thinned(by: 1) == draws)
    let combined = draws.combiningChains()
    #expect(combined.chainCount == 1 && combined.drawCount == 10 && Array(combined[0, chain: 0]) == Array(draws[0]))
    let joined = Draws.joiningChains([draws, draws])
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

  @Test("a summary has one row per variable")
  func summary() {
    let rows = DrawSummary(draws).rows
    #expect(rows.map(\.name) == ["a", "b"])
    #expect(rows.map(\.mean) == [7, 107])
    #expect(rows[0].rHat > 2)
  }
}
