import NumericKernels

/// A family of vectors or matrices without its type, as programs run it.
struct VectorFamily: Sendable {
  let name: String
  let parameterNames: [String]
  let isDiscrete: Bool
  /// Where a parameter of the family lives.
  let constraint: Constraint
  /// The number of axes of one variate, and of each parameter for one variate.
  let variateRank: Int
  let parameterRanks: [Int]
  let variateCount: @Sendable (_ size: Int) -> Int
  let parameterCount: @Sendable (_ parameter: Int, _ size: Int) -> Int
  let scratchCount: @Sendable (_ size: Int) -> Int
  let problem: @Sendable (_ parameter: Int, _ values: [Double], _ size: Int) -> String?
  /// The sum over sets of log densities, its derivatives added to the adjoints.
  let evaluate: @Sendable (VectorRows, Memory) -> Double
  let logDensity: @Sendable (VectorRows, _ set: Int, Memory) -> Double
  /// Draws one set in its place.
  let random: @Sendable (VectorRows, _ set: Int, Memory, inout RandomStream) -> Void

  init<F: VectorDensity>(_: F.Type, variateRank: Int, parameterRanks: [Int], constraint: Constraint = .none) {
    name = F.name
    parameterNames = F.parameterNames
    isDiscrete = F.isDiscrete
    self.constraint = constraint
    self.variateRank = variateRank
    self.parameterRanks = parameterRanks
    variateCount = { F.variateCount(size: $0) }
    parameterCount = { F.parameterCount($0, size: $1) }
    scratchCount = { F.scratchCount(size: $0) }
    problem = { F.problem(with: $0, $1, size: $2) }
    evaluate = { $0.evaluate(F.self, $1) }
    logDensity = { $0.logDensity(F.self, set: $1, $2) }
    random = { $0.draw(F.self, set: $1, $2, using: &$3) }
  }

  /// The family's size for these shapes; nil if they do not tell.
  func size(variate: Shape, arguments: [Shape]) -> Int? {
    if variateRank > 0 {
      guard variate.rank >= variateRank, let last = variate.lengths.last else { return nil }
      return variate.lengths.suffix(variateRank).reduce(1, *) == variateCount(last) ? last : nil
    }
    for (k, shape) in arguments.enumerated() where parameterRanks[k] == 1 {
      guard let length = shape.lengths.last else { continue }
      return [length, length + 1].first { parameterCount(k, $0) == length }
    }
    return nil
  }
}

/// The sets of a vector family's density: a variate and its parameters each, as blocks of storage.
struct VectorRows: Sendable {
  /// The number of sets.
  let count: Int
  let size: Int
  /// Elements of one variate, and of one set's parameters.
  let length: Int
  let parameterLengths: [Int]
  /// Blocks, by set.
  let variate: RowOperand
  let parameters: [RowOperand]
  /// Working storage.
  let scratch: Int
  let scratchCount: Int

  private func block(_ operand: RowOperand, _ length: Int, _ set: Int, _ memory: Memory) -> UnsafeBufferPointer<Double>
  {
    UnsafeBufferPointer(start: memory.numbers(operand.place) + operand.element(set, memory) * length, count: length)
  }

