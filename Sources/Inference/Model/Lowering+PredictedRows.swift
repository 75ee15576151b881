import CNumericKernels

/// Observed rows whose predictor has a structure that makes them cheap.
extension Lowering {
  /// Adds the density of observed rows by the cheapest exact way there is; false if there is none.
  mutating func addPredictedRows(_ variate: Node, _ family: ScalarFamily, _ arguments: [Node]) throws -> Bool {
    switch family.kernel {
    case .normal:
      if try addLeastSquares(variate, arguments[0], arguments[1]) { return true }
      return try addNormalGroups(variate, arguments[0], arguments[1])
    case .negativeBinomialLog:
      guard arguments[1].shape.count == 1 else { return false }
      return try addLogLinearRows(variate, arguments[0], family: CNK_ROWS_NEGATIVE_BINOMIAL, size: arguments[1])
    case .poissonLog: return try addLogLinearRows(variate, arguments[0], family: CNK_ROWS_POISSON, size: nil)
    case .bernoulliLogit: return try addLogLinearRows(variate, arguments[0], family: CNK_ROWS_BERNOULLI, size: nil)
    default: return false
    }
  }

  /// Normal rows with one standard deviation whose mean is linear in few coefficients: a triangular form instead of the
  /// rows.
  private mutating func addLeastSquares(_ y: Node, _ mean: Node, _ sd: Node) throws -> Bool {
    let n = y.shape.count
    guard sd.shape.count == 1, n >= 2, !mean.isData else { return false }
    var columns: [[Double]] = []
    var coefficients: [Node] = []
    var response = try values(of: y)
    for (node, sign) in AdditiveTerms(mean).terms {
      if node.isData {
        for (row, value) in try rowValues(node, y.shape).enumerated() { response[row] -= sign * value }
      } else if node.shape.count == 1 {
        columns.append([Double](repeating: sign, count: n))
        coefficients.append(.reshape(node, [1]))
      } else if case .binary(.multiply) = node.operation,
        let (factor, data) = node.operands[0].isData
          ? (node.operands[1], node.operands[0])
          : node.operands[1].isData ? (node.operands[0], node.operands[1]) : nil, factor.shape.count == 1
      {
        columns.append(try rowValues(data, y.shape).map { sign * $0 })
        coefficients.append(.reshape(factor, [1]))
      } else if case .matrixProduct = node.operation, node.operands[0].isData, node.shape == y.shape,
        node.operands[1].shape.rank == 1
      {
        let matrix = try values(of: node.operands[0])
        let count = node.operands[1].shape.count
        columns += (0..<count).map { column in (0..<n).map { sign * matrix[$0 * count + column] } }
        coefficients.append(node.operands[1])
      } else {
        return false
      }
      // Beyond this, rows are cheaper, or the factorisation is dear.
      guard columns.count <= 2 * n, columns.count * columns.count * n <= 50_000_000 else { return false }
    }
    let form = LeastSquares(columns: columns, response: response)
    let numbers = addConstants(form.factor + form.target + [form.rest])
    let vector = coefficients.count == 1 ? coefficients[0] : Node.concatenation(coefficients)
    var code = instruction(
      CNK_NORMAL_LEAST_SQUARES, out: Place(offset: 0), try place(of: vector), try place(of: sd), numbers)
    code.dims = (Int64(columns.count), Int64(n), 0, 0)
    densities.append(code)
    constant -= Double(n) * Self.halfLogTwoPi
    return true
  }

  /// A node of data, broadcast to rows.
  private mutating func rowValues(_ node: Node, _ rows: Shape) throws -> [Double] {
    let own = try values(of: node)
    return own.count == rows.count ? own : node.shape.elements(in: rows).map { own[Int($0)] }
  }

  /// Normal rows of which many share mean and standard deviation: their numbers, means and root sums of squares
  /// instead.
  private mutating func addNormalGroups(_ y: Node, _ mean: Node, _ sd: Node) throws -> Bool {
    let n = y.shape.count
    let terms = AdditiveTerms(mean).terms.map { (GatheredFormula($0.node, rows: y.shape), $0.sign) }
    let spread = GatheredFormula(sd, rows: y.shape)
    // A mean or a standard deviation of each row's own cannot be shared.
    guard terms.allSatisfy({ $0.0.isScalar || $0.0.elements != nil }), spread.isScalar || spread.elements != nil else {
      return false
    }
    let gathered = (terms.map(\.0) + [spread]).compactMap { $0.isScalar ? nil : $0.elements }
    let groups = RowGroups(gathered, count: n)
    let count = groups.representative.count
    guard Double(count) < 0.8 * Double(n) else { return false }
    let values = try values(of: y)
    var weights = [Double](repeating: 0, count: count)
    var means = weights
    var largest = weights
    var roots = weights
    for (row, group) in groups.group.enumerated() {
      weights[group] += 1
      means[group] += values[row]
    }
    for group in 0..<count { means[group] /= weights[group] }
    for (row, group) in groups.group.enumerated() {
      largest[group] = max(largest[group], abs(values[row] - means[group]))
    }
    // Relative to the largest, squares of numbers of any scale can be summed.
    for (row, group) in groups.group.enumerated() where largest[group] > 0 {
      let deviation = (values[row] - means[group]) / largest[group]
      roots[group] += deviation * deviation
    }
    for group in 0..<count { roots[group] = roots[group].squareRoot() * largest[group] }
    func perGroup(_ expression: GatheredFormula) -> Node {
      let flat = Node.reshape(expression.base, [expression.base.shape.count])
      guard let elements = expression.elements, !expression.isScalar else { return flat }
      return .gather(flat, [IndexBlock(name: nil, values: groups.representative.map { Int(elements[$0]) })])
    }
    var total = Node.constant([Double](repeating: 0, count: count), [count])
    for (index, (term, sign)) in terms.enumerated() {
      let part = perGroup(term)
      if index == 0 && sign > 0 && part.shape.count == count {
        total = part
      } else {
        total = .binary(sign > 0 ? .add : .subtract, total, part)
      }
    }
    let numbers = addConstants(weights + means + roots)
    var code = instruction(
      CNK_NORMAL_GROUPS, out: Place(offset: 0), try place(of: total), try place(of: perGroup(spread)), numbers)
    code.dims = (1, 1, 1, Int64(count))
    code.b_stride.3 = spread.isScalar ? 0 : 1
    densities.append(code)
    constant -= Double(n) * Self.halfLogTwoPi
    return true
  }
}
