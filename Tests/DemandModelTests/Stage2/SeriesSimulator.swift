import DemandData
import DemandModel
import Foundation
import NumericKernels

/// Draws a series from the model itself.
enum SeriesSimulator {
  static func units(theta: [Double], logCalendar: [Double], firstWeekday: Int, stream: inout RandomStream) -> [Int32] {
    let alpha = SpecialFunctions.inverseLogit(theta[0])
    let size = exp(theta[1])
    var level = exp(theta[2])
    let leave = SpecialFunctions.inverseLogit(theta[9])
    let back = SpecialFunctions.inverseLogit(theta[10])
    let weekdays = SeriesParameter.weekdayDeviations(theta[3..<9])
    var isOn = stream.uniform() < back / (leave + back)
    var onShelf = back / (leave + back)
    return logCalendar.indices.map { day in
      isOn = isOn ? stream.uniform() >= leave : stream.uniform() < back
      onShelf = onShelf * (1 - leave) + (1 - onShelf) * back
      let factor = exp(logCalendar[day] + weekdays[(firstWeekday + day) % 7])
      let mean = max(1e-4, level * factor)
      let y = isOn ? stream.negativeBinomial(mean: mean, size: size) : 0
      if y == 0 {
        let sold = pow(size / (size + mean), size)
        onShelf = onShelf * sold / (onShelf * sold + 1 - onShelf)
      } else {
        onShelf = 1
      }
      level += alpha * onShelf * (Double(y) / factor - level)
      return Int32(y)
    }
  }

  /// The days of a series that is on offer throughout.
  static func days(units: [Int32], firstDay: Day) -> SeriesDays {
    SeriesDays(
      units: units[...], status: [UInt8](repeating: DayStatus.sold.rawValue, count: units.count)[...], window: 0,
      startIsKnown: true, firstDay: firstDay)!
  }

  /// A mild weekly calendar.
  static func logCalendar(days: Int, phase: Double = 0, size: Double = 0.2) -> [Double] {
    (0..<days).map { size * sin(Double($0) * 2 * .pi / 7 + phase) + 0.1 * cos(Double($0) * 2 * .pi / 91) }
  }

  static let prior = NormalPrior(
    mean: [SpecialFunctions.logit(0.05), log(1.5), log(0.8), 0, 0, 0, 0, 0, 0, -4, -2],
    sd: [0.7, 0.6, 0.8, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.5, 0.5])
}
