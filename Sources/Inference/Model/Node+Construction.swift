/// How nodes come about: each function finds the shape of its result, and turns a mistake into an invalid node that
/// says what is wrong, so that formulas can be written without `try`.
extension Node {
  static func invalid(_ message: String) -> Node { Node(.invalid(message), [], .scalar) }

  /// The first mistake among operands, which their result inherits.
  private static func mistake(_ operands: [Node]) -> Node? {
    for operand in operands {
      if case .invalid = operand.operation { return operand }
      if operand.depth >= greatestDepth {
        return .invalid(
          "an expression is nested more than \(greatestDepth) operations deep; use sum, a matrix product or scan "
            + "instead of a loop")
      }
    }
    return nil
  }

  /// A name for messages: of data and parameters their own, of anything else its shape.
  var label: String {
    switch operation {
    case .constant(let block): block.name ?? (shape.rank == 0 ? "\(block.values[0])" : "data \(shape)")
    case .parameter(let key), .free(let key): key.name
    default: "an expression \(shape)"
    }
  }

  static func constant(_ values: [Double], _ shape: Shape, name: String? = nil) -> Node {
    Node(.constant(DataBlock(name: name, values: values, shape: shape)), [], shape)
  }

  static func scalar(_ value: Double) -> Node { constant([value], .scalar) }

  static func unary(_ operation: Unary, _ x: Node) -> Node {
    mistake([x]) ?? Node(.unary(operation), [x], x.shape)
  }

  static func binary(_ operation: Binary, _ a: Node, _ b: Node) -> Node {
    if let mistake = mistake([a, b]) { return mistake }
    guard let shape = Shape.broadcast(a.shape, b.shape) else {
      return .invalid(
        "\(a.label) \(operation.symbol) \(b.label): shapes \(a.shape) and \(b.shape) do not fit together")
    }
    return Node(.binary(operation), [a, b], shape)
  }

  static func sum(_ x: Node, axis: Int?) -> Node {
    if let mistake = mistake([x]) { return mistake }
    guard let axis else { return Node(.sum(axis: nil), [x], .scalar) }
    guard axis >= 0 && axis < x.shape.rank else {
      return .invalid("sum over axis \(axis) of \(x.label), which has \(x.shape.rank) axes")
    }
    var lengths = x.shape.lengths
    lengths.remove(at: axis)
    return Node(.sum(axis: axis), [x], Shape(lengths))
  }

  static func logSumExp(_ x: Node) -> Node {
    if let mistake = mistake([x]) { return mistake }
    guard x.shape.rank > 0 else { return x }
    return Node(.logSumExp, [x], Shape(Array(x.shape.lengths.dropLast())))
  }

  static func cumulativeSum(_ x: Node) -> Node {
    if let mistake = mistake([x]) { return mistake }
    return x.shape.rank == 0 ? x : Node(.cumulativeSum, [x], x.shape)
  }

  static func gather(_ x: Node, _ indices: [IndexBlock]) -> Node {
    if let mistake = mistake([x]) { return mistake }
    guard x.shape.rank >= indices.count else {
      return .invalid("\(x.label) has \(x.shape.rank) axes and is indexed along \(indices.count)")
    }
    let count = indices[0].values.count
    for (axis, index) in indices.enumerated() {
      let label = index.name ?? "an index"
      guard index.values.count == count else {
        return .invalid(
          "\(x.label) is indexed by \(indices[0].name ?? "an index") of length \(count) and \(label) of length "
            + "\(index.values.count); they must be as long")
      }
      let length = x.shape.lengths[axis]
      if let row = index.values.firstIndex(where: { $0 < 0 || $0 >= length }) {
        return .invalid(
          "\(label)[\(row)] is \(index.values[row]), but \(x.label) has only \(length) elements there, counted from 0")
      }
    }
    return Node(.gather(indices), [x], Shape([count] + x.shape.lengths.dropFirst(indices.count)))
  }

  static func reshape(_ x: Node, _ shape: Shape) -> Node {
    if let mistake = mistake([x]) { return mistake }
    guard shape.isCountable, shape.lengths.allSatisfy({ $0 >= 0 }), shape.count == x.shape.count else {
      return .invalid("\(x.label) of shape \(x.shape) cannot be seen as \(shape): the numbers of elements differ")
    }
    return Node(.reshape, [x], shape)
  }

  static func transpose(_ x: Node) -> Node {
    if let mistake = mistake([x]) { return mistake }
    guard x.shape.rank == 2 else { return .invalid("\(x.label) of shape \(x.shape) is no matrix to transpose") }
    return Node(.transpose, [x], Shape(x.shape.lengths.reversed()))
  }

