import Foundation

/// Models of the same observations, best first, and the weights with which to average their predictions.
public struct ModelComparison: Sendable {
  public struct Row: Sendable, Equatable {
    public let name: String
    public let elpd: Double
    public let standardError: Double
    public let effectiveParameters: Double
    /// elpd less the best model's: 0 for the best, negative for all others.
    public let difference: Double
    /// The standard error of ``difference`` over observations, divisor n - 1, as R's loo has it.
    public let differenceError: Double
    /// The weight in the average of predictive densities that would score best (stacking).
    public let weight: Double
  }

  /// Why models cannot be compared.
  public enum Unsuitable: Error, Equatable, CustomStringConvertible {
    case noModel
    case differentObservations(String, Int, String, Int)
    case notFinite(String)

    public var description: String {
      switch self {
      case .noModel: "There is no model to compare."
      case .differentObservations(let a, let countA, let b, let countB):
        "Model \(a) has \(countA) observations and \(b) has \(countB): compare models of the same observations."
      case .notFinite(let name):
        "Model \(name) has an observation whose predictive density is not finite: mend its likelihood first."
      }
    }
  }

  public let rows: [Row]

  /// Compares two or more models.
  ///
  /// - Parameter models: Names with what ``LeaveOneOut`` or ``WidelyApplicableInformation`` says, of the same
  ///   observations in the same order.
  public init(_ models: [(name: String, accuracy: any PredictiveAccuracy)]) throws(Unsuitable) {
    guard let first = models.first else { throw .noModel }
    for model in models {
      let (count, expected) = (model.accuracy.pointwise.count, first.accuracy.pointwise.count)
      guard count == expected else {
        throw .differentObservations(first.name, expected, model.name, count)
      }
      guard model.accuracy.pointwise.allSatisfy(\.isFinite) else { throw .notFinite(model.name) }
    }
    let weights = StackingWeights(logDensities: models.map { $0.accuracy.pointwise }).weights
    let order = models.indices.sorted {
      (models[$1].accuracy.elpd, $0) < (models[$0].accuracy.elpd, $1)
    }
    let best = models[order[0]].accuracy.pointwise
    rows = order.map { position in
      let (name, accuracy) = models[position]
      let differences = zip(accuracy.pointwise, best).map { $0 - $1 }
      return Row(
        name: name, elpd: accuracy.elpd, standardError: accuracy.standardError,
        effectiveParameters: accuracy.effectiveParameters, difference: differences.reduce(0, +),
        differenceError: LeaveOneOut.errorOfSum(differences), weight: weights[position])
    }
  }
}

extension ModelComparison: CustomStringConvertible {
  public var description: String {
    var table = TextTable(header: ["model", "elpd", "se", "p", "difference", "se", "weight"])
    for row in rows {
      table.append([
        row.name, Figure.fixed(row.elpd, 1), Figure.fixed(row.standardError, 1),
        Figure.fixed(row.effectiveParameters, 1), Figure.fixed(row.difference, 1),
        Figure.fixed(row.differenceError, 1), Figure.fixed(row.weight, 2),
      ])
    }
    return table.text() + remark
  }

  /// What the difference between the best two means.
  private var remark: String {
    guard rows.count > 1 else { return "" }
    let (best, next) = (rows[0].name, rows[1])
    let distance = -next.difference
    if distance < 4 {
      return "\(best) and \(next.name) predict about equally well: a difference below 4 means little.\n"
    }
    if distance < 2 * next.differenceError {
      return "\(best) may predict better than \(next.name), but the difference is within two standard errors.\n"
    }
    return "\(best) predicts better than \(next.name).\n"
  }
}
