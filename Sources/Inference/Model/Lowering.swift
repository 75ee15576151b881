import CNumericKernels

/// Turns a graph into a program: gives every node a place, shares what is computed twice, computes what depends on data
/// alone at once, and turns the rest into instructions.
struct Lowering {
  /// Numbers of working storage given out so far.
  private(set) var size = 0
  private(set) var instructions: [cnk_instruction] = []
  private(set) var bodies: [cnk_instruction] = []
  var densities: [cnk_instruction] = []
  var constants: [Double] = []
  var integers: [Int32] = []
  var floats: [Float] = []
  var transforms: [TransformBlock] = []
  var blocks: [DensityBlock] = []
  /// What the log density has besides.
  var constant = 0.0

  /// Where a node's value lies: an offset into working storage, or ~offset into the constants, and how far it moves
  /// with each step of the scan around it.
  struct Place: Hashable {
    var offset: Int
    var step = 0

    var isConstant: Bool { offset < 0 }

    func advanced(by elements: Int) -> Place {
      Place(offset: offset >= 0 ? offset + elements : ~(~offset + elements), step: step)
    }
  }

  private struct Key: Hashable {
    let operation: Node.Operation
    let operands: [Place]
    let shape: Shape
  }

  private var places: [ObjectIdentifier: Place] = [:]
  private var shared: [Key: Place] = [:]
  private var parameters: [ParameterKey: Place] = [:]
  private var coordinates: [ParameterKey: Place] = [:]
  private var scans: [ObjectIdentifier: [Place]] = [:]
  /// Nodes whose identities are keys above must live as long as this.
  private var kept: [Node] = []
  /// Steps of the scan whose body is being lowered.
  private var scanLength: Int?

  /// Working storage for `count` numbers.
  mutating func allocate(_ count: Int) -> Place {
    defer { size += count }
    return Place(offset: size)
  }

  mutating func addConstants(_ values: [Double]) -> Place {
    defer { constants += values }
    return Place(offset: ~constants.count)
  }

  mutating func addTable(_ values: [Int32]) -> Int {
    defer { integers += values }
    return integers.count
  }

  /// Says where a parameter's value lies.
  mutating func bind(_ key: ParameterKey, to place: Place) { parameters[key] = place }
  mutating func bind(coordinates key: ParameterKey, to place: Place) { coordinates[key] = place }

  /// The node's place, after instructions that compute it have been added where there were none.
  mutating func place(of root: Node) throws -> Place {
    if let place = places[ObjectIdentifier(root)] { return place }
    for node in Node.inOrder([root], skipping: { places[ObjectIdentifier($0)] != nil }) {
      let operands = node.operands.map { places[ObjectIdentifier($0)]! }
      let key = Key(operation: node.operation, operands: operands, shape: node.shape)
      if let place = shared[key] {
        places[ObjectIdentifier(node)] = place
      } else {
        let place = try lower(node, operands)
        shared[key] = place
        places[ObjectIdentifier(node)] = place
      }
      kept.append(node)
    }
    return places[ObjectIdentifier(root)]!
  }

  /// The values of a node of data.
  mutating func values(of node: Node) throws -> [Double] {
    let first = ~(try place(of: node)).offset
    return Array(constants[first..<(first + node.shape.count)])
  }