  /// Matrix times matrix, matrix times vector, or the product of two vectors' elements, summed.
  static func product(_ a: Node, _ b: Node) -> Node {
    if let mistake = mistake([a, b]) { return mistake }
    let (left, right) = (a.shape.lengths, b.shape.lengths)
    guard (1...2).contains(left.count), (1...2).contains(right.count), left.last == right.first else {
      return .invalid("the matrix product of \(a.label) and \(b.label): shapes \(a.shape) and \(b.shape) do not fit")
    }
    return Node(.matrixProduct, [a, b], Shape(left.dropLast() + right.dropFirst()))
  }

  static func concatenation(_ parts: [Node]) -> Node {
    if let mistake = mistake(parts) { return mistake }
    guard let first = parts.first else { return .invalid("there is nothing to put together") }
    let rest = first.shape.lengths.dropFirst()
    guard parts.allSatisfy({ $0.shape.rank == first.shape.rank && $0.shape.lengths.dropFirst() == rest }) else {
      return .invalid("parts to put together have shapes \(parts.map(\.shape.description).joined(separator: ", "))")
    }
    let length = parts.reduce(0) { $0 + ($1.shape.lengths.first ?? 1) }
    return Node(.concatenation, parts, Shape([length] + rest))
  }

  /// The same node over other operands, its shape found anew.
  func rebuilt(_ operands: [Node]) -> Node {
    if operands.elementsEqual(self.operands, by: ===) { return self }
    switch operation {
    case .unary(let operation): return .unary(operation, operands[0])
    case .binary(let operation): return .binary(operation, operands[0], operands[1])
    case .sum(let axis): return .sum(operands[0], axis: axis)
    case .logSumExp: return .logSumExp(operands[0])
    case .cumulativeSum: return .cumulativeSum(operands[0])
    case .gather(let indices): return .gather(operands[0], indices)
    case .reshape: return .reshape(operands[0], reshaped(operands[0].shape))
    case .transpose: return .transpose(operands[0])
    case .matrixProduct: return .product(operands[0], operands[1])
    case .concatenation: return .concatenation(operands)
    case .scan(let body, let state): return body.rebuilt(operands, state: state)
    case .constant, .parameter, .free, .symbol, .invalid: return self
    }
  }

  /// The shape of a reshape after its operand's shape has changed: axes of length 1 that were put in stay where they
  /// are, and other shapes stay as they are.
  private func reshaped(_ operand: Shape) -> Shape {
    let longer = shape.lengths.filter { $0 != 1 }
    guard longer == operands[0].shape.lengths.filter({ $0 != 1 }) else { return shape }
    var next = zip(operands[0].shape.lengths, operand.lengths).filter { $0.0 != 1 }.map(\.1)
    return Shape(shape.lengths.map { $0 == 1 ? 1 : next.removeFirst() })
  }

  /// All nodes that `roots` are computed from, operands before results.
  static func inOrder(_ roots: [Node], skipping known: (Node) -> Bool = { _ in false }) -> [Node] {
    var order: [Node] = []
    var seen: Set<ObjectIdentifier> = []
    var stack = roots.reversed().map { ($0, false) }
    while let (node, isReady) = stack.popLast() {
      if isReady {
        order.append(node)
        continue
      }
      if known(node) || !seen.insert(ObjectIdentifier(node)).inserted { continue }
      stack.append((node, true))
      for operand in node.operands.reversed() { stack.append((operand, false)) }
    }
    return order
  }
}

/// Graphs built anew with some leaves replaced.
struct Rebuilding {
  /// The replacement of a leaf or of an index; nil to keep it.
  let leaf: (Node) -> Node?
  let index: (IndexBlock) -> IndexBlock?
  private var known: [ObjectIdentifier: Node] = [:]
  /// Keeps originals alive, whose identities are the keys.
  private var kept: [Node] = []

  init(leaf: @escaping (Node) -> Node?, index: @escaping (IndexBlock) -> IndexBlock?) {
    self.leaf = leaf
    self.index = index
  }

  mutating func callAsFunction(_ root: Node) -> Node {
    for node in Node.inOrder([root], skipping: { known[ObjectIdentifier($0)] != nil }) {
      let operands = node.operands.map { known[ObjectIdentifier($0)]! }
      var result = leaf(node) ?? node.rebuilt(operands)
      if case .gather(let indices) = node.operation, indices.contains(where: { index($0) != nil }) {
        result = Node.gather(operands[0], indices.map { index($0) ?? $0 })
      }
      known[ObjectIdentifier(node)] = result
      kept.append(node)
    }
    return known[ObjectIdentifier(root)]!
  }
}
