/// The Philox4x64-10 counter-based generator: a keyed bijection of 256-bit counters.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011). The constants are
/// those of the authors' Random123 library, whose known-answer vectors the tests reproduce.
public enum Philox4x64 {
  /// The image of `counter` under the bijection selected by `key`: four independent 64-bit words.
  @inlinable
  public static func block(
    counter: (UInt64, UInt64, UInt64, UInt64), key: (UInt64, UInt64)
  ) -> (UInt64, UInt64, UInt64, UInt64) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for round in 0..<10 {
      if round > 0 {
        k0 &+= 0x9E37_79B9_7F4A_7C15
        k1 &+= 0xBB67_AE85_84CA_A73B
      }
      let first = c0.multipliedFullWidth(by: 0xD2E7_470E_E14C_6C93)
      let second = c2.multipliedFullWidth(by: 0xCA5A_8263_9512_1157)
      (c0, c1, c2, c3) = (second.high ^ c1 ^ k0, second.low, first.high ^ c3 ^ k1, first.low)
    }
    return (c0, c1, c2, c3)
  }
}
