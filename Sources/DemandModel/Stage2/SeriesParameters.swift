import CNumericKernels
import DemandData
import Foundation
import NumericKernels

/// The unconstrained parameters of one series, in the kernel's order.
///
///     theta = (logit alpha, log size, log level_0, 6 weekday contrasts, logit leave, logit comeBack)
package enum SeriesParameter {
  package static let count = Int(CNK_PARAMETERS)
  package static let logitAlpha = 0
  package static let logSize = 1
  package static let logLevel = 2
  package static let contrasts = 3..<9
  package static let logitLeave = 9
  package static let logitComeBack = 10

  /// The 7 x 6 matrix that turns contrasts into log weekday deviations, row-major.
  ///
  /// Columns are orthonormal and orthogonal to (1, ..., 1) (Helmert), so deviations sum to zero, and contrasts
  /// ~ N(0, omega^2 I) mean deviations ~ N(0, omega^2 (I - 11'/7)): no weekday is singled out.
  package static let contrastMatrix: [Double] = {
    let rows = Int(CNK_WEEKDAYS)
    let columns = Int(CNK_CONTRASTS)
    var matrix = [Double](repeating: 0, count: rows * columns)
    for column in 0..<columns {
      let order = Double(column + 1)
      let scale = 1 / (order * (order + 1)).squareRoot()
      for row in 0...column { matrix[row * columns + column] = scale }
      matrix[(column + 1) * columns + column] = -order * scale
    }
    return matrix
  }()

  /// Log weekday deviations, Monday to Sunday, of six contrasts.
  package static func weekdayDeviations(_ contrasts: ArraySlice<Double>) -> [Double] {
    let columns = contrasts.count
    return (0..<Int(CNK_WEEKDAYS)).map { row in
      zip(contrastMatrix[row * columns..<(row + 1) * columns], contrasts).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}

/// Parameters that share a line of the hyperprior: the six weekday contrasts are exchangeable and make one block.
package enum ParameterBlock: Int, Sendable, CaseIterable {
  case alpha, size, level, weekday, leave, comeBack

  /// A literal, so that inner loops do not ask an array.
  static let count = 6

  /// As it stands in the names of diagnostics.
  package var name: String {
    switch self {
    case .alpha: "alpha"
    case .size: "size"
    case .level: "level"
    case .weekday: "weekday"
    case .leave: "leave"
    case .comeBack: "come_back"
    }
  }

  /// The parameters of this block.
  package var parameters: Range<Int> {
    switch self {
    case .alpha: 0..<1
    case .size: 1..<2
    case .level: 2..<3
    case .weekday: SeriesParameter.contrasts
    case .leave: 9..<10
    case .comeBack: 10..<11
    }
  }

  /// Block of every parameter.
  static let ofParameter: [Int] = (0..<SeriesParameter.count).map { parameter in
    allCases.first { $0.parameters.contains(parameter) }!.rawValue
  }
}

/// Independent normals over the parameters of one series.
package struct NormalPrior: Sendable, Hashable {
  package var mean: [Double]
  package var sd: [Double]

  package init(mean: [Double], sd: [Double]) {
    precondition(mean.count == SeriesParameter.count && sd.count == SeriesParameter.count)
    self.mean = mean
    self.sd = sd
  }

  /// Log density up to the constant -11/2 log(2 pi).
  package func logDensity(_ theta: some Collection<Double>) -> Double {
    var sum = 0.0
    var index = 0
    for value in theta {
      let z = (value - mean[index]) / sd[index]
      sum -= 0.5 * z * z + log(sd[index])
      index += 1
    }
    return sum
  }

  package func draw(using stream: inout RandomStream) -> [Double] {
    (0..<SeriesParameter.count).map { mean[$0] + sd[$0] * stream.normal() }
  }
}
