/// Draws of named scalar variables from several Markov chains of equal length.
///
/// Values are flat in the order variable, chain, draw, so that one variable's draws, and one chain's within them, are
/// contiguous.
public struct Draws: Sendable, Equatable {
  /// The variables' names, all different.
  public let names: [String]
  public let chainCount: Int
  /// The number of draws in each chain.
  public let drawCount: Int
  /// The value of variable v, chain c, draw d is at `(v * chainCount + c) * drawCount + d`.
  public let values: [Double]

  /// A name asked for that no variable has, or that more than one would have.
  public struct UnknownVariable: Error, Equatable, CustomStringConvertible {
    public let name: String
    public let known: [String]
    /// Whether the name would be of more than one variable.
    public let isRepeated: Bool

    public init(name: String, known: [String], isRepeated: Bool = false) {
      self.name = name
      self.known = known
      self.isRepeated = isRepeated
    }

    public var description: String {
      isRepeated
        ? "The variable \(name) would be there more than once; variables need different names."
        : "There is no variable named \(name); there are: \(known.joined(separator: ", "))."
    }
  }

  /// Draws that do not fit together, or a step or number that they cannot have.
  public struct Misfit: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  /// - Throws: ``Misfit`` for a name given twice, no chain, or another number of values than names * chains * draws.
  public init(names: [String], chainCount: Int, drawCount: Int, values: [Double]) throws(Misfit) {
    var seen: Set<String> = []
    if let name = names.first(where: { !seen.insert($0).inserted }) {
      throw Misfit(description: "The variable \(name) is there twice; variables need different names.")
    }
    guard chainCount >= 1, drawCount >= 0 else {
      throw Misfit(
        description: "Draws need at least one chain of at least 0 draws; \(chainCount) of \(drawCount) are given.")
    }
    let (perVariable, overflows) = chainCount.multipliedReportingOverflow(by: drawCount)
    let (needed, overflowsToo) = perVariable.multipliedReportingOverflow(by: names.count)
    guard !overflows, !overflowsToo, values.count == needed else {
      throw Misfit(
        description: "\(names.count) variables of \(chainCount) chains with \(drawCount) draws need as many values as "
          + "their product; there are \(values.count).")
    }
    self.init(wellFormed: names, chainCount: chainCount, drawCount: drawCount, values: values)
  }

  /// Draws that are known to fit together.
  package init(wellFormed names: [String], chainCount: Int, drawCount: Int, values: [Double]) {
    precondition(Set(names).count == names.count, "variables need different names")
    precondition(chainCount >= 1 && drawCount >= 0, "draws need a chain")
    precondition(values.count == names.count * chainCount * drawCount, "names * chains * draws values are needed")
    self.names = names
    self.chainCount = chainCount
    self.drawCount = drawCount
    self.values = values
  }

  /// All draws of one variable, chain after chain.
  public subscript(variable: Int) -> ArraySlice<Double> {
    let size = chainCount * drawCount
    return values[(variable * size)..<((variable + 1) * size)]
  }

  /// One chain of one variable.
  public subscript(variable: Int, chain chain: Int) -> ArraySlice<Double> {
    let first = (variable * chainCount + chain) * drawCount
    return values[first..<(first + drawCount)]
  }

  /// All draws of the variable of this name, chain after chain.
  public func draws(of name: String) throws(UnknownVariable) -> ArraySlice<Double> {
    self[try index(of: name)]
  }

  private func index(of name: String) throws(UnknownVariable) -> Int {
    guard let index = names.firstIndex(of: name) else { throw UnknownVariable(name: name, known: names) }
    return index
  }

  /// The variables of these names, in this order; the name of a vector or matrix stands for all its elements.
  ///
  /// - Throws: ``UnknownVariable``, also for a variable wanted twice.
  public func subset(_ wanted: [String]) throws(UnknownVariable) -> Draws {
    var elements: [String] = []
    for name in wanted { elements += try self.elements(of: name) }
    try Self.checkDifferent(elements)
    let places = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    var kept: [Double] = []
    kept.reserveCapacity(elements.count * chainCount * drawCount)
    for name in elements {
      guard let place = places[name] else { throw UnknownVariable(name: name, known: names) }
      kept += self[place]
    }
    return Draws(wellFormed: elements, chainCount: chainCount, drawCount: drawCount, values: kept)
  }