  /// Empty for constants, whose adjoints nobody wants.
  private func adjoint(
    _ operand: RowOperand, _ length: Int, _ set: Int, _ memory: Memory
  ) -> UnsafeMutableBufferPointer<Double> {
    if operand.isConstant { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    return memory.adjoint(operand.place + operand.element(set, memory) * length, length)
  }

  private func parameter(_ k: Int, _ set: Int, _ memory: Memory) -> UnsafeBufferPointer<Double> {
    k < parameters.count
      ? block(parameters[k], parameterLengths[k], set, memory) : UnsafeBufferPointer(start: nil, count: 0)
  }

  private func parameterAdjoint(_ k: Int, _ set: Int, _ memory: Memory) -> UnsafeMutableBufferPointer<Double> {
    k < parameters.count
      ? adjoint(parameters[k], parameterLengths[k], set, memory) : UnsafeMutableBufferPointer(start: nil, count: 0)
  }

  func evaluate<F: VectorDensity>(_: F.Type, _ memory: Memory) -> Double {
    var sum = 0.0
    for set in 0..<count {
      let x = block(variate, length, set, memory)
      let (a, b) = (parameter(0, set, memory), parameter(1, set, memory))
      var xAdjoint = adjoint(variate, length, set, memory).mutableSpan
      var aAdjoint = parameterAdjoint(0, set, memory).mutableSpan
      var bAdjoint = parameterAdjoint(1, set, memory).mutableSpan
      var work = UnsafeMutableBufferPointer(start: memory.values + scratch, count: scratchCount).mutableSpan
      let value = F.evaluate(
        x.span, a.span, b.span, size: size, xAdjoint: &xAdjoint, aAdjoint: &aAdjoint, bAdjoint: &bAdjoint,
        scratch: &work)
      guard value > -.infinity else { return value }
      sum += value
    }
    return sum
  }

  func logDensity<F: VectorDensity>(_: F.Type, set: Int, _ memory: Memory) -> Double {
    let nothing = UnsafeMutableBufferPointer<Double>(start: nil, count: 0)
    var x = nothing.mutableSpan
    var a = nothing.mutableSpan
    var b = nothing.mutableSpan
    var work = UnsafeMutableBufferPointer(start: memory.values + scratch, count: scratchCount).mutableSpan
    return F.evaluate(
      block(variate, length, set, memory).span, parameter(0, set, memory).span, parameter(1, set, memory).span,
      size: size, xAdjoint: &x, aAdjoint: &a, bAdjoint: &b, scratch: &work)
  }

  func draw<F: VectorDensity>(_: F.Type, set: Int, _ memory: Memory, using stream: inout RandomStream) {
    let start = memory.values + variate.place + variate.element(set, memory) * length
    var x = UnsafeMutableBufferPointer(start: start, count: length).mutableSpan
    var work = UnsafeMutableBufferPointer(start: memory.values + scratch, count: scratchCount).mutableSpan
    F.random(
      parameter(0, set, memory).span, parameter(1, set, memory).span, size: size, into: &x, scratch: &work,
      using: &stream)
  }
}

extension Lowering {
  /// The sets of a variate that lies at `place`.
  mutating func vectorRows(
    _ family: VectorFamily, _ arguments: [Node], variate shape: Shape, at place: Int, _ label: String
  ) throws -> VectorRows {
    func fail(_ message: String) -> ModelError { ModelError("\(label), distributed as \(family.name): \(message)") }
    for argument in arguments {
      if case .invalid(let message) = argument.operation { throw fail(message) }
    }
    guard let size = family.size(variate: shape, arguments: arguments.map(\.shape)) else {
      throw fail(
        "a variate has \(["a single element", "the elements of a vector", "a square matrix"][family.variateRank]); "
          + "the shapes are \(shape) and those of \(family.parameterNames.joined(separator: ", ")) "
          + arguments.map(\.shape.description).joined(separator: ", "))
    }
    let batch = Shape(Array(shape.lengths.dropLast(family.variateRank)))
    var operands: [RowOperand] = []
    for (k, argument) in arguments.enumerated() {
      let (rank, name) = (family.parameterRanks[k], family.parameterNames[k])
      let count = family.parameterCount(k, size)
      var node = argument
      // One number stands for a vector of it.
      if rank == 1 && node.shape.count == 1 && count > 1 {
        node = .binary(.add, .reshape(node, .scalar), .constant([Double](repeating: 0, count: count), [count]))
      }
      let event = node.shape.lengths.suffix(rank)
      let rows = Shape(Array(node.shape.lengths.dropLast(rank)))
      guard node.shape.rank >= rank, event.reduce(1, *) == count, rank < 2 || Set(event).count == 1,
        Shape.broadcast(rows, batch) == batch
      else { throw fail("\(name) has the shape \(node.shape), which does not fit \(shape)") }
      operands.append(operand(at: try self.place(of: node).offset, rows, in: batch))
      guard node.isData else { continue }
      let numbers = try values(of: node)
      for set in 0..<(numbers.count / max(count, 1)) {
        if let problem = family.problem(k, Array(numbers[(set * count)..<((set + 1) * count)]), size) {
          throw fail("\(name)\(rows.count > 1 ? " of row \(set)" : "") \(problem)")
        }
      }
    }
    let scratchCount = family.scratchCount(size)
    return VectorRows(
      count: batch.count, size: size, length: family.variateCount(size),
      parameterLengths: arguments.indices.map { family.parameterCount($0, size) },
      variate: RowOperand(place: place, rows: .own), parameters: operands, scratch: allocate(scratchCount).offset,
      scratchCount: scratchCount)
  }

