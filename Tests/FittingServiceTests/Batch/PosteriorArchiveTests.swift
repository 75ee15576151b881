import DemandData
import DemandModel
import FittingService
import Testing

@Suite struct PosteriorArchiveTests {
  private func posterior() -> GroupPosterior {
    let node = Node(pair: LevelPair(product: 2, location: 2), product: 0, location: 0)
    return GroupPosterior(
      groups: [node], groupOfSeries: [0, 0], firstDay: Day(iso: "2025-01-01")!, dayCount: 3, keptDraws: 2,
      logCalendar: [0.25, -1.5, .leastNonzeroMagnitude, 3, -0, 1e30], weeklyTrend: [0.001, -0.002],
      shocks: SharedShocks(
        components: [.init(name: "total", nodeCount: 1, nodeOfGroup: [0])], weekly: [0.01, 0.02], daily: [0.1, 0.2],
        ownWeekly: [0.03, 0.04], ownDaily: [0.05, 0.06]),
      diagnostics: [
        ParameterDiagnostic(
          name: "a constant", mean: 1.0 / 3, sd: 0, q5: 0, q50: 0, q95: 0, rhat: .infinity, essBulk: 4, essTail: 4)
      ])
  }

  @Test func comesBackToTheBit() throws {
    let bytes = try PosteriorArchive.encode(posterior())
    #expect(try PosteriorArchive.decodeGroups(bytes) == posterior())
    #expect(try PosteriorArchive.encode(posterior()) == bytes)
  }

  @Test func cutOrForeignBytesAreRefused() throws {
    let bytes = try PosteriorArchive.encode(posterior())
    for length in 0..<bytes.count {
      #expect(throws: (any Error).self) { try PosteriorArchive.decodeGroups(Array(bytes[..<length])) }
    }
    var foreign = bytes
    foreign[0] ^= 1
    #expect(throws: PosteriorArchive.Unreadable.self) { try PosteriorArchive.decodeGroups(foreign) }
    var newer = bytes
    newer[4] = 9
    #expect { try PosteriorArchive.decodeGroups(newer) } throws: { "\($0)".contains("format 9") }
  }
}
