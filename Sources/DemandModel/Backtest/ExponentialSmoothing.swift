/// Simple exponential smoothing of one series and its kin for series that sell seldom.
///
/// All begin at the first sale, as the M5 benchmarks do: level_1 = y_1, level_t = level_t-1 + alpha (y_t - level_t-1).
struct ExponentialSmoothing {
  /// Sales from the first one on.
  private let sales: ArraySlice<Int32>

  /// - Parameter units: Known days in order.
  init(units: [Int32]) {
    sales = units.drop { $0 == 0 }
  }

  /// The last level under the alpha in [0.01, 0.99] of least squared one-step errors.
  ///
  /// The sum of squares may have several minima: sixteen alphas spread over the range are tried, then twice sixteen
  /// between the neighbours of the best, each sixteen in one pass.
  func optimised() -> Double {
    guard let first = sales.first else { return 0 }
    var (low, high) = (0.01, 0.99)
    var level = Double(first)
    for _ in 0..<3 {
      let step = (high - low) / 15
      var alphas = SIMD16<Double>()
      for lane in 0..<16 { alphas[lane] = low + step * Double(lane) }
      var levels = SIMD16(repeating: Double(first))
      var squares = SIMD16<Double>.zero
      for units in sales.dropFirst() {
        let error = Double(units) - levels
        squares += error * error
        levels += alphas * error
      }
      let best = (0..<16).min { squares[$0] < squares[$1] }!
      level = levels[best]
      (low, high) = (max(0.01, alphas[best] - step), min(0.99, alphas[best] + step))
    }
    return level
  }

  /// Croston's forecast: smoothed size of a sale over smoothed days between sales (Croston, "Forecasting and stock control
  /// for intermittent demands", Operational Research Quarterly 23, 1972), both with the usual alpha of 0.1.
  func croston() -> Double {
    var size = Level()
    var interval = Level()
    var days = 0.0
    for units in sales {
      days += 1
      if units == 0 { continue }
      size.add(Double(units))
      interval.add(days)
      days = 0
    }
    return interval.value > 0 ? size.value / interval.value : 0
  }

  /// The forecast of Teunter, Syntetos and Babai: smoothed size of a sale times the smoothed probability of a day with one,
  /// which falls while nothing sells ("Intermittent demand: linking forecasting to inventory obsolescence", EJOR 214,
  /// 2011); both with alpha 0.1.
  func teunterSyntetosBabai() -> Double {
    var size = Level()
    var probability = Level()
    for units in sales {
      probability.add(units > 0 ? 1 : 0)
      if units > 0 { size.add(Double(units)) }
    }
    return size.value * probability.value
  }

  /// A level under alpha 0.1; its first value starts it.
  private struct Level {
    private(set) var value = 0.0
    private var isEmpty = true

    mutating func add(_ next: Double) {
      value = isEmpty ? next : value + 0.1 * (next - value)
      isEmpty = false
    }
  }
}
