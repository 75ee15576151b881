/// Stan's windowed warm-up: a buffer for finding the typical set, windows of doubling length of which each gives a
/// metric, and a buffer for the step size (Stan Reference Manual, "HMC algorithm parameters").
package struct WarmUpWindows: Sendable, Equatable {
  /// The first iteration that counts towards a metric.
  package let first: Int
  /// The first iteration after the last window.
  package let end: Int
  /// Iterations after which a window closes, ascending.
  package let closings: [Int]

  /// - Parameter warmUp: Iterations in all. Fewer than 20 give no window; where 75 + 25 + 50 do not fit, the buffers are
  ///   15 % and 10 %.
  package init(warmUp: Int) {
    guard warmUp >= 20 else {
      (first, end, closings) = (warmUp, warmUp, [])
      return
    }
    let fits = warmUp >= 150
    let initial = fits ? 75 : Int(0.15 * Double(warmUp))
    let final = fits ? 50 : Int(0.1 * Double(warmUp))
    first = initial
    end = warmUp - final
    var closings: [Int] = []
    var start = first
    var length = fits ? 25 : end - first
    while start < end {
      // A window takes in what would be too short for a next one of twice the length.
      let close = start + 3 * length > end ? end : start + length
      closings.append(close - 1)
      start = close
      length *= 2
    }
    self.closings = closings
  }
}
