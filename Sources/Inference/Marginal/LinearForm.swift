/// An expression as a linear function of integrated-out parameters: offset + C u, C made of data.
struct LinearForm {
  /// For each element, its coefficients by latent quantity, ascending and none zero.
  var rows: [GaussianLevels.Factor]

  /// Finds C in `node`.
  ///
  /// - Parameters:
  ///   - latents: The first latent quantity of each integrated-out parameter.
  ///   - values: The values of a node of data.
  /// - Throws: ``ModelError`` where the expression is not linear, or has coefficients that are not data.
  init(
    _ root: Node, latents: [ParameterKey: Int], label: String, values: (Node) throws -> [Double]
  ) throws {
    var known: [ObjectIdentifier: [GaussianLevels.Factor]] = [:]
    func rows(_ node: Node) -> [GaussianLevels.Factor]? { known[ObjectIdentifier(node)] }
    func fail(_ node: Node) -> ModelError {
      ModelError(
        "\(label): its mean is no linear function of integrated-out parameters with data as coefficients "
          + "(\(node.label)); declare the parameter .centered, or write scale · z as a parameter normal(0, scale)")
    }
    for node in Node.inOrder([root]) {
      let operands = node.operands.map(rows)
      if case .parameter(let key) = node.operation, let first = latents[key] {
        known[ObjectIdentifier(node)] = (0..<node.shape.count).map { [(first + $0, 1)] }
        continue
      }
      if operands.allSatisfy({ $0 == nil }) { continue }
      known[ObjectIdentifier(node)] = try Self.apply(node, operands, values: values) ?? { throw fail(node) }()
    }
    self.rows = known[ObjectIdentifier(root)] ?? [GaussianLevels.Factor](repeating: [], count: root.shape.count)
  }

  /// The same rows broadcast to a larger shape.
  func spread(from shape: Shape, over result: Shape) -> [GaussianLevels.Factor] {
    shape.count == result.count ? rows : shape.elements(in: result).map { rows[Int($0)] }
  }

  /// Rows of a node of which at least one operand has some; nil where the operation is not linear.
  private static func apply(
    _ node: Node, _ operands: [[GaussianLevels.Factor]?], values: (Node) throws -> [Double]
  ) throws -> [GaussianLevels.Factor]? {
    func spread(_ operand: Int) -> [GaussianLevels.Factor]? {
      guard let rows = operands[operand] else { return nil }
      let shape = node.operands[operand].shape
      return shape.count == node.shape.count ? rows : shape.elements(in: node.shape).map { rows[Int($0)] }
    }
    func data(_ operand: Int) throws -> [Double]? {
      let node = node.operands[operand]
      return node.isData ? try values(node) : nil
    }
    func spreadData(_ operand: Int) throws -> [Double]? {
      guard let numbers = try data(operand) else { return nil }
      let shape = node.operands[operand].shape
      return shape.count == node.shape.count ? numbers : shape.elements(in: node.shape).map { numbers[Int($0)] }
    }
    switch node.operation {
    case .reshape: return operands[0]
    case .unary(.negate): return operands[0]?.map { scaled($0, -1) }
    case .binary(.add), .binary(.subtract):
      let sign = node.operation == .binary(.add) ? 1.0 : -1
      let none = [GaussianLevels.Factor](repeating: [], count: node.shape.count)
      return zip(spread(0) ?? none, spread(1) ?? none).map { sum($0, scaled($1, sign)) }
    case .binary(.multiply):
      if let rows = spread(0), let factors = try spreadData(1) { return zip(rows, factors).map(scaled) }
      if let rows = spread(1), let factors = try spreadData(0) { return zip(rows, factors).map(scaled) }
      return nil
    case .binary(.divide):
      guard let rows = spread(0), let factors = try spreadData(1) else { return nil }
      return zip(rows, factors).map { scaled($0, 1 / $1) }
    case .gather(let indices):
      guard let rows = operands[0] else { return nil }
      let shape = node.operands[0].shape
      let block = shape.lengths.dropFirst(indices.count).reduce(1, *)
      return Lowering.elements(indices, of: shape).flatMap { rows[(Int($0) * block)..<((Int($0) + 1) * block)] }
    case .transpose:
      guard let rows = operands[0] else { return nil }
      let lengths = node.operands[0].shape.lengths
      return (0..<lengths[1]).flatMap { j in (0..<lengths[0]).map { rows[$0 * lengths[1] + j] } }
    case .concatenation:
      return zip(node.operands, operands).flatMap { part, rows in
        rows ?? [GaussianLevels.Factor](repeating: [], count: part.shape.count)
      }
    case .sum(let axis): return operands[0].map { total($0, node.operands[0].shape, axis: axis) }
    case .matrixProduct: return try product(node, operands, values: values)
    default: return nil
    }
  }

  private static func total(_ rows: [GaussianLevels.Factor], _ shape: Shape, axis: Int?) -> [GaussianLevels.Factor] {
    guard let axis else { return [rows.reduce([], sum)] }
    let inner = shape.lengths[(axis + 1)...].reduce(1, *)
    let outer = shape.lengths[..<axis].reduce(1, *)
    let length = shape.lengths[axis]
    return (0..<outer).flatMap { o in
      (0..<inner).map { i in (0..<length).reduce([]) { sum($0, rows[(o * length + $1) * inner + i]) } }
    }
  }

  private static func product(
    _ node: Node, _ operands: [[GaussianLevels.Factor]?], values: (Node) throws -> [Double]
  ) throws -> [GaussianLevels.Factor]? {
    let (a, b) = (node.operands[0], node.operands[1])
    let inner = a.shape.lengths[a.shape.rank - 1]
    let columns = b.shape.rank == 2 ? b.shape.lengths[1] : 1
    let lines = a.shape.count / max(inner, 1)
    let left = a.isData ? try values(a) : nil
    let right = b.isData ? try values(b) : nil
    return try (0..<lines).flatMap { i in
      try (0..<columns).map { j -> GaussianLevels.Factor in
        try (0..<inner).reduce([]) { rest, k in
          if let left, let rows = operands[1] { return sum(rest, scaled(rows[k * columns + j], left[i * inner + k])) }
          if let right, let rows = operands[0] { return sum(rest, scaled(rows[i * inner + k], right[k * columns + j])) }
          throw ModelError("a matrix product of two things that are not data is not linear")
        }
      }
    }
  }

  private static func scaled(_ row: GaussianLevels.Factor, _ factor: Double) -> GaussianLevels.Factor {
    factor == 0 ? [] : row.map { ($0.latent, $0.coefficient * factor) }
  }

  static func sum(_ a: GaussianLevels.Factor, _ b: GaussianLevels.Factor) -> GaussianLevels.Factor {
    if a.isEmpty { return b }
    if b.isEmpty { return a }
    var result: GaussianLevels.Factor = []
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if j == b.count || (i < a.count && a[i].latent < b[j].latent) {
        result.append(a[i])
        i += 1
      } else if i == a.count || b[j].latent < a[i].latent {
        result.append(b[j])
        j += 1
      } else {
        let coefficient = a[i].coefficient + b[j].coefficient
        if coefficient != 0 { result.append((a[i].latent, coefficient)) }
        i += 1
        j += 1
      }
    }
    return result
  }
}
