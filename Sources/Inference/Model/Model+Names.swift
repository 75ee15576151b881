extension Model {
  /// What would make two things answer to one name: elements that are named like a scalar, and data that would be
  /// replaced together.
  func checkNames() throws(ModelError) {
    try checkElementNames()
    try checkDataNames()
  }

  /// The elements of `a` are named `a[1]`, …, which nothing else may be.
  private func checkElementNames() throws(ModelError) {
    let shapes =
      parameters.map { ($0.name, $0.shape) } + deterministics.map { ($0.name, $0.formula.shape) }
      + observations.map { ($0.name, $0.values.shape) }
    let vectors = Dictionary(shapes.filter { $0.1.rank > 0 }, uniquingKeysWith: { first, _ in first })
    for (name, shape) in shapes where shape.rank == 0 && name.hasSuffix("]") {
      guard let bracket = name.lastIndex(of: "[") else { continue }
      let base = String(name[..<bracket])
      if let other = vectors[base], other.elementNames(base).contains(name) {
        throw ModelError("\(name) is named like an element of \(base), which has the shape \(other)")
      }
    }
  }

  /// Everything that is replaced under one name must be the same numbers.
  private func checkDataNames() throws(ModelError) {
    var known: [String: (kind: String, values: [Double])] = [:]
    func add(_ name: String, _ kind: String, _ values: [Double]) throws(ModelError) {
      guard let other = known.updateValue((kind, values), forKey: name), other.values != values else { return }
      throw ModelError(
        kind == other.kind
          ? "there are two \(kind == "data" ? "data" : "indices") named \(name), which differ"
          : "the name \(name) is of \(other.kind) and of \(kind), which differ; both would be replaced under that name")
    }
    let roots =
      parameters.flatMap { $0.distribution.formulas + [$0.lower, $0.upper].compactMap { $0 } }
      + deterministics.map(\.formula) + observations.flatMap { $0.distribution.formulas + [$0.values] }
      + terms.map(\.formula)
    for node in Node.inOrder(roots.map(\.node)) {
      switch node.operation {
      case .constant(let block): if let name = block.name { try add(name, "data", block.values) }
      case .gather(let indices):
        for index in indices { if let name = index.name { try add(name, "an index", index.values.map(Double.init)) } }
      default: break
      }
    }
    for observation in observations {
      guard let other = known[observation.name] else { continue }
      if case .constant(let block) = observation.values.node.operation, block.values == other.values { continue }
      throw ModelError(
        "the name \(observation.name) is of \(other.kind) and of an observation, which differ; "
          + "both would be replaced under that name")
    }
    for (kind, names) in [
      ("a parameter", parameters.map(\.name)), ("a quantity", deterministics.map(\.name)),
      ("a term", terms.map(\.name)),
    ] {
      for name in names {
        if let other = known[name] { throw ModelError("the name \(name) is of \(other.kind) and of \(kind)") }
      }
    }
  }
}