  private mutating func lower(_ node: Node, _ operands: [Place]) throws -> Place {
    let count = node.shape.count
    switch node.operation {
    case .invalid(let message): throw ModelError(message)
    case .constant(let block): return addConstants(block.values)
    case .parameter(let key):
      guard let place = parameters[key] else {
        throw ModelError("the parameter \(key.name) has no prior in this model; declare it here before using it")
      }
      return place
    case .free(let key): return coordinates[key]!
    case .symbol: throw ModelError("a scan's state or input was used outside its body")
    case .reshape: return operands[0]
    case .gather(let indices): return lowerGather(node, indices, operands[0])
    case .transpose:
      let lengths = node.operands[0].shape.lengths
      let elements = (0..<lengths[1]).flatMap { j in (0..<lengths[0]).map { Int32($0 * lengths[1] + j) } }
      return gather(elements, block: 1, operands[0], node)
    case .concatenation:
      let out = room(for: node)
      var first = 0
      for (part, place) in zip(node.operands, operands) where part.shape.count > 0 {
        var copy = instruction(CNK_COPY, out: out.advanced(by: first), place)
        copy.dims.0 = Int64(part.shape.count)
        append(copy, node)
        first += part.shape.count
      }
      return out
    case .scan(let body, let state): return try lowerScan(body, node, operands)[state]
    default: break
    }
    if case .matrixProduct = node.operation, node.operands[0].isData, node.operands[0].shape.rank == 2,
      node.shape.rank == 1, !node.isData
    {
      return try lowerColumns(node, operands)
    }
    let out = room(for: node)
    var code = instruction(CNK_COPY, out: out, operands[0], operands.count > 1 ? operands[1] : nil)
    let first = node.operands[0].shape
    switch node.operation {
    case .unary(let operation):
      code.op = Int32(operation.code.rawValue)
      code.dims.3 = Int64(count)
    case .binary(let operation):
      code.op = Int32(operation.code.rawValue)
      let axes = try BroadcastAxes(node.operands.map(\.shape), node.shape)
      code.dims = axes.dims
      code.a_stride = axes.strides[0]
      code.b_stride = axes.strides[1]
      code.choice = count == 1 ? 1 : 0
    case .sum(let axis):
      code.op = Int32(CNK_SUM.rawValue)
      let lengths = first.lengths.map(Int64.init)
      code.dims = (1, Int64(first.count), 1, 0)
      if let axis {
        code.dims.0 = lengths[..<axis].reduce(1, *)
        code.dims.1 = lengths[axis]
        code.dims.2 = lengths[(axis + 1)...].reduce(1, *)
      }
    case .logSumExp, .cumulativeSum:
      code.op = Int32((node.operation == .logSumExp ? CNK_LOG_SUM_EXP : CNK_CUMULATIVE_SUM).rawValue)
      let length = first.lengths.last ?? 1
      code.dims = (Int64(first.count / max(length, 1)), Int64(length), 0, 0)
    default:
      code.op = Int32(CNK_MATRIX_PRODUCT.rawValue)
      let second = node.operands[1].shape
      let inner = first.lengths[first.rank - 1]
      code.dims = (first.rank == 2 ? Int64(first.lengths[0]) : 1, Int64(inner), 1, 0)
      if second.rank == 2 { code.dims.2 = Int64(second.lengths[1]) }
    }
    append(code, node)
    return out
  }

  /// A matrix of data times a vector: by columns, which are long.
  private mutating func lowerColumns(_ node: Node, _ operands: [Place]) throws -> Place {
    let columns = try place(of: .transpose(node.operands[0]))
    let out = room(for: node)
    var code = instruction(CNK_COLUMNS_VECTOR, out: out, columns, operands[1])
    code.dims = (Int64(node.shape.count), Int64(node.operands[1].shape.count), 0, 0)
    append(code, node)
    return out
  }

  private mutating func lowerGather(_ node: Node, _ indices: [IndexBlock], _ operand: Place) -> Place {
    let shape = node.operands[0].shape
    let block = shape.lengths.dropFirst(indices.count).reduce(1, *)
    return gather(Self.elements(indices, of: shape), block: block, operand, node)
  }

  /// The position among blocks of the axes not indexed, for each row of side-by-side indices.
  static func elements(_ indices: [IndexBlock], of shape: Shape) -> [Int32] {
    var elements = indices[0].values.map { Int32($0) }
    for (axis, index) in indices.enumerated().dropFirst() {
      let length = Int32(shape.lengths[axis])
      for row in elements.indices { elements[row] = elements[row] * length + Int32(index.values[row]) }
    }
    return elements
  }

  /// Blocks gathered from a place; a stretch of neighbours is only another view of it.
  private mutating func gather(_ elements: [Int32], block: Int, _ operand: Place, _ node: Node) -> Place {
    if let first = elements.first, elements.indices.allSatisfy({ elements[$0] == first + Int32($0) }) {
      return operand.advanced(by: Int(first) * block)
    }
    let out = room(for: node)
    var code = instruction(CNK_GATHER, out: out, operand)
    code.dims = (Int64(elements.count), Int64(block), 0, 0)
    code.table = Int64(addTable(elements))
    append(code, node)
    return out
  }

  /// Room for a node's value: among the constants for data, a copy per step inside a scan.
  private mutating func room(for node: Node) -> Place {
    let count = node.shape.count
    if node.isData { return addConstants([Double](repeating: 0, count: count)) }
    guard node.isStepwise, let scanLength else { return allocate(count) }
    var place = allocate(count * scanLength)
    place.step = count
    return place
  }

  func instruction(
    _ operation: cnk_tape_operation, out: Place, _ a: Place, _ b: Place? = nil, _ c: Place? = nil
  ) -> cnk_instruction {
    var code = cnk_instruction()
    code.op = Int32(operation.rawValue)
    (code.out, code.out_step) = (Int64(out.offset), Int64(out.step))
    (code.a, code.a_step) = (Int64(a.offset), Int64(a.step))
    if let b { (code.b, code.b_step) = (Int64(b.offset), Int64(b.step)) }
    if let c { (code.c, code.c_step) = (Int64(c.offset), Int64(c.step)) }
    return code
  }

