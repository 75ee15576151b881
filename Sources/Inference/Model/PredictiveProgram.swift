import NumericKernels

/// A model's formulas over parameters that are given by draws, or drawn from their priors, in the order of declaration.
struct PredictiveProgram {
  /// One thing to do for each draw.
  private enum Step {
    case compute(Range<Int>)
    case generate(Generator, Range<Int>)
  }

  /// Writes an output's values.
  private struct Output {
    let names: [String]
    let write: (Memory, UnsafeMutablePointer<Double>) -> Void
  }

  /// 32 GiB of doubles; what is asked for beyond is a mistake.
  private static let mostNumbers = 1 << 32

  /// What is wanted of an observation.
  enum Wanted { case values, logDensities }

  private var lowering = Lowering()
  private var steps: [Step] = []
  private var outputs: [Output] = []
  /// Places of given parameters' elements, with their names.
  private var given: [(name: String, place: Int)] = []
  private var computed = 0
  private var replacement: Replacement

  /// - Parameter drawsPriors: Whether all parameters are drawn; otherwise only new elements are.
  init(_ model: Model, _ replacement: Replacement, drawsPriors: Bool) throws {
    self.replacement = replacement
    var drawn: Set<ParameterKey> = []
    for parameter in model.parameters {
      let shape = replacement.shape(of: parameter)
      let place = lowering.allocate(shape.count)
      lowering.bind(parameter.key, to: place)
      if !drawsPriors {
        given += parameter.shape.elementNames(parameter.name).enumerated().map { ($1, place.offset + $0) }
        if shape == parameter.shape { continue }
      }
      let distribution = self.replacement(parameter.distribution)
      // A distribution keeps to bounds of its own.
      let own = parameter.distribution
      let lower = parameter.lower.flatMap { $0.node === own.lower?.node ? nil : $0 }
      let upper = parameter.upper.flatMap { $0.node === own.upper?.node ? nil : $0 }
      let generator = try lowering.generator(
        of: distribution, shape: shape, place: place.offset, lower: lower.map { self.replacement($0).node },
        upper: upper.map { self.replacement($0).node }, constraint: parameter.constraint, drawn: drawn, parameter.name)
      drawn.insert(parameter.key)
      let sets = shape.count / max(generator.count, 1)
      compute()
      let first = drawsPriors ? 0 : parameter.shape.count / max(sets, 1)
      steps.append(.generate(generator, first..<generator.count))
    }
  }

  /// Runs the instructions that have been added since.
  private mutating func compute() {
    let count = lowering.instructions.count
    if count > computed { steps.append(.compute(computed..<count)) }
    computed = count
  }

  /// Keeps a formula's value.
  mutating func add(_ name: String, _ formula: Formula) throws {
    let formula = replacement(formula)
    let (place, count) = (try lowering.place(of: formula.node).offset, formula.shape.count)
    compute()
    outputs.append(
      Output(names: formula.shape.elementNames(name)) { memory, into in
        into.update(from: memory.numbers(place), count: count)
      })
  }

  /// Keeps data made up for an observation, or the log densities of its values.
  mutating func add(_ observation: Model.Observation, _ wanted: Wanted) throws {
    let distribution = replacement(observation.distribution)
    switch wanted {
    case .values:
      let shape = try replacement.predictedShape(of: observation)
      let place = lowering.allocate(shape.count).offset
      let generator = try lowering.generator(of: distribution, shape: shape, place: place, observation.name)
      compute()
      steps.append(.generate(generator, 0..<generator.count))
      outputs.append(
        Output(names: shape.elementNames(observation.name)) { memory, into in
          into.update(from: memory.values + place, count: shape.count)
        })
    case .logDensities:
      let values = try replacement.values(of: observation)
      guard values.node.isData else { throw ModelError("the observed \(observation.name) is not data") }
      let shape = values.shape
      if case .vector(let family) = distribution.kind {
        let rows = try lowering.vectorRows(
          family, distribution.arguments.map(\.node), variate: shape, at: try lowering.place(of: values.node).offset,
          observation.name)
        try lowering.checkData(values.node, of: family, rows, observation.name)
        compute()
        let sets = Shape(Array(shape.lengths.dropLast(family.variateRank)))
        outputs.append(
          Output(names: sets.elementNames(observation.name)) { memory, into in
            for set in 0..<rows.count { into[set] = family.logDensity(rows, set, memory) }
          })
        return
      }
      if case .flat = distribution.kind { throw ModelError("\(observation.name) is observed with no distribution") }
      let density = try lowering.rowDensity(distribution, rows: shape, observation.name)
      try lowering.checkSupport(of: values.node, distribution, observation.name)
      let variate = try lowering.operand(values.node, in: shape)
      compute()
      outputs.append(
        Output(names: shape.elementNames(observation.name)) { memory, into in
          for row in 0..<shape.count { into[row] = density.logDensity(variate.number(row, memory), row, memory) }
        })
    }
  }

  /// Runs over draws.
  ///
  /// - Parameters:
  ///   - draws: Gives the parameters; nil where all are drawn from their priors.
  ///   - stream: The randomness of a draw of a chain.
  func run(
    _ draws: Draws?, chainCount: Int, drawCount: Int, stream: (_ chain: Int, _ draw: Int) -> RandomStream
  ) throws -> Draws {
    var variables: [(variable: Int, place: Int)] = []
    if let draws {
      let known = Dictionary(uniqueKeysWithValues: zip(draws.names, draws.names.indices))
      for (name, place) in given {
        guard let variable = known[name] else {
          throw ModelError("the draws have no \(name); they must be of this model, with all of its parameters")
        }
        variables.append((variable, place))
      }
    }
    let names = outputs.flatMap(\.names)
    let (total, overflows) = chainCount.multipliedReportingOverflow(by: drawCount)
    guard !overflows, total <= Self.mostNumbers / max(1, names.count) else {
      throw ModelError(
        "\(names.count) quantities in \(chainCount) chains of \(drawCount) draws are more numbers than can be held "
          + "(\(Self.mostNumbers)); ask for fewer")
    }
    var values = [Double](repeating: 0, count: names.count * total)
    var row = [Double](repeating: 0, count: max(1, names.count))
    let workspace = Workspace(Program(lowering))
    let memory = workspace.memory
    for chain in 0..<chainCount {
      for draw in 0..<drawCount {
        let position = chain * drawCount + draw
        if let draws {
          for (variable, place) in variables { memory.values[place] = draws.values[variable * total + position] }
        }
        var random = stream(chain, draw)
        try generate(workspace, &random)
        row.withUnsafeMutableBufferPointer { row in
          var next = row.baseAddress!
          for output in outputs {
            output.write(memory, next)
            next += output.names.count
          }
        }
        for i in names.indices { values[i * total + position] = row[i] }
      }
    }
    return Draws(wellFormed: names, chainCount: chainCount, drawCount: drawCount, values: values)
  }

  /// Takes all steps, from the first again wherever a variate is rejected.
  ///
  /// - Throws: ``Generator/Unreachable`` where hardly any draw of all parameters is within their bounds.
  private func generate(_ workspace: Workspace, _ random: inout RandomStream) throws {
    var last = ""
    for _ in 0..<Generator.jointAttempts {
      do {
        for step in steps {
          switch step {
          case .compute(let range): workspace.program.computeValues(range, workspace.memory)
          case .generate(let generator, let rows):
            for row in rows { try generator.draw(row, workspace.memory, &random) }
          }
        }
        return
      } catch let rejection as Generator.Rejection { last = rejection.label }
    }
    throw Generator.Unreachable(label: last)
  }
}
