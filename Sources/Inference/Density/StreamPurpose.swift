/// What this module's random streams are for, so that no two uses of one seed ever share numbers.
///
/// The numbers begin at 0x1000, above those of the demand model.
enum StreamPurpose {
  /// A chain's starting point; the stream's draw is the attempt.
  static let start: UInt32 = 0x1000
  /// A chain's first step size.
  static let firstStepSize: UInt32 = 0x1001
  /// A transition; the stream's draw is the iteration, from the warm-up's first.
  static let transition: UInt32 = 0x1002
  /// Random quantities that a draw keeps; the stream's draw is the iteration.
  static let variables: UInt32 = 0x1003
  /// Prior draws and data of simulation-based calibration; the stream's draw is the replication.
  static let calibrationPrior: UInt32 = 0x1004
  /// Seeds of the fits of simulation-based calibration.
  static let calibrationSeed: UInt32 = 0x1005
  /// Uniform ranks that bands of calibration are simulated from.
  static let calibrationBand: UInt32 = 0x1006
  /// Randomised integral transforms of discrete observations; the stream's index is the observation.
  static let predictiveCheck: UInt32 = 0x1200
  /// Predictions of a model; the stream's draw is the draw.
  static let prediction: UInt32 = 0x1300
  /// Draws from a model's prior; the stream's draw is the draw.
  static let prior: UInt32 = 0x1301
}
