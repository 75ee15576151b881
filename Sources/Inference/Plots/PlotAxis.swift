import Foundation

/// One axis: which numbers it spans, where they stand, and which ticks are worth labels.
struct PlotAxis {
  let range: ClosedRange<Double>
  /// Coordinates of the range's ends; the second is the smaller one for an axis that points upwards.
  let pixels: (from: Double, to: Double)
  let ticks: [Double]
  let labels: [String]

  /// An axis of whole or broken numbers.
  ///
  /// - Parameters:
  ///   - horizontal: Labels stand side by side and are kept from touching; otherwise above each other.
  init(_ wanted: ClosedRange<Double>, pixels: (from: Double, to: Double), horizontal: Bool) {
    var (low, high) = (wanted.lowerBound, wanted.upperBound)
    if !(low.isFinite && high.isFinite) { (low, high) = (0, 1) }
    // One value alone needs room on both sides, at a distance that doubles can tell.
    if high - low <= 1e-12 * max(abs(low), abs(high)) || high == low {
      let room = max(abs(low) * 0.05, 0.5)
      (low, high) = (low - room, high + room)
    }
    range = low...high
    self.pixels = pixels
    let length = abs(pixels.to - pixels.from)
    var count = max(2, Int(length / (horizontal ? 60 : 34)))
    while true {
      let (ticks, labels) = Self.ticks(low...high, count: count)
      let spacing = ticks.count < 2 ? length : (ticks[1] - ticks[0]) / (high - low) * length
      let widest = labels.map { SVGDrawing.textWidth($0) }.max() ?? 0
      if !horizontal || widest + 10 <= spacing || count <= 1 {
        (self.ticks, self.labels) = (ticks, labels)
        return
      }
      count -= 1
    }
  }

  func position(_ value: Double) -> Double {
    pixels.from + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * (pixels.to - pixels.from)
  }

  /// Multiples of 1, 2 or 5 times a power of ten within a range, about so many.
  static func ticks(_ range: ClosedRange<Double>, count: Int) -> (values: [Double], labels: [String]) {
    let rough = (range.upperBound - range.lowerBound) / Double(max(1, count))
    let power = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * (1 - 1e-9) } ?? 10 * power
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 1000 else { return ([], []) }
    let values = stride(from: first, through: last, by: 1).map { $0 * step }
    let largest = values.map { abs($0) }.max() ?? 0
    if largest >= 1e6 || step < 1e-5 {
      let digits = max(1, Int(log10(max(largest, step) / step).rounded(.up)) + 1)
      return (values, values.map { Figure.scientific($0, min(digits, 6)) })
    }
    let decimals = max(0, -Int(log10(step).rounded(.down)))
    return (values, values.map { Figure.fixed($0, decimals) })
  }
}