  /// Data that no parameters make possible.
  mutating func checkData(_ variate: Node, of family: VectorFamily, _ rows: VectorRows, _ label: String) throws {
    let values = try values(of: variate)
    if values.isEmpty { throw ModelError("the observed \(label) has no rows") }
    if let row = values.firstIndex(where: { !$0.isFinite }) {
      throw ModelError("the observed \(label) is \(values[row]) at position \(row); leave such rows out")
    }
    if family.isDiscrete && family.variateRank == 0 {
      let categories = Support.integers(0, Double(rows.size - 1))
      if let row = values.firstIndex(where: { !categories.contains($0) }) {
        throw ModelError(
          "the observed \(label) is \(values[row]) in row \(row), but \(family.name) has \(rows.size) categories, "
            + "counted from 0")
      }
    }
    if case .choleskyCorrelation = family.constraint {
      let n = rows.size
      for set in 0..<rows.count {
        let factor = Array(values[(set * rows.length)..<((set + 1) * rows.length)])
        for i in 0..<n {
          let row = factor[(i * n)..<((i + 1) * n)]
          guard factor[i * n + i] > 0, row.suffix(n - 1 - i).allSatisfy({ $0 == 0 }),
            Swift.abs(row.reduce(0) { $0 + $1 * $1 } - 1) <= 1e-8
          else {
            throw ModelError(
              "row \(i) of the observed \(label)\(rows.count > 1 ? " (matrix \(set))" : "") is none of a Cholesky "
                + "factor of a correlation matrix: lower triangular, of length 1, with a positive diagonal")
          }
        }
      }
    }
    if case .simplex = family.constraint {
      for set in 0..<rows.count {
        let row = values[(set * rows.length)..<((set + 1) * rows.length)]
        guard row.allSatisfy({ $0 >= 0 }), Swift.abs(row.reduce(0, +) - 1) <= 1e-8 else {
          throw ModelError("row \(set) of the observed \(label) is no simplex, of elements from 0 that sum to 1")
        }
      }
    }
    // With parameters that are data too, the density is known.
    guard rows.parameters.allSatisfy(\.isConstant) else { return }
    var storage = [Double](repeating: 0, count: max(size, 1))
    // Not empty, so that they have an address.
    let (numbers, tables) = (constants + [0], integers + [0])
    for set in 0..<rows.count {
      let value = storage.withUnsafeMutableBufferPointer { storage in
        numbers.withUnsafeBufferPointer { numbers in
          tables.withUnsafeBufferPointer { tables in
            family.logDensity(
              rows, set,
              Memory(
                values: storage.baseAddress!, adjoints: storage.baseAddress!, constants: numbers.baseAddress!,
                integers: tables.baseAddress!))
          }
        }
      }
      guard value.isFinite else {
        throw ModelError(
          "the observed \(label) is \(family.variateRank == 0 ? "\(values[set]) " : "")in row \(set), where its "
            + "\(family.name) density has the logarithm \(value)")
      }
    }
  }
}
