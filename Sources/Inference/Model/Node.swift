import CNumericKernels

/// An immutable vertex of a model's computation graph.
final class Node: Sendable {
  let operation: Operation
  let operands: [Node]
  let shape: Shape
  /// Whether no parameter enters, so that the value is found once, when the model is compiled.
  let isData: Bool
  /// Whether a scan's own symbols enter, so that the value differs from step to step.
  let isStepwise: Bool
  /// Operations from here to the furthest leaf.
  let depth: Int

  /// Deeper graphs are refused, since releasing them would exhaust the stack.
  static let greatestDepth = 10_000

  init(_ operation: Operation, _ operands: [Node], _ shape: Shape) {
    self.operation = operation
    self.shape = shape
    depth = 1 + (operands.lazy.map(\.depth).max() ?? 0)
    self.operands = operands
    switch operation {
    case .constant: (isData, isStepwise) = (true, false)
    case .parameter, .free: (isData, isStepwise) = (false, false)
    case .symbol: (isData, isStepwise) = (false, true)
    // Scans run in the program, even over data alone.
    case .invalid, .scan: (isData, isStepwise) = (false, operands.contains { $0.isStepwise })
    default:
      isData = operands.allSatisfy(\.isData)
      isStepwise = operands.contains { $0.isStepwise }
    }
  }

  enum Operation: Sendable, Hashable {
    case constant(DataBlock)
    /// A parameter on its own scale.
    case parameter(ParameterKey)
    /// A parameter's unconstrained coordinates.
    case free(ParameterKey)
    /// What a scan's body is given: state carried over, or this step's element of a sequence.
    case symbol(ScanSymbol)
    case unary(Unary)
    case binary(Binary)
    /// Over one axis, or all.
    case sum(axis: Int?)
    /// Over the last axis.
    case logSumExp
    /// Along the last axis.
    case cumulativeSum
    /// The first axes indexed side by side: element i is operand[index0[i], index1[i], …].
    case gather([IndexBlock])
    case reshape
    case transpose
    case matrixProduct
    /// Operands end to end along the first axis.
    case concatenation
    /// One carried state of a scan after every step; operands are initial states, sequences and what the body uses.
    case scan(ScanBody, state: Int)
    /// A mistake, reported when the model is compiled.
    case invalid(String)
  }

  enum Unary: Sendable, Hashable {
    case negate, exp, log, log1p, expm1, sqrt, square, reciprocal, tanh, inverseLogit, log1pExp, logGamma, abs, sin, cos
    case normalCDF

    var code: cnk_tape_operation {
      switch self {
      case .negate: CNK_NEGATE
      case .exp: CNK_EXP
      case .log: CNK_LOG
      case .log1p: CNK_LOG1P
      case .expm1: CNK_EXPM1
      case .sqrt: CNK_SQRT
      case .square: CNK_SQUARE
      case .reciprocal: CNK_RECIPROCAL
      case .tanh: CNK_TANH
      case .inverseLogit: CNK_INVERSE_LOGIT
      case .log1pExp: CNK_LOG1P_EXP
      case .logGamma: CNK_LOG_GAMMA
      case .abs: CNK_ABS
      case .sin: CNK_SIN
      case .cos: CNK_COS
      case .normalCDF: CNK_NORMAL_CDF
      }
    }
  }

  enum Binary: Sendable, Hashable {
    case add, subtract, multiply, divide, power, logAddExp, maximum, minimum

    var code: cnk_tape_operation {
      switch self {
      case .add: CNK_ADD
      case .subtract: CNK_SUBTRACT
      case .multiply: CNK_MULTIPLY
      case .divide: CNK_DIVIDE
      case .power: CNK_POWER
      case .logAddExp: CNK_LOG_ADD_EXP
      case .maximum: CNK_MAXIMUM
      case .minimum: CNK_MINIMUM
      }
    }

    var symbol: String {
      switch self {
      case .add: "+"
      case .subtract: "-"
      case .multiply: "*"
      case .divide: "/"
      case .power: "pow"
      case .logAddExp: "logAddExp"
      case .maximum: "maximum"
      case .minimum: "minimum"
      }
    }
  }
}

/// Numbers given from outside: data with a name can be replaced for prediction.
final class DataBlock: Sendable, Hashable {
  let name: String?
  let values: [Double]
  let shape: Shape

  init(name: String? = nil, values: [Double], shape: Shape) {
    self.name = name
    self.values = values
    self.shape = shape
  }

  static func == (a: DataBlock, b: DataBlock) -> Bool {
    a === b || (a.name == nil && b.name == nil && a.shape == b.shape && a.values.count <= 16 && a.values == b.values)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(shape)
    if name == nil && values.count <= 16 { hasher.combine(values) } else { hasher.combine(ObjectIdentifier(self)) }
  }
}

/// Positions counted from 0; with a name they can be replaced for prediction.
final class IndexBlock: Sendable, Hashable {
  let name: String?
  let values: [Int]

  init(name: String?, values: [Int]) {
    self.name = name
    self.values = values
  }

  static func == (a: IndexBlock, b: IndexBlock) -> Bool { a === b || (a.name == b.name && a.values == b.values) }

  func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(values.count)
    for value in values.prefix(16) { hasher.combine(value) }
  }
}

/// Which parameter of which model.
struct ParameterKey: Sendable, Hashable {
  let model: ModelIdentity
  let name: String
}

/// Tells one model's parameters from another's of the same name; copies of a model share it.
final class ModelIdentity: Sendable, Hashable {
  static func == (a: ModelIdentity, b: ModelIdentity) -> Bool { a === b }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
