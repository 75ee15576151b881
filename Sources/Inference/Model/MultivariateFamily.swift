import NumericKernels

/// A multivariate family without its type, as programs run it.
struct MultivariateFamily: Sendable {
  let name: String
  /// Where a parameter of the family lives.
  let constraint: Constraint
  /// What is wrong with these shapes of a variate and of the arguments, if anything.
  let problem: @Sendable (_ variate: Shape, _ arguments: [Shape]) -> String?
  /// The density of a variate of this shape with its operands' places (negative for constants).
  let block: @Sendable (_ variate: Int, Shape, _ arguments: [Int], [Shape]) -> DensityBlock
  /// A variate of this shape given the arguments' numbers.
  let random: @Sendable (Shape, _ arguments: [[Double]], inout RandomStream) -> [Double]
}

extension Lowering {
  mutating func addDensity(
    of variate: Node, _ family: MultivariateFamily, _ arguments: [Node], _ label: String
  ) throws {
    let shapes = arguments.map(\.shape)
    if let problem = family.problem(variate.shape, shapes) {
      throw ModelError("\(label), distributed as \(family.name): \(problem)")
    }
    let place = try place(of: variate).offset
    blocks.append(family.block(place, variate.shape, try arguments.map { try self.place(of: $0).offset }, shapes))
  }
}
