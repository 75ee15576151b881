/// What data make impossible whatever the parameters are, told by name before anything is sampled.
extension Lowering {
  /// Why a value is impossible in a row; nil if it is not, or if that hangs on parameters.
  private typealias Objection = (_ x: Double, _ row: Int) -> String?

  /// Checks observed values, one by one, against what of their distribution is known without parameters.
  mutating func checkSupport(of variate: Node, _ distribution: Distribution, _ label: String) throws {
    let values = try values(of: variate)
    if values.isEmpty { throw ModelError("the observed \(label) has no rows") }
    let objection = try objection(distribution, variate.shape)
    for (row, value) in values.enumerated() {
      guard value.isFinite else {
        throw ModelError("the observed \(label) is \(value) in row \(row); leave such rows out")
      }
      if let reason = objection(value, row) {
        throw ModelError("the observed \(label) is \(value) in row \(row), \(reason)")
      }
    }
  }

  /// A formula's values in each row, not-a-number where they hang on parameters.
  private mutating func known(_ node: Node, in rows: Shape) throws -> (Int) -> Double {
    guard node.isData else { return { _ in .nan } }
    let own = try values(of: node)
    if own.count == 1 { return { _ in own[0] } }
    if own.count == rows.count { return { own[$0] } }
    let elements = node.shape.elements(in: rows)
    return { own[Int(elements[$0])] }
  }

  /// - Parameter name: What the distribution goes by in messages, where it is part of another.
  private mutating func objection(
    _ distribution: Distribution, _ rows: Shape, as name: String? = nil
  ) throws -> Objection {
    let name = name ?? distribution.name
    let arguments = try distribution.arguments.map { try known($0.node, in: rows) }
    switch distribution.kind {
    case .flat, .vector: return { _, _ in nil }
    case .scalar(let family):
      let areAllKnown = distribution.arguments.allSatisfy(\.node.isData)
      return { x, row in
        var p = SIMD4<Double>.zero
        for k in arguments.indices { p[k] = arguments[k](row) }
        let support = family.support(p)
        if support.excludes(x) { return "outside the support of \(name), \(support.words)" }
        guard areAllKnown else { return nil }
        let value = family.evaluate(x, p).value
        if value.isFinite { return nil }
        let parameters = zip(family.parameterNames, arguments).map { "\($0) = \($1(row))" }.joined(separator: ", ")
        return "where the log density of \(family.name) with \(parameters) is \(value)"
      }
    case .combined(.zeroInflated(let base)):
      let base = try objection(base, rows, as: name)
      return { x, row in
        let theta = arguments[0](row)
        if x == 0 { return theta == 0 ? base(x, row) : nil }
        return theta == 1 ? "but the theta of its zero-inflation is 1 there, which leaves only 0" : base(x, row)
      }
    case .combined(.truncated(let base, let hasLower)):
      let (inner, ends) = (try objection(base, rows, as: name), try supportEnds(base, rows))
      let bounds = Self.bounds(arguments, hasLower)
      return { x, row in
        let (low, high) = bounds(row)
        if x < low || x > high { return "outside the bounds of its \(distribution.name), \(low) to \(high)" }
        let (least, most) = ends(row)
        if low > most || high < least { return "but no \(base.name) variate is within the bounds, \(low) to \(high)" }
        return inner(x, row)
      }
    case .combined(.censored(let base, let hasLower)):
      let (inner, ends) = (try objection(base, rows, as: name), try supportEnds(base, rows))
      let bounds = Self.bounds(arguments, hasLower)
      return { x, row in
        let (low, high) = bounds(row)
        let (least, most) = ends(row)
        if x < low || x > high {
          let (side, limit) = x < low ? ("below the lower", low) : ("above the upper", high)
          return
            "\(side) limit of its \(distribution.name), \(limit); what lies beyond a limit is observed as the limit"
        }
        // At a bound it stands for all that lies there and beyond.
        if x == low { return low < least ? "at the bound \(low), where no \(base.name) variate is, nor below" : nil }
        if x == high { return high > most ? "at the bound \(high), where no \(base.name) variate is, nor above" : nil }
        return inner(x, row)
      }
    case .combined(.mixture(let components)):
      let parts = try components.map { try objection($0, rows) }
      let weights = distribution.arguments[0].node
      let numbers = weights.isData ? try values(of: weights) : nil
      let sets = Shape(Array(weights.shape.lengths.dropLast())).elements(in: rows)
      return { x, row in
        var reason: String?
        for (k, part) in parts.enumerated() {
          if let numbers, numbers[Int(sets[row]) * parts.count + k] == 0 { continue }
          guard let objection = part(x, row) else { return nil }
          reason = reason ?? objection
        }
        return reason.map { "impossible for every component of its mixture: \($0)" }
      }
    }
  }

  private static func bounds(
    _ arguments: [(Int) -> Double], _ hasLower: Bool
  ) -> (_ row: Int) -> (low: Double, high: Double) {
    let lower = hasLower ? arguments.first : nil
    let upper = hasLower ? arguments.dropFirst().first : arguments.first
    return { row in (lower?(row) ?? -.infinity, upper?(row) ?? .infinity) }
  }

