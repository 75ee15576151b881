import CNumericKernels
import DemandModel
import Foundation

/// The likelihood of one series written down plainly from the model's equations, one parameter vector at a time.
struct ScalarFilter {
  var logLikelihood = 0.0
  var level: Double
  var onShelf: Double

  init(days: SeriesDays, logCalendar: [Double], theta: [Double]) {
    func probability(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let alpha = probability(theta[0])
    let size = exp(theta[1])
    let leave = probability(theta[9])
    let back = probability(theta[10])
    let weekdays = SeriesParameter.weekdayDeviations(theta[3..<9])
    level = exp(theta[2])
    onShelf = back / (leave + back)
    for day in 0..<days.count {
      let kind = Int(days.kinds[day])
      let y = Double(days.units[day])
      let factor = exp(logCalendar[day] + weekdays[(days.firstWeekday + day) % 7])
      let mean = max(1e-4, level * factor)
      if kind == CNK_SKIPPED { continue }
      if kind == CNK_SOLD_OUT {
        logLikelihood += Self.logTail(Int(y), mean: mean, size: size)
        continue
      }
      onShelf = onShelf * (1 - leave) + (1 - onShelf) * back
      if kind == CNK_FROZEN { continue }
      if kind == CNK_ZERO {
        let sold = exp(Self.logMass(0, mean: mean, size: size))
        let total = onShelf * sold + 1 - onShelf
        logLikelihood += log(total)
        onShelf = onShelf * sold / total
      } else {
        // Without the constant -log y!, as the kernel has it.
        if kind == CNK_POSITIVE {
          logLikelihood += log(onShelf) + Self.logMass(y, mean: mean, size: size) + lgamma(y + 1)
        }
        onShelf = 1
      }
      level += alpha * onShelf * (y / factor - level)
    }
  }

  static func logMass(_ y: Double, mean: Double, size: Double) -> Double {
    lgamma(y + size) - lgamma(size) - lgamma(y + 1) + size * log(size / (size + mean))
      + y * log(mean / (size + mean))
  }

  static func logTail(_ y: Int, mean: Double, size: Double) -> Double {
    var sum = 0.0
    for k in y..<y + 20_000 { sum += exp(logMass(Double(k), mean: mean, size: size)) }
    return log(sum)
  }
}
