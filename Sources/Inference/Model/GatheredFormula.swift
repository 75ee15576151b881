/// An expression seen as elements of a smaller one: `exp(theta[school])` is `exp(theta)` gathered by `school`.
///
/// Work then grows with the elements, not with the rows, and rows of the same elements can be counted together.
struct GatheredFormula {
  /// What is gathered, seen as a vector.
  let base: Node
  /// The element of each row; nil where each row has its own, in order.
  let elements: [Int32]?

  var isScalar: Bool { base.shape.count == 1 }

  /// - Parameter shape: That of the rows, to which the expression is broadcast.
  init(_ node: Node, rows shape: Shape) {
    if let found = Self.find(node, rows: shape) {
      self = found
    } else {
      base = node
      elements = node.shape.count == shape.count ? nil : node.shape.elements(in: shape)
    }
  }

  init(base: Node, elements: [Int32]?) {
    self.base = base
    self.elements = elements
  }

  private static func find(_ node: Node, rows shape: Shape) -> GatheredFormula? {
    if node.shape.count == 1 { return GatheredFormula(base: node, elements: nil) }
    switch node.operation {
    case .gather(let indices) where indices.count == node.operands[0].shape.rank:
      let own = Lowering.elements(indices, of: node.operands[0].shape)
      return GatheredFormula(base: node.operands[0], elements: spread(own, of: node.shape, over: shape))
    case .reshape:
      // The order of elements stays, so only a broadcast differs.
      guard let inner = find(node.operands[0], rows: node.operands[0].shape), let own = inner.elements else {
        return nil
      }
      return GatheredFormula(base: inner.base, elements: spread(own, of: node.shape, over: shape))
    case .unary(let operation):
      guard let inner = find(node.operands[0], rows: shape) else { return nil }
      return GatheredFormula(base: .unary(operation, inner.base), elements: inner.elements)
    case .binary(let operation):
      guard let a = find(node.operands[0], rows: shape), let b = find(node.operands[1], rows: shape) else { return nil }
      guard a.isScalar || b.isScalar || a.elements == b.elements else { return nil }
      let (left, right) = (a.flat, b.flat)
      guard a.isScalar || b.isScalar || left.shape == right.shape else { return nil }
      return GatheredFormula(base: .binary(operation, left, right), elements: a.isScalar ? b.elements : a.elements)
    default:
      guard node.shape.count < shape.count else { return nil }
      return GatheredFormula(base: node, elements: node.shape.elements(in: shape))
    }
  }

  private var flat: Node { isScalar ? .reshape(base, .scalar) : .reshape(base, [base.shape.count]) }

  /// The same with the opposite sign.
  var negated: GatheredFormula { GatheredFormula(base: .unary(.negate, base), elements: elements) }

  private static func spread(_ own: [Int32], of shape: Shape, over rows: Shape) -> [Int32] {
    shape.count == rows.count ? own : shape.elements(in: rows).map { own[Int($0)] }
  }

  /// The element of each row, written out.
  func rowElements(_ count: Int) -> [Int32] {
    elements ?? (isScalar ? [Int32](repeating: 0, count: count) : (0..<Int32(count)).map { $0 })
  }
}