  /// The ends of a family's support in each row, not-a-number where they hang on parameters.
  private mutating func supportEnds(
    _ distribution: Distribution, _ rows: Shape
  ) throws -> (_ row: Int) -> (low: Double, high: Double) {
    guard case .scalar(let family) = distribution.kind else { return { _ in (.nan, .nan) } }
    let arguments = try distribution.arguments.map { try known($0.node, in: rows) }
    return { row in
      var p = SIMD4<Double>.zero
      for k in arguments.indices { p[k] = arguments[k](row) }
      return family.support(p).ends
    }
  }

  /// Checks that numbers with which parameters are combined are finite, and that none is divided by 0.
  ///
  /// - Parameter label: What the formulas are of, for messages.
  mutating func checkFinite(_ roots: [Node], _ label: String?) throws {
    let prefix = label.map { $0 + ": " } ?? ""
    for node in Node.inOrder(roots) where !node.isData {
      switch node.operation {
      case .binary(.add), .binary(.subtract), .binary(.multiply), .binary(.divide), .binary(.power), .matrixProduct:
        for (k, operand) in node.operands.enumerated() where operand.isData {
          let isDivisor = k == 1 && node.operation == .binary(.divide)
          let numbers: [Double]
          if case .constant(let block) = operand.operation {
            numbers = block.values
          } else {
            numbers = try values(of: operand)
          }
          guard let position = numbers.firstIndex(where: { !$0.isFinite || isDivisor && $0 == 0 }) else { continue }
          let place = numbers.count == 1 ? "" : " at position \(position)"
          throw ModelError(
            "\(prefix)\(isDivisor ? "a formula divides by" : "a formula holds") \(operand.source), which is "
              + "\(numbers[position])\(place)")
        }
      default: continue
      }
    }
  }

  /// Bounds of a parameter that are data: finite, and the lower below the upper.
  mutating func checkBounds(of parameter: Model.Parameter) throws {
    let (lower, upper) = parameter.bounds
    for (bound, kind) in [(lower, "lower"), (upper, "upper")] {
      guard let bound, bound.isData else { continue }
      let numbers = try values(of: bound)
      guard let position = numbers.firstIndex(where: { !$0.isFinite }) else { continue }
      throw ModelError(
        "the \(kind) bound of \(parameter.name) is \(numbers[position])"
          + (numbers.count == 1
            ? "" : " at position \(position); declare elements without a bound as a parameter of their own"))
    }
    try checkBoundsBelongToSupport(of: parameter)
    guard let lower, let upper, lower.isData, upper.isData,
      let shape = Shape.broadcast(lower.shape, upper.shape)
    else { return }
    let (low, high) = (try known(lower, in: shape), try known(upper, in: shape))
    for position in 0..<shape.count where !(low(position) < high(position)) {
      throw ModelError(
        "the lower bound of \(parameter.name), \(low(position)), is not below the upper bound, \(high(position))"
          + (shape.count == 1 ? "" : ", at position \(position)"))
    }
  }

  /// Bounds that are data: some of the prior's values lie between them, as far as its support is known.
  private mutating func checkBoundsBelongToSupport(of parameter: Model.Parameter) throws {
    let (name, shape, prior) = (parameter.name, parameter.shape, parameter.distribution)
    func fits(_ node: Node) -> Bool {
      if case .invalid = node.operation { return false }
      return Shape.broadcast(node.shape, shape) == shape
    }
    guard prior.arguments.allSatisfy({ fits($0.node) }) else { return }
    let ends = try supportEnds(prior, shape)
    // Those that were given, not those that come from the prior itself.
    for (bound, isLower) in [(parameter.lower, true), (parameter.upper, false)] {
      guard let node = bound?.node, node.isData, fits(node) else { continue }
      let number = try known(node, in: shape)
      for position in 0..<shape.count {
        let (least, most) = ends(position)
        guard isLower ? number(position) >= most : number(position) <= least else { continue }
        throw ModelError(
          "the \(isLower ? "lower" : "upper") bound of \(name) is \(number(position)), and its \(prior.name) has no "
            + "values \(isLower ? "above \(most)" : "below \(least)")"
            + (shape.count == 1 ? "" : ", at position \(position)"))
      }
    }
  }
}

extension Node {
  /// A name for messages; of what is computed from data, theirs.
  var source: String {
    if case .constant = operation { return label }
    var names: [String] = []
    for node in Node.inOrder([self]) {
      if case .constant(let block) = node.operation, let name = block.name, !names.contains(name) {
        names.append(name)
      }
    }
    return names.isEmpty ? label : "an expression of \(names.joined(separator: ", "))"
  }
}

extension Support {
  /// Whether a number is outside; bounds that are not known exclude nothing.
  func excludes(_ x: Double) -> Bool {
    let (low, high) = ends
    if case .integers = self, x != x.rounded() { return true }
    return x < low || x > high
  }
}
