/// A stream of random numbers that is a pure function of what it is for.
///
/// A stream is named by five numbers; two streams whose names differ anywhere are independent, and a stream's numbers
/// do not depend on which thread draws them or on what was drawn from other streams. Names map onto Philox4x64-10 as
///
///     key     = (seed, purpose << 32 | chain)
///     counter = (block within the stream, index, draw, 0)
///
/// so streams of one key can never overlap: the block number has a counter word of its own, with a period of 2^64
/// blocks of four words.
///
/// The integer words are the same on every machine. Variates that pass through `log`, `exp` or `pow` may differ in the
/// last bit between mathematical libraries; each such place is an acceptance test or a tail where that is unavoidable.
public struct RandomStream: RandomNumberGenerator, Sendable {
  @usableFromInline let key: (UInt64, UInt64)
  @usableFromInline let index: UInt64
  @usableFromInline let draw: UInt64
  @usableFromInline var block: UInt64 = 0
  @usableFromInline var word1: UInt64 = 0
  @usableFromInline var word2: UInt64 = 0
  @usableFromInline var word3: UInt64 = 0
  /// Words of the current block not handed out yet, 0 to 3.
  @usableFromInline var remaining = 0

  /// The stream named by these numbers, at its beginning.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - purpose: What the numbers are for; one constant per use in a program.
  ///   - index: The object drawn for, such as a series or a group.
  ///   - chain: The Markov chain.
  ///   - draw: The iteration or posterior draw.
  @inlinable
  public init(seed: UInt64, purpose: UInt32, index: UInt64 = 0, chain: UInt32 = 0, draw: UInt64 = 0) {
    key = (seed, UInt64(purpose) << 32 | UInt64(chain))
    self.index = index
    self.draw = draw
  }

  /// The next 64 random bits.
  @inlinable
  public mutating func next() -> UInt64 {
    switch remaining {
    case 3:
      remaining = 2
      return word1
    case 2:
      remaining = 1
      return word2
    case 1:
      remaining = 0
      return word3
    default:
      let words = Philox4x64.block(counter: (block, index, draw, 0), key: key)
      block &+= 1
      (word1, word2, word3) = (words.1, words.2, words.3)
      remaining = 3
      return words.0
    }
  }

  /// A uniform variate on the open interval (0, 1): an odd multiple of 2^-53, so never 0 or 1, symmetric about 1/2.
  @inlinable
  public mutating func uniform() -> Double {
    (Double(next() >> 12) + 0.5) * 0x1p-52
  }

  /// A uniform integer in `0..<bound`, without bias (Lemire 2019). `bound` must be positive.
  @inlinable
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "integer(below:) needs a positive bound")
    return Int(truncatingIfNeeded: next(upperBound: UInt64(bound)))
  }

  /// Puts the elements in uniformly random order (Fisher-Yates).
  @inlinable
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    var remaining = elements.count
    while remaining > 1 {
      let chosen = integer(below: remaining)
      remaining -= 1
      elements.swapAt(chosen, remaining)
    }
  }
}
