/// What of a scan's body does not depend on its states, computed for all steps at once.
struct StepwiseVectors {
  private let body: ScanBody
  /// Nodes of the body, each with the sequence of its values over all steps.
  private(set) var vectors: [(symbol: Node, sequence: Node)] = []
  private var known: [ObjectIdentifier: Node] = [:]

  /// - Parameter sequences: The scan's sequences in the order of the body's inputs.
  init(_ body: ScanBody, sequences: [Node]) {
    self.body = body
    for (input, sequence) in zip(body.inputs, sequences) where input.shape.rank == 0 {
      known[ObjectIdentifier(input)] = sequence
    }
    let states = Set(body.states.map(ObjectIdentifier.init))
    for node in Node.inOrder(body.next, skipping: { !$0.isStepwise || states.contains(ObjectIdentifier($0)) })
    where node.shape.rank == 0 && node.isStepwise && known[ObjectIdentifier(node)] == nil {
      guard let operands = stepless(node.operands) else { continue }
      switch node.operation {
      case .unary, .binary:
        let sequence = node.rebuilt(operands)
        known[ObjectIdentifier(node)] = sequence
        vectors.append((node, sequence))
      default: continue
      }
    }
  }

  /// The sequences of nodes, or nil where one depends on a state.
  private func stepless(_ nodes: [Node]) -> [Node]? {
    var found: [Node] = []
    for node in nodes {
      guard let sequence = known[ObjectIdentifier(node)] ?? (node.isStepwise ? nil : node) else { return nil }
      found.append(sequence)
    }
    return found
  }

  /// state[t] = coefficient · state[t-1] + input[t], where the body is that.
  func linearRecursion() -> (coefficient: Node, input: Node)? {
    guard body.states.count == 1, body.states[0].shape.rank == 0 else { return nil }
    let state = body.states[0]
    var coefficient: Node?
    var input = Node.constant([Double](repeating: 0, count: body.length), [body.length])
    for term in AdditiveTerms(body.next[0]).terms {
      if let sequence = stepless([term.node])?.first {
        input = .binary(term.sign > 0 ? .add : .subtract, input, sequence)
        continue
      }
      guard coefficient == nil, term.sign > 0, case .binary(.multiply) = term.node.operation else { return nil }
      let (a, b) = (term.node.operands[0], term.node.operands[1])
      if a === state && !b.isStepwise {
        coefficient = b
      } else if b === state && !a.isStepwise {
        coefficient = a
      } else {
        return nil
      }
    }
    return coefficient.map { ($0, input) }
  }
}

/// A sum taken apart into its terms.
struct AdditiveTerms {
  private(set) var terms: [(node: Node, sign: Double)] = []

  init(_ root: Node) {
    var stack = [(node: root, sign: 1.0)]
    while let (node, sign) = stack.popLast() {
      switch node.operation {
      case .binary(.add): stack += [(node.operands[1], sign), (node.operands[0], sign)]
      case .binary(.subtract): stack += [(node.operands[1], -sign), (node.operands[0], sign)]
      case .unary(.negate): stack.append((node.operands[0], -sign))
      default: terms.append((node, sign))
      }
    }
  }
}
