/// What the random streams of made-up data are for; above those of the inference library.
enum DataPurpose {
  static let linearRegression: UInt32 = 0x2000
  static let grouped: UInt32 = 0x2001
  static let schoolScores: UInt32 = 0x2002
  static let retail: UInt32 = 0x2003
}
