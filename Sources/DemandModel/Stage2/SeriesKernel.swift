import CNumericKernels
import Foundation
import NumericKernels

/// A smooth stand-in for a series' likelihood: its stored draws, each with a normal kernel, under its working prior.
///
/// In units u of the working prior (mean 0, sd 1), with V_p the draws' variance of parameter p and u_bar its mean,
///
///     m_kp = u_bar + sqrt(1 - h_p^2) (u_kp - u_bar),   S_p = h_p^2 V_p,   h_p^2 = V_p^2 / 2
///
/// so that the mixture keeps the draws' mean and variance (West, "Approximating posterior distributions by mixtures",
/// JRSS B 55, 1993). Where data speak, V_p is small and the kernel a point; where the working prior is all there is,
/// the posterior is as normal as it and independent of the rest, and a wide kernel costs nothing. Without it, a spread
/// near zero of a hyperprior sees a few stored draws at a time, and its density is a range of spikes at each series'
/// draws.
///
/// A kernel's integral with hyperprior over working prior is exp(a' m^2 + b' m + constant), with a and b those of the
/// ratio itself, v = 1 - 2 a S, a' = a / v, b' = b / v; the constant is (b^2 S / v - log v) / 2.
package struct SeriesKernel: Sendable {
  /// Blocks with a mean of their own, in the order of the features.
  static let locatedBlocks = [0, 1, 2, 4, 5]
  /// Their number: what is counted in inner loops is no array's length.
  private static let locatedCount = 5
  private static let weekday = ParameterBlock.weekday.rawValue
  private static let blocks = locatedBlocks + [weekday]
  private static let contrasts = SeriesParameter.contrasts.count

  /// The working prior and S, by block, in the order of the features and then the weekday.
  private let mean: InlineArray<6, Double>
  private let sd: InlineArray<6, Double>
  private let spread: InlineArray<6, Double>
  /// By parameter, in units of the working prior: what is kept of a draw, and what the mean adds.
  private let kept: InlineArray<11, Double>
  private let added: InlineArray<11, Double>

  package init(draws: StoredDraws, working: NormalPrior) {
    var average = InlineArray<11, Double>(repeating: 0)
    var variance = InlineArray<11, Double>(repeating: 0)
    let n = Double(max(1, draws.count))
    for parameter in 0..<SeriesParameter.count {
      let (mean, sd) = (working.mean[parameter], working.sd[parameter])
      var sum = 0.0
      var squares = 0.0
      for draw in 0..<draws.count {
        let u = (Double(draws.values[draw * StoredDraws.width + parameter]) - mean) / sd
        sum += u
        squares += u * u
      }
      average[parameter] = sum / n
      variance[parameter] = max(0, squares / n - sum * sum / (n * n))
    }
    var blockMean = InlineArray<6, Double>(repeating: 0)
    var blockSD = InlineArray<6, Double>(repeating: 1)
    var blockSpread = InlineArray<6, Double>(repeating: 0)
    var kept = InlineArray<11, Double>(repeating: 1)
    var added = InlineArray<11, Double>(repeating: 0)
    for (order, block) in Self.blocks.enumerated() {
      let parameters = ParameterBlock.allCases[block].parameters
      precondition(
        parameters.allSatisfy { working.sd[$0] == working.sd[parameters.lowerBound] }
          && (block != Self.weekday || parameters.allSatisfy { working.mean[$0] == 0 }),
        "weekday contrasts share a spread about zero")
      blockMean[order] = working.mean[parameters.lowerBound]
      blockSD[order] = working.sd[parameters.lowerBound]
      let common = parameters.reduce(0) { $0 + variance[$1] } / Double(parameters.count)
      let share = 0.5 * min(1, common) * min(1, common)
      blockSpread[order] = share * min(1, common)
      for parameter in parameters {
        kept[parameter] = (1 - share).squareRoot()
        added[parameter] = (1 - kept[parameter]) * average[parameter]
      }
    }
    mean = blockMean
    sd = blockSD
    spread = blockSpread
    self.kept = kept
    self.added = added
  }

  /// A stored draw's place in units of the working prior, shrunk.
  private func place(_ parameter: Int, _ order: Int, _ draw: Int, _ draws: StoredDraws) -> Double {
    let value = Double(draws.values[draw * StoredDraws.width + parameter])
    return added[parameter] + kept[parameter] * (value - mean[order]) / sd[order]
  }

  /// The features of draws `first`, `first + stride` and so on, modulo their number: five parameters, their squares, and
  /// the weekday contrasts' sum of squares; `[feature][room]`.
  func writeFeatures(
    of draws: StoredDraws, first: Int, stride: Int, count: Int, to features: UnsafeMutablePointer<Float>, room: Int
  ) {
    // u = slope x + intercept
    var slope = InlineArray<11, Float>(repeating: 0)
    var intercept = InlineArray<11, Float>(repeating: 0)
    for (order, block) in Self.blocks.enumerated() {
      for parameter in ParameterBlock.allCases[block].parameters {
        slope[parameter] = Float(kept[parameter] / sd[order])
        intercept[parameter] = Float(added[parameter] - kept[parameter] * mean[order] / sd[order])
      }
    }
    let located = Self.locatedCount
    let number = draws.count
    draws.values.withUnsafeBufferPointer { values in
      var draw = first
      for k in 0..<count {
        let from = draw * StoredDraws.width
        for order in 0..<located {
          let parameter = SeriesKernel.parameter(order)
          let u = values[from + parameter] * slope[parameter] + intercept[parameter]
          features[order * room + k] = u
          features[(located + order) * room + k] = u * u
        }
        var squares: Float = 0
        for parameter in 3..<9 {
          let u = values[from + parameter] * slope[parameter] + intercept[parameter]
          squares += u * u
        }
        features[2 * located * room + k] = squares
        draw += stride
        while draw >= number { draw -= number }
      }
    }
  }

  /// The parameter of a located feature, without a look into an array.
  private static func parameter(_ order: Int) -> Int { order < 3 ? order : order + 6 }

  /// The block of a located feature, likewise.
  private static func block(_ order: Int) -> Int { order < 3 ? order : order + 1 }

  /// lambda = working variance over hyperprior's, b, and v.
  private func ratio(
    _ order: Int, _ block: Int, _ cells: CellHyperparameters, _ cell: Int
  ) -> (lambda: Double, b: Double, v: Double) {
    let at = cell * ParameterBlock.count + block
    let lambda = sd[order] * sd[order] * cells.precision[at]
    let offset = order < Self.locatedCount ? (cells.mean[at] - mean[order]) / sd[order] : 0
    return (lambda, lambda * offset, 1 - spread[order] + spread[order] * lambda)
  }

  /// Coefficients of the features in a candidate's log weight; returns what all candidates share.
  func writeCoefficients(
    _ cells: CellHyperparameters, _ cell: Int, to coefficients: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let count = Self.locatedCount
    var squares = 0.0
    // v / lambda of all parameters: one logarithm for them all.
    var product = 1.0
    for order in 0..<count {
      let (lambda, b, v) = ratio(order, Self.block(order), cells, cell)
      coefficients[order] = Float(b / v)
      coefficients[count + order] = Float(0.5 * (1 - lambda) / v)
      squares += b * b * (spread[order] / v - 1 / lambda)
      product *= v / lambda
    }
    let (lambda, _, v) = ratio(count, Self.weekday, cells, cell)
    coefficients[2 * count] = Float(0.5 * (1 - lambda) / v)
    let cube = (v / lambda) * (v / lambda) * (v / lambda)
    return 0.5 * squares - 0.5 * log(product * cube * cube)
  }

  /// Turns the features' expectations into slopes of the log density along the cell's means (first five) and the logs of
  /// its spreads (five, then the weekday's).
  func turnIntoSlopes(_ values: UnsafeMutableBufferPointer<Double>, _ cells: CellHyperparameters, _ cell: Int) {
    let count = Self.locatedCount
    for order in 0..<count {
      let (lambda, b, v) = ratio(order, Self.block(order), cells, cell)
      // E x and E x^2 of the parameter itself, kernel and candidates averaged over.
      let shift = b * spread[order]
      let first = (values[order] + shift) / v
      let second = (values[count + order] + 2 * shift * values[order] + shift * shift) / (v * v) + spread[order] / v
      let offset = b / lambda
      values[order] = lambda * (first - offset) / sd[order]
      values[count + order] = lambda * (second - 2 * offset * first + offset * offset) - 1
    }
    let (lambda, _, v) = ratio(count, Self.weekday, cells, cell)
    let number = Double(Self.contrasts)
    let second = values[2 * count] / (v * v) + number * spread[count] / v
    values[2 * count] = lambda * second - number
  }

  /// Draws parameters from the kernel about a stored draw times hyperprior over working prior.
  func draw(
    _ draw: Int, in draws: StoredDraws, _ cells: CellHyperparameters, _ cell: Int, to values: inout [Double],
    at first: Int, using stream: inout RandomStream
  ) {
    let count = Self.locatedCount
    for order in 0..<count {
      let (_, b, v) = ratio(order, Self.block(order), cells, cell)
      let parameter = Self.parameter(order)
      let u = (place(parameter, order, draw, draws) + b * spread[order]) / v
      let drawn = u + (spread[order] / v).squareRoot() * stream.normal()
      values[first + parameter] = mean[order] + sd[order] * drawn
    }
    let (_, _, v) = ratio(count, Self.weekday, cells, cell)
    for parameter in SeriesParameter.contrasts {
      let u = place(parameter, count, draw, draws) / v
      values[first + parameter] = sd[count] * (u + (spread[count] / v).squareRoot() * stream.normal())
    }
  }
}
