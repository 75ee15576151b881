import CNumericKernels

/// One evaluation's numbers, as density blocks and transforms see them: values, adjoints, the program's constants and
/// its integers.
///
/// The pointers live as long as the evaluator and the program that it keeps; places come from the compiler, which
/// allocated them, so they are within bounds.
struct Memory {
  let values: UnsafeMutablePointer<Double>
  let adjoints: UnsafeMutablePointer<Double>
  let constants: UnsafePointer<Double>
  let integers: UnsafePointer<Int32>

  /// Where a place's numbers begin; a negative place is a constant's.
  @inline(__always)
  func numbers(_ place: Int) -> UnsafePointer<Double> {
    place >= 0 ? UnsafePointer(values + place) : constants + ~place
  }

  func span(_ place: Int, _ count: Int) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: numbers(place), count: count)
  }

  /// The adjoints of a place that is not a constant's.
  func adjoint(_ place: Int, _ count: Int) -> UnsafeMutableBufferPointer<Double> {
    UnsafeMutableBufferPointer(start: adjoints + place, count: count)
  }
}

/// A density's operand as its rows see it.
struct RowOperand: Sendable {
  enum Rows: Sendable {
    case same
    case own
    /// Row i's element is `integers[table + i]`.
    case table(Int)
  }

  let place: Int
  let rows: Rows
  var isConstant: Bool { place < 0 }

  @inline(__always)
  func element(_ row: Int, _ memory: Memory) -> Int {
    switch rows {
    case .same: 0
    case .own: row
    case .table(let table): Int(memory.integers[table + row])
    }
  }
}

/// The rows of a scalar family's density: a variate and up to four parameters each.
struct DensityRows: Sendable {
  let count: Int
  let variate: RowOperand
  let parameters: [RowOperand]

  /// The sum of log densities over rows, its derivatives added to the adjoints. Stops at the first row that is
  /// impossible or undefined.
  @inline(__always)
  func evaluate<F: ScalarDensity>(_ family: F.Type, _ memory: Memory) -> Double {
    var sum = 0.0
    for row in 0..<count {
      let element = variate.element(row, memory)
      let x = memory.numbers(variate.place)[element]
      let partials = F.evaluate(x, parameters(row, memory))
      guard partials.value > -.infinity else { return partials.value }
      sum += partials.value
      if !variate.isConstant { memory.adjoints[variate.place + element] += partials.x }
      for k in 0..<parameters.count where !parameters[k].isConstant {
        memory.adjoints[parameters[k].place + parameters[k].element(row, memory)] += partials.p[k]
      }
    }
    return sum
  }

  @inline(__always)
  func parameters(_ row: Int, _ memory: Memory) -> SIMD4<Double> {
    var p = SIMD4<Double>.zero
    for k in 0..<parameters.count {
      p[k] = memory.numbers(parameters[k].place)[parameters[k].element(row, memory)]
    }
    return p
  }
}

/// One chain's working storage.
///
/// Used by one evaluator, and by one thread at a time.
final class Workspace {
  let size: Int
  let values: UnsafeMutablePointer<Double>
  let adjoints: UnsafeMutablePointer<Double>
  let program: Program

  init(_ program: Program) {
    self.program = program
    size = max(program.size, 1)
    values = .allocate(capacity: size)
    adjoints = .allocate(capacity: size)
    values.initialize(repeating: 0, count: size)
    adjoints.initialize(repeating: 0, count: size)
  }

  deinit {
    values.deallocate()
    adjoints.deallocate()
  }

  var memory: Memory {
    Memory(values: values, adjoints: adjoints, constants: program.constants, integers: program.integers)
  }
}
