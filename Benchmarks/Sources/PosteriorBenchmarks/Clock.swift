import Foundation

/// Seconds of this process's CPU time and of the wall clock.
struct Clock {
  let cpu: Double
  let wall: Double

  static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  init() {
    cpu = Self.read(CLOCK_PROCESS_CPUTIME_ID)
    wall = Self.read(CLOCK_MONOTONIC)
  }

  /// Seconds since an earlier reading.
  func since(_ earlier: Clock) -> (cpu: Double, wall: Double) { (cpu - earlier.cpu, wall - earlier.wall) }
}
