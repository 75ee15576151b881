/// Stands for a value inside a scan's body.
final class ScanSymbol: Sendable, Hashable {
  static func == (a: ScanSymbol, b: ScanSymbol) -> Bool { a === b }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// One step of a recursion, written once for all steps.
final class ScanBody: Sendable, Hashable {
  /// Symbols of the carried states and of the sequences' present elements.
  let states: [Node]
  let inputs: [Node]
  /// The states after the step.
  let next: [Node]
  let length: Int

  init(states: [Node], inputs: [Node], next: [Node], length: Int) {
    self.states = states
    self.inputs = inputs
    self.next = next
    self.length = length
  }

  static func == (a: ScanBody, b: ScanBody) -> Bool { a === b }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  /// A scan's outputs, one per state, each of shape `[length] + state`.
  static func scan(initial: [Node], over inputs: [Node], length: Int?, _ body: ([Node], [Node]) -> [Node]) -> [Node] {
    func fail(_ message: String) -> [Node] { initial.map { _ in .invalid(message) } }
    for node in initial + inputs {
      if case .invalid(let message) = node.operation { return fail(message) }
      if node.isStepwise { return fail("a scan within a scan is not supported") }
    }
    guard !initial.isEmpty else { return [] }
    guard inputs.allSatisfy({ $0.shape.rank > 0 }) else { return fail("scan needs sequences; a scalar is none") }
    let lengths = inputs.map { $0.shape.lengths[0] }
    guard let steps = length ?? lengths.first, lengths.allSatisfy({ $0 == steps }) else {
      return fail("scan needs sequences of one length, or a length; the lengths are \(lengths)")
    }
    guard steps > 0 else { return fail("scan needs at least one step") }
    let states = initial.map { Node(.symbol(ScanSymbol()), [], $0.shape) }
    let elements = inputs.map { Node(.symbol(ScanSymbol()), [], Shape(Array($0.shape.lengths.dropFirst()))) }
    let next = body(states, elements)
    guard next.count == states.count else {
      return fail("a scan that carries \(states.count) states returned \(next.count)")
    }
    for (state, result) in zip(states, next) {
      if case .invalid(let message) = result.operation { return fail(message) }
      guard result.shape == state.shape else {
        return fail("a scan's state \(state.shape) became \(result.shape); it must keep its shape")
      }
    }
    let made = ScanBody(states: states, inputs: elements, next: next, length: steps)
    return made.outputs(initial: initial, inputs: inputs)
  }

  /// What the body uses besides its symbols, so that it is computed before the scan.
  private var surroundings: [Node] {
    var found: [Node] = []
    for node in Node.inOrder(next, skipping: { !$0.isStepwise }) {
      for operand in node.operands where !operand.isStepwise && !found.contains(where: { $0 === operand }) {
        found.append(operand)
      }
    }
    for node in next where !node.isStepwise { found.append(node) }
    return found
  }

  private func outputs(initial: [Node], inputs: [Node]) -> [Node] {
    let operands = initial + inputs + surroundings
    return states.indices.map {
      Node(.scan(self, state: $0), operands, Shape([length] + states[$0].shape.lengths))
    }
  }

  /// The scan over replaced operands, which are initial states, sequences and surroundings in the order of `outputs`.
  func rebuilt(_ operands: [Node], state: Int) -> Node {
    let initial = Array(operands[..<states.count])
    let sequences = Array(operands[states.count..<(states.count + inputs.count)])
    let old = surroundings
    let new = operands[(states.count + inputs.count)...]
    let table = Dictionary(uniqueKeysWithValues: zip(old.map(ObjectIdentifier.init), new))
    let steps = sequences.first?.shape.lengths.first ?? length
    return ScanBody.scan(initial: initial, over: sequences, length: steps) { newStates, newInputs in
      var symbols = table
      for (old, new) in zip(states + inputs, newStates + newInputs) { symbols[ObjectIdentifier(old)] = new }
      var rebuild = Rebuilding(leaf: { symbols[ObjectIdentifier($0)] }, index: { _ in nil })
      return next.map { rebuild($0) }
    }[state]
  }
}

/// Runs a recursion over time.
///
///     state[t] = body(state[t-1], inputs[t]),   t = 1 … T,   state[0] = initial
///
/// An AR(1) mean or the variance of a GARCH process are such recursions. The body is called once, with symbols; it may
/// use parameters and data from outside.
///
/// - Parameters:
///   - initial: The state before the first step; any shape, which steps must keep.
///   - inputs: Sequences of one length along their first axes; the body sees one element of each.
///   - length: The number of steps; needed only without inputs.
/// - Returns: The states after each step, of shape `[T] + initial`.
public func scan(
  from initial: Formula, over inputs: Formula..., length: Int? = nil,
  _ body: (_ state: Formula, _ inputs: [Formula]) -> Formula
) -> Formula {
  let outputs = ScanBody.scan(initial: [initial.node], over: inputs.map(\.node), length: length) { states, elements in
    [body(Formula(states[0]), elements.map(Formula.init)).node]
  }
  return Formula(outputs[0])
}

/// Runs a recursion over time that carries several states; see ``scan(from:over:length:_:)-(Formula,_,_,_)``.
public func scan(
  from initial: [Formula], over inputs: [Formula] = [], length: Int? = nil,
  _ body: (_ states: [Formula], _ inputs: [Formula]) -> [Formula]
) -> [Formula] {
  ScanBody.scan(initial: initial.map(\.node), over: inputs.map(\.node), length: length) { states, elements in
    body(states.map(Formula.init), elements.map(Formula.init)).map(\.node)
  }.map(Formula.init)
}