  /// Every `step`-th draw of each chain, ending with the last: the draws furthest from the chain's start.
  ///
  /// - Throws: ``Misfit`` for a step below 1.
  public func thinned(by step: Int) throws(Misfit) -> Draws {
    guard step >= 1 else { throw Misfit(description: "Thinning needs a step of at least 1; it is \(step).") }
    let kept = drawCount / step + (drawCount % step == 0 ? 0 : 1)
    var thinned: [Double] = []
    thinned.reserveCapacity(names.count * chainCount * kept)
    for row in 0..<(names.count * chainCount) {
      for k in 0..<kept { thinned.append(values[(row + 1) * drawCount - 1 - (kept - 1 - k) * step]) }
    }
    return Draws(wellFormed: names, chainCount: chainCount, drawCount: kept, values: thinned)
  }

  /// The same draws as one long chain, chain after chain. The layout makes this free of copying.
  public func combiningChains() -> Draws {
    Draws(wellFormed: names, chainCount: 1, drawCount: chainCount * drawCount, values: values)
  }

  /// The chains of several runs of the same variables side by side.
  ///
  /// All parts need the same names in the same order and the same number of draws.
  ///
  /// - Throws: ``Misfit`` where they have not, or there are no parts.
  public static func joiningChains(_ parts: [Draws]) throws(Misfit) -> Draws {
    guard let first = parts.first else { throw Misfit(description: "There are no chains to join.") }
    let (names, drawCount) = (first.names, first.drawCount)
    for (i, part) in parts.enumerated() {
      guard part.names == names else {
        throw Misfit(
          description: "Chains to join need the same variables in one order; part \(i) has others than part 0.")
      }
      guard part.drawCount == drawCount else {
        throw Misfit(
          description: "Chains to join need as many draws; part \(i) has \(part.drawCount), part 0 \(drawCount).")
      }
    }
    var joined: [Double] = []
    joined.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
    for variable in names.indices {
      for part in parts { joined += part[variable] }
    }
    return Draws(
      wellFormed: names, chainCount: parts.reduce(0) { $0 + $1.chainCount }, drawCount: drawCount, values: joined)
  }

  /// The same draws under other names; names that are not mentioned stay.
  ///
  /// - Throws: ``UnknownVariable``, also for a name that two variables would have.
  public func renamed(_ changes: [String: String]) throws(UnknownVariable) -> Draws {
    for name in changes.keys.sorted() { _ = try index(of: name) }
    let renamed = names.map { changes[$0] ?? $0 }
    try Self.checkDifferent(renamed)
    return Draws(wellFormed: renamed, chainCount: chainCount, drawCount: drawCount, values: values)
  }

  private static func checkDifferent(_ names: [String]) throws(UnknownVariable) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw UnknownVariable(name: name, known: names, isRepeated: true)
    }
  }

  /// The variables of several sets side by side, of the same chains and draws.
  ///
  /// - Throws: ``Misfit`` where they have other numbers of chains or draws, a name is there twice, or nothing is given.
  public static func joiningVariables(_ parts: [Draws]) throws(Misfit) -> Draws {
    guard let first = parts.first else { throw Misfit(description: "There are no variables to join.") }
    let (chainCount, drawCount) = (first.chainCount, first.drawCount)
    for (i, part) in parts.enumerated() where part.chainCount != chainCount || part.drawCount != drawCount {
      throw Misfit(
        description:
          "Variables to join need the same draws; part \(i) has \(part.chainCount) chains of \(part.drawCount), "
          + "part 0 \(chainCount) of \(drawCount).")
    }
    return try Draws(
      names: parts.flatMap(\.names), chainCount: chainCount, drawCount: drawCount, values: parts.flatMap(\.values))
  }

  /// The names of a vector's or matrix's elements, `name[...]`, in order; the name alone for a scalar.
  public func elements(of name: String) throws(UnknownVariable) -> [String] {
    let found = names.filter { $0 == name || $0.hasPrefix(name + "[") }
    guard !found.isEmpty else { throw UnknownVariable(name: name, known: names) }
    return found
  }

  /// The same draws without the first of each chain.
  ///
  /// - Throws: ``Misfit`` where there are not as many.
  public func droppingFirst(_ count: Int) throws(Misfit) -> Draws {
    guard count >= 0, count <= drawCount else {
      throw Misfit(description: "\(count) draws cannot be dropped of chains of \(drawCount).")
    }
    var kept: [Double] = []
    kept.reserveCapacity(names.count * chainCount * (drawCount - count))
    for row in 0..<(names.count * chainCount) { kept += values[(row * drawCount + count)..<((row + 1) * drawCount)] }
    return Draws(wellFormed: names, chainCount: chainCount, drawCount: drawCount - count, values: kept)
  }
}
