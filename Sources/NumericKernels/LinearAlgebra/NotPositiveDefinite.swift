/// A matrix handed to a Cholesky factorisation is not positive definite to working precision (or holds a NaN).
public struct NotPositiveDefinite: Error, Equatable, CustomStringConvertible {
  /// The zero-based row whose pivot was not a positive finite number.
  public let row: Int

  @inlinable
  public init(row: Int) { self.row = row }

  public var description: String {
    "The matrix is not positive definite: pivot \(row) is not a positive number. A larger prior precision mends it."
  }
}
