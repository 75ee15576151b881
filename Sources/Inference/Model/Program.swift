import CNumericKernels

/// A compiled model: instructions with preassigned places, constants, tables, and what is written in Swift around them.
///
/// Its storage is written in `init` and never again, which makes sharing it between threads safe.
final class Program: @unchecked Sendable {
  /// Numbers of working storage.
  let size: Int
  let instructions: UnsafePointer<cnk_instruction>
  let instructionCount: Int
  let constants: UnsafePointer<Double>
  let integers: UnsafePointer<Int32>
  /// Vector transforms of parameters, and densities that are not the tape's.
  let transforms: [TransformBlock]
  let blocks: [DensityBlock]
  /// What the log density has besides: normalising constants of data rows.
  let constant: Double
  private let densities: UnsafePointer<cnk_instruction>
  private let densityCount: Int
  private let bodies: UnsafePointer<cnk_instruction>
  private let floats: UnsafePointer<Float>
  private let path = cnk_path()

  init(_ lowering: Lowering) {
    size = lowering.size
    instructions = Self.copy(lowering.instructions)
    instructionCount = lowering.instructions.count
    constants = Self.copy(lowering.constants)
    integers = Self.copy(lowering.integers)
    transforms = lowering.transforms
    blocks = lowering.blocks
    constant = lowering.constant
    densities = Self.copy(lowering.densities)
    densityCount = lowering.densities.count
    bodies = Self.copy(lowering.bodies)
    floats = Self.copy(lowering.floats)
  }

  deinit {
    instructions.deallocate()
    constants.deallocate()
    integers.deallocate()
    densities.deallocate()
    bodies.deallocate()
    floats.deallocate()
  }

  private static func copy<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
    let storage = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    elements.withUnsafeBufferPointer {
      if let base = $0.baseAddress { storage.initialize(from: base, count: $0.count) }
    }
    return UnsafePointer(storage)
  }

  /// The tape restricted to a range of its value instructions.
  private func tape(_ range: Range<Int>) -> cnk_tape {
    cnk_tape(
      values: instructions + range.lowerBound, value_count: Int64(range.count), densities: densities,
      density_count: Int64(densityCount), bodies: bodies, constants: constants, integers: integers, floats: floats)
  }

  /// Computes values in working storage, the first of which hold the coordinates.
  func computeValues(_ range: Range<Int>, _ memory: Memory) {
    var tape = tape(range)
    cnk_tape_forward(Int32(path), &tape, memory.values)
  }

  /// The log density of the coordinates at the beginning of the values, by the first `count` instructions; leaves its
  /// gradient at the beginning of the adjoints.
  func logDensity(_ count: Int, _ memory: Memory) -> Double {
    memory.adjoints.update(repeating: 0, count: size)
    var sum = constant
    for transform in transforms { sum += transform.constrain(memory) }
    var tape = tape(0..<count)
    cnk_tape_forward(Int32(path), &tape, memory.values)
    sum += cnk_tape_densities(Int32(path), &tape, memory.values, memory.adjoints)
    for block in blocks { sum += block.evaluate(memory) }
    guard sum > -.infinity else { return sum }
    cnk_tape_reverse(Int32(path), &tape, memory.values, memory.adjoints)
    for transform in transforms { transform.pullback(memory) }
    return sum
  }
}

/// A density of which the tape knows nothing: adds its derivatives to the adjoints and returns its value.
struct DensityBlock: Sendable {
  let evaluate: @Sendable (Memory) -> Double
}

/// A parameter's transform from unconstrained coordinates, run before the tape and, backwards, after it.
struct TransformBlock: Sendable {
  let constrain: @Sendable (Memory) -> Double
  let pullback: @Sendable (Memory) -> Void

  init<T: Transform>(_: T.Type, size: Int, free: Int, place: Int) {
    let freeCount = T.unconstrainedCount(size: size)
    let count = T.constrainedCount(size: size)
    constrain = { memory in
      var x = UnsafeMutableBufferPointer(start: memory.values + place, count: count).mutableSpan
      return T.constrain(
        memory.span(free, freeCount).span, bounds: memory.span(free, 0).span, size: size, into: &x)
    }
    pullback = { memory in
      var into = memory.adjoint(free, freeCount).mutableSpan
      var none = memory.adjoint(free, 0).mutableSpan
      T.pullback(
        memory.span(free, freeCount).span, x: memory.span(place, count).span, bounds: memory.span(free, 0).span,
        size: size, adjoint: UnsafeBufferPointer(memory.adjoint(place, count)).span, logJacobianAdjoint: 1, into: &into,
        boundAdjoints: &none)
    }
  }
}
