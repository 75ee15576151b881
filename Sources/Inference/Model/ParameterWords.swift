/// Parameters of distributions in words, for messages about a row.
enum ParameterWords {
  static func number(_ x: Double) -> String { x.isNaN ? "nan" : "\(x)" }

  /// Where an element is, in words that follow a name.
  static func element(_ row: Int, of shape: Shape) -> String {
    shape.count == 1 ? "" : " at position \(row)"
  }

  /// What is wrong with a parameter of a vector family in a set, with its name; nil if nothing is.
  static func problem(with family: VectorFamily, _ rows: VectorRows, _ set: Int, _ memory: Memory) -> String? {
    for (k, operand) in rows.parameters.enumerated() {
      let length = rows.parameterLengths[k]
      let numbers = UnsafeBufferPointer(
        start: memory.numbers(operand.place) + operand.element(set, memory) * length, count: length)
      if let problem = family.problem(k, Array(numbers), rows.size) {
        return "the \(family.parameterNames[k]) of its \(family.name) \(problem)"
      }
    }
    return nil
  }
}

extension Lowering {
  /// The parameters of a univariate distribution in a row, in words that follow a comma.
  mutating func parameterWords(
    of distribution: Distribution, rows shape: Shape
  ) throws -> @Sendable (_ row: Int, Memory) -> String {
    var named: [(name: String, operand: RowOperand)] = []
    try collect(distribution, shape, prefix: "", into: &named)
    let known = named
    return { row, memory in
      known.map { ", \($0.name) \(ParameterWords.number($0.operand.number(row, memory)))" }.joined()
    }
  }

  private mutating func collect(
    _ distribution: Distribution, _ shape: Shape, prefix: String,
    into named: inout [(name: String, operand: RowOperand)]
  ) throws {
    let nodes = distribution.arguments.map(\.node)
    func names() -> [String] {
      switch distribution.kind {
      case .flat, .vector, .combined(.mixture): []
      case .scalar(let family): family.parameterNames
      case .combined(.zeroInflated): ["theta"]
      case .combined(.truncated(_, let hasLower)), .combined(.censored(_, let hasLower)):
        hasLower ? ["lower bound", "upper bound"] : ["upper bound"]
      }
    }
    for (name, node) in zip(names(), nodes) { named.append((prefix + name, try operand(node, in: shape))) }
    guard case .combined(let combination) = distribution.kind else { return }
    if case .mixture(let components) = combination {
      for (k, part) in components.enumerated() {
        try collect(part, shape, prefix: "\(prefix)component \(k)'s ", into: &named)
      }
    } else {
      for part in combination.parts { try collect(part, shape, prefix: prefix, into: &named) }
    }
  }
}
