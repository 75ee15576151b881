import Foundation
import Inference

/// A model with what was drawn from its posterior.
struct FittedModel {
  let model: CompiledModel
  let fit: Fit

  init(_ model: CompiledModel, _ fit: Fit) { (self.model, self.fit) = (model, fit) }

  init(_ model: Model, _ sampling: SamplingOptions) throws {
    self.model = try model.compile()
    fit = try self.model.sample(NUTS(), sampling)
  }
}

/// What three models say of the same groups: one for all, each alone, and in between.
struct PoolingComparison {
  /// The groups' names, how many rows each has, and what is true of it.
  let groups: [String]
  let sizes: [Int]
  let truth: [Double]
  /// A variable for each group.
  let pooled: Draws
  let unpooled: Draws
  let partiallyPooled: Draws
  /// How well each predicts a row that it has not seen.
  let prediction: ModelComparison

  /// - Parameters:
  ///   - quantity: The vector that each model keeps of its groups.
  ///   - thinning: Every so many draws are used for the predictions.
  init(
    groups: [String], sizes: [Int], truth: [Double], of quantity: String, pooled: FittedModel,
    unpooled: FittedModel, partiallyPooled: FittedModel, thinning: Int = 1
  ) throws {
    (self.groups, self.sizes, self.truth) = (groups, sizes, truth)
    self.pooled = try pooled.fit.draws.subset([quantity])
    self.unpooled = try unpooled.fit.draws.subset([quantity])
    self.partiallyPooled = try partiallyPooled.fit.draws.subset([quantity])
    func accuracy(_ fitted: FittedModel) throws -> LeaveOneOut {
      LeaveOneOut(logLikelihood: try fitted.model.logLikelihood(try fitted.fit.draws.thinned(by: thinning)))
    }
    prediction = try ModelComparison([
      ("pooled", accuracy(pooled)), ("unpooled", accuracy(unpooled)), ("partially pooled", accuracy(partiallyPooled)),
    ])
  }

  var errors: PoolingErrors {
    PoolingErrors(
      pooled: error(pooled), unpooled: error(unpooled), partiallyPooled: error(partiallyPooled))
  }

  /// One line for each group, posterior means with the sd of the last, and the errors below.
  var table: String {
    let decimals = Figure.decimals(showing: 2, of: errors.partiallyPooled)
    var table = TextTable(header: ["", "rows", "truth", "pooled", "unpooled", "partial", "sd"])
    for (i, group) in groups.enumerated() {
      let means = [truth[i], mean(pooled[i]), mean(unpooled[i]), mean(partiallyPooled[i]), sd(partiallyPooled[i])]
      table.append([group, "\(sizes[i])"] + means.map { Figure.fixed($0, decimals) })
    }
    let found = [errors.pooled, errors.unpooled, errors.partiallyPooled].map { Figure.fixed($0, decimals) }
    table.append(["error (rms)", "", ""] + found + [""])
    return table.text()
  }

  /// The three side by side for each group.
  func forest(title: String) throws -> String {
    let names = partiallyPooled.names
    return try Plot.forest(
      [("pooled", pooled), ("unpooled", unpooled), ("partially pooled", partiallyPooled)], names,
      labels: zip(groups, sizes).map { "\($0) (\($1))" }, title: title)
  }

  private func error(_ draws: Draws) -> Double {
    let squares = truth.indices.map { (mean(draws[$0]) - truth[$0]) * (mean(draws[$0]) - truth[$0]) }
    return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
  }
}

func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }

func sd(_ values: some Collection<Double>) -> Double {
  let centre = mean(values)
  return (values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count - 1)).squareRoot()
}
