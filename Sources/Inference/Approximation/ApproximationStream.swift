/// What the random streams of approximations are for; the numbers begin at 0x1100, above the samplers'.
enum ApproximationStream {
  static let start: UInt32 = 0x1101
  static let draw: UInt32 = 0x1102
  /// Random quantities that a draw keeps.
  static let variables: UInt32 = 0x1103
  /// Estimates of the evidence lower bound along a climb.
  static let bound: UInt32 = 0x1104
  static let resampling: UInt32 = 0x1105
  static let variationalGradient: UInt32 = 0x1106
}
