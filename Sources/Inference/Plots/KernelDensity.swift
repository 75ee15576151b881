import Foundation
import NumericKernels

/// A smooth density of a sample for pictures.
struct KernelDensity {
  /// Grid points and the density at each.
  let points: [(x: Double, density: Double)]

  /// A Gaussian kernel of Silverman's width 0.9 min(sd, IQR / 1.34) n^-1/5, mass beyond the sample's ends reflected, so
  /// that a density that is cut off is not drawn as if it faded out. Empty where nothing can be drawn; for one value
  /// alone a peak.
  ///
  /// - Parameter range: The part that is of interest; without it the tails of a sample with heavy ones would claim the
  ///   whole grid.
  /// - Complexity: O(n + grid²).
  init(_ values: [Double], within range: ClosedRange<Double>? = nil, gridSize: Int = 256) {
    let finite = values.filter(\.isDrawable)
    let sorted = (range.map { range in finite.filter(range.contains) } ?? finite).sorted()
    guard let low = sorted.first, let high = sorted.last else {
      points = []
      return
    }
    let sd = sampleVariance(sorted).squareRoot()
    let quartiles = EmpiricalQuantile.linear(sorted, 0.75) - EmpiricalQuantile.linear(sorted, 0.25)
    let scale = quartiles > 0 ? min(sd, quartiles / 1.34) : sd
    let step = (high - low) / Double(gridSize - 1)
    guard step.isNormal, scale > 0 else {
      let width = max(abs(low) * 1e-3, 1e-3)
      points = [(low - width, 0), (low, 1 / width), (low + width, 0)]
      return
    }
    let width = max(0.9 * scale * pow(Double(sorted.count), -0.2), (high - low) / Double(gridSize))
    var mass = [Double](repeating: 0, count: gridSize)
    for value in sorted {
      let place = (value - low) / step
      let cell = min(Int(place), gridSize - 2)
      mass[cell] += 1 - (place - Double(cell))
      mass[cell + 1] += place - Double(cell)
    }
    let reach = Int((4 * width / step).rounded(.up))
    let kernel = (0...reach).map { exp(-0.5 * pow(Double($0) * step / width, 2)) }
    let factor = 1 / (width * (2 * Double.pi).squareRoot() * Double(finite.count))
    var density = [Double](repeating: 0, count: gridSize)
    for (cell, weight) in mass.enumerated() where weight > 0 {
      for target in (cell - reach)...(cell + reach) {
        let value = weight * kernel[abs(target - cell)] * factor
        // Beyond either end, back by as much.
        let folded = target < 0 ? -target : target >= gridSize ? 2 * (gridSize - 1) - target : target
        if folded >= 0 && folded < gridSize { density[folded] += value }
      }
    }
    points = density.enumerated().map { (low + Double($0.offset) * step, $0.element) }
  }

  var highest: Double { points.map(\.density).max() ?? 0 }
}
