/// One chain's draws and how they came about, as they grow.
///
/// Draws are held in blocks that never change once full, so that a snapshot for a checkpoint shares all but the last.
struct ChainTrace: Sendable {
  let variableCount: Int
  /// Draws per block.
  let blockSize: Int
  /// [draw][variable]
  private(set) var blocks: [[Double]] = []
  private(set) var drawCount = 0
  private(set) var logDensity: [Double] = []
  private(set) var acceptance: [Double] = []
  private(set) var stepSize: [Double] = []
  private(set) var energy: [Double] = []
  private(set) var treeDepth: [Int32] = []
  private(set) var evaluations: [Int32] = []
  private(set) var divergent: [Bool] = []

  init(variableCount: Int) {
    self.variableCount = variableCount
    blockSize = max(1, 32_768 / max(1, variableCount))
  }

  /// Adds a draw, of which `write` writes the values; what it throws leaves the trace as it was.
  mutating func append(
    _ info: StepInfo, _ write: (inout MutableSpan<Double>) throws -> Void
  ) throws {
    if drawCount % blockSize == 0 { blocks.append([]) }
    let last = blocks.count - 1
    if blocks[last].isEmpty { blocks[last].reserveCapacity(blockSize * variableCount) }
    let first = blocks[last].count
    for _ in 0..<variableCount { blocks[last].append(.nan) }
    do {
      var all = blocks[last].mutableSpan
      var values = all._mutatingExtracting(first..<(first + variableCount))
      try write(&values)
    } catch {
      // A draw that could not be had leaves no trace, lest a checkpoint hold more values than draws.
      blocks[last].removeLast(variableCount)
      if drawCount % blockSize == 0 { blocks.removeLast() }
      throw error
    }
    drawCount += 1
    logDensity.append(info.logDensity)
    acceptance.append(info.acceptance)
    stepSize.append(info.stepSize)
    energy.append(info.energy)
    treeDepth.append(Int32(truncatingIfNeeded: info.treeDepth))
    evaluations.append(Int32(truncatingIfNeeded: info.evaluations))
    divergent.append(info.divergence != nil)
  }

  /// Copies one variable's first draws.
  func copy(variable: Int, draws: Int, into target: inout [Double], at first: Int) {
    for d in 0..<draws {
      target[first + d] = blocks[d / blockSize][d % blockSize * variableCount + variable]
    }
  }
}

extension ChainTrace: StoredState {
  func store(into words: inout WordWriter) {
    words.write(variableCount)
    words.write(drawCount)
    for block in blocks { words.write(block) }
    for values in [logDensity, acceptance, stepSize, energy] { words.write(values) }
    for d in 0..<drawCount {
      words.write(UInt64(UInt32(bitPattern: treeDepth[d])) | UInt64(UInt32(bitPattern: evaluations[d])) << 32)
      words.write(divergent[d])
    }
  }

  init(from words: inout WordReader) throws(DamagedState) {
    self.init(variableCount: try words.int())
    drawCount = try words.int()
    guard variableCount >= 0, drawCount >= 0 else { throw DamagedState("stored draws have an impossible number") }
    for first in stride(from: 0, to: drawCount, by: blockSize) {
      let block = try words.doubles()
      guard block.count == min(blockSize, drawCount - first) * variableCount else {
        throw DamagedState("a stored block of draws has the wrong length")
      }
      blocks.append(block)
    }
    logDensity = try words.doubles()
    acceptance = try words.doubles()
    stepSize = try words.doubles()
    energy = try words.doubles()
    guard [logDensity, acceptance, stepSize, energy].allSatisfy({ $0.count == drawCount }) else {
      throw DamagedState("stored figures of draws have the wrong length")
    }
    for _ in 0..<drawCount {
      let word = try words.word()
      treeDepth.append(Int32(bitPattern: UInt32(truncatingIfNeeded: word)))
      evaluations.append(Int32(bitPattern: UInt32(truncatingIfNeeded: word >> 32)))
      divergent.append(try words.bool())
    }
  }
}
