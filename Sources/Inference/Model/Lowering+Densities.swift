import CNumericKernels
import Foundation

/// How densities become instructions: the families that the tape knows by its kernels, others by loops over rows.
extension Lowering {
  /// ½ log 2π.
  static let halfLogTwoPi = 0.918938533204672741780

  /// Adds the log density of a variate.
  ///
  /// - Parameter label: The variate's name, for messages.
  mutating func addDensity(of variate: Node, _ distribution: Distribution, _ label: String) throws {
    let arguments = distribution.arguments.map(\.node)
    try checkFinite(distribution.formulas.map(\.node), label)
    switch distribution.kind {
    case .flat: return
    case .vector(let family):
      let rows = try vectorRows(
        family, arguments, variate: variate.shape, at: try place(of: variate).offset, label)
      if variate.isData { try checkData(variate, of: family, rows, label) }
      blocks.append(DensityBlock { family.evaluate(rows, $0) })
    case .combined:
      let density = try rowDensity(distribution, rows: variate.shape, label)
      if variate.isData { try checkSupport(of: variate, distribution, label) }
      let (operand, count) = (try operand(variate, in: variate.shape), variate.shape.count)
      blocks.append(DensityBlock { density.evaluate(operand, count: count, $0) })
    case .scalar(let family):
      try check(arguments, of: family, rows: variate.shape, label)
      if variate.isData {
        try checkSupport(of: variate, distribution, label)
        if try addPredictedRows(variate, family, arguments) { return }
      }
      if case .normal = family.kernel {
        try addNormal(variate, arguments[0], arguments[1])
      } else {
        blocks.append(family.block(try rows(of: variate, arguments)))
      }
    }
  }

  /// Adds the sum of an expression to the log density.
  mutating func addTerm(_ node: Node) throws {
    try checkFinite([node], nil)
    let place = try place(of: node)
    if place.isConstant {
      constant += try values(of: node).reduce(0, +)
      return
    }
    var code = instruction(CNK_TERM, out: Place(offset: 0), place)
    code.dims.0 = Int64(node.shape.count)
    densities.append(code)
  }

  mutating func addNormal(_ x: Node, _ mean: Node, _ sd: Node) throws {
    let count = x.shape.count
    constant -= Double(count) * Self.halfLogTwoPi
    if mean.isData, sd.isData, try values(of: mean).allSatisfy({ $0 == 0 }), try values(of: sd).allSatisfy({ $0 == 1 }),
      !x.isData
    {
      var code = instruction(CNK_STANDARD_NORMAL, out: Place(offset: 0), try place(of: x))
      code.dims.0 = Int64(count)
      densities.append(code)
      return
    }
    let axes = try BroadcastAxes([x.shape, mean.shape, sd.shape], x.shape)
    var code = instruction(
      CNK_NORMAL, out: Place(offset: 0), try place(of: x), try place(of: mean), try place(of: sd))
    code.dims = axes.dims
    (code.a_stride, code.b_stride, code.c_stride) = (axes.strides[0], axes.strides[1], axes.strides[2])
    densities.append(code)
  }

  private mutating func rows(of x: Node, _ arguments: [Node]) throws -> DensityRows {
    DensityRows(
      count: x.shape.count, variate: try operand(x, in: x.shape),
      parameters: try arguments.map { try operand($0, in: x.shape) })
  }

  mutating func operand(_ node: Node, in shape: Shape) throws -> RowOperand {
    operand(at: try place(of: node).offset, node.shape, in: shape)
  }

  /// Elements (or blocks) of a shape of their own, broadcast to rows.
  mutating func operand(at place: Int, _ own: Shape, in rows: Shape) -> RowOperand {
    if own.count == 1 { return RowOperand(place: place, rows: .same) }
    if own.count == rows.count { return RowOperand(place: place, rows: .own) }
    return RowOperand(place: place, rows: .table(addTable(own.elements(in: rows))))
  }

  /// Numbers and shapes of arguments, and where constant ones lie.
  mutating func check(_ arguments: [Node], of family: ScalarFamily, rows shape: Shape, _ label: String) throws {
    guard arguments.count == family.parameterNames.count else {
      throw ModelError(
        "\(label): \(family.name) has the parameters \(family.parameterNames.joined(separator: ", ")); "
          + "\(arguments.count) are given")
    }
    for (k, argument) in arguments.enumerated() {
      if case .invalid(let message) = argument.operation { throw ModelError("\(label): \(message)") }
      guard Shape.broadcast(argument.shape, shape) == shape else {
        throw ModelError(
          "\(label) has the shape \(shape), but the \(family.parameterNames[k]) of its \(family.name) "
            + "distribution (\(argument.label)) has the shape \(argument.shape)")
      }
      guard argument.isData else { continue }
      let support = family.parameterSupports[k]
      if let wrong = try values(of: argument).first(where: { !support.admits($0) || !family.admits($0, as: k) }) {
        let range = support.admits(wrong) && wrong.isFinite ? " (\(PositiveParameter.range))" : ""
        throw ModelError(
          "\(label): the \(family.parameterNames[k]) of \(family.name) must be among \(support.words)\(range); "
            + "it is \(wrong)")
      }
    }
  }
}

extension ScalarFamily {
  /// Whether a parameter may be this beside ordinary ones.
  func admits(_ x: Double, as parameter: Int) -> Bool {
    guard let isValid else { return true }
    var p = SIMD4<Double>.zero
    for (k, support) in parameterSupports.enumerated() {
      switch support {
      case .real: p[k] = 0
      case .above(let low): p[k] = low + 1
      case .below(let high): p[k] = high - 1
      case .interval(let low, let high): p[k] = 0.5 * (low + high)
      case .integers(let low, _): p[k] = low
      }
    }
    // Where two parameters order each other, ordinary ones say nothing.
    guard isValid(p) else { return true }
    p[parameter] = x
    return isValid(p)
  }
}

extension Support {
  /// Whether a distribution's parameter may be this; bounds do not belong to it, but for whole numbers.
  func admits(_ x: Double) -> Bool {
    switch self {
    case .above(let low): x > low
    case .below(let high): x < high
    default: contains(x)
    }
  }
}