  /// Adds an instruction; one that works on constants is run at once.
  private mutating func append(_ code: cnk_instruction, _ node: Node) {
    if node.isData {
      var code = code
      code.out = ~code.out
      code.a = ~code.a
      code.b = ~code.b
      constants.withUnsafeMutableBufferPointer { values in
        integers.withUnsafeBufferPointer { integers in
          withUnsafePointer(to: code) { instruction in
            var tape = cnk_tape(
              values: instruction, value_count: 1, densities: nil, density_count: 0, bodies: nil,
              constants: values.baseAddress, integers: integers.baseAddress, floats: nil)
            cnk_tape_forward(Int32(cnk_path()), &tape, values.baseAddress)
          }
        }
      }
    } else if node.isStepwise && scanLength != nil {
      bodies.append(code)
    } else {
      instructions.append(code)
    }
  }
}

extension Lowering {
  /// A scan's states after every step: one array each, of which the element before the first is the initial state.
  private mutating func lowerScan(_ body: ScanBody, _ node: Node, _ operands: [Place]) throws -> [Place] {
    // Outputs of one scan share their operands, so the places tell two scans of one body apart.
    if let known = scans[ObjectIdentifier(body)] { return known }
    let length = body.length
    var outputs: [Place] = []
    for (state, initial) in zip(body.states, operands) {
      let count = state.shape.count
      let before = allocate((length + 1) * count)
      var copy = instruction(CNK_COPY, out: before, initial)
      copy.dims.0 = Int64(count)
      instructions.append(copy)
      places[ObjectIdentifier(state)] = Place(offset: before.offset, step: count)
      outputs.append(before.advanced(by: count))
    }
    for (input, place) in zip(body.inputs, operands[body.states.count...]) {
      places[ObjectIdentifier(input)] = Place(offset: place.offset, step: input.shape.count)
    }
    kept.append(node)
    scans[ObjectIdentifier(body)] = outputs
    let stepless = StepwiseVectors(body, sequences: Array(node.operands[body.states.count...]))
    for (symbol, sequence) in stepless.vectors {
      places[ObjectIdentifier(symbol)] = Place(offset: try place(of: sequence).offset, step: 1)
      kept.append(symbol)
    }
    if let recursion = stepless.linearRecursion() {
      let (coefficient, input) = (try place(of: recursion.coefficient), try place(of: recursion.input))
      var code = instruction(CNK_LINEAR_RECURSION, out: outputs[0], outputs[0], coefficient, input)
      code.dims.0 = Int64(length)
      instructions.append(code)
      return outputs
    }
    let first = bodies.count
    scanLength = length
    defer { scanLength = nil }
    for (next, output) in zip(body.next, outputs) {
      var copy = instruction(
        CNK_COPY, out: Place(offset: output.offset, step: next.shape.count), try place(of: next))
      copy.dims.0 = Int64(next.shape.count)
      bodies.append(copy)
    }
    var code = instruction(CNK_SCAN, out: outputs[0], outputs[0])
    code.dims.0 = Int64(length)
    code.table = Int64(addTable([Int32(first), Int32(bodies.count - first)]))
    instructions.append(code)
    return outputs
  }
}

/// A broadcast's axes with neighbours merged where all operands allow, as instructions want them.
struct BroadcastAxes {
  typealias Four = (Int64, Int64, Int64, Int64)
  var dims: Four = (1, 1, 1, 1)
  var strides: [Four]

  init(_ shapes: [Shape], _ result: Shape) throws {
    let own = shapes.map { $0.strides(in: result) }
    // From the last axis to the first.
    var lengths: [Int] = []
    var steps: [[Int]] = []
    for axis in (0..<result.rank).reversed() where result.lengths[axis] != 1 {
      let step = own.map { $0[axis] }
      if let last = steps.last, zip(step, last).allSatisfy({ $0 == $1 * lengths[lengths.count - 1] }) {
        lengths[lengths.count - 1] *= result.lengths[axis]
      } else {
        lengths.append(result.lengths[axis])
        steps.append(step)
      }
    }
    guard lengths.count <= 4 else {
      throw ModelError("a broadcast over \(result) repeats along more than four separate axes; reshape its operands")
    }
    lengths += [Int](repeating: 1, count: 4 - lengths.count)
    steps += [[Int]](repeating: [Int](repeating: 0, count: shapes.count), count: 4 - steps.count)
    func four(_ a: [Int]) -> Four { (Int64(a[3]), Int64(a[2]), Int64(a[1]), Int64(a[0])) }
    dims = four(lengths)
    strides = shapes.indices.map { operand in four(steps.map { $0[operand] }) }
  }
}
