/// Inner loops over contiguous doubles. Four independent lanes let the compiler use vector registers, which it may not
/// do by itself for sums; the order of additions is fixed, so results do not depend on the machine.
@usableFromInline
enum VectorLoops {
  /// Σ a_i b_i.
  @inlinable
  static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = SIMD4<Double>.zero
    let left = UnsafeRawPointer(a)
    let right = UnsafeRawPointer(b)
    let whole = count & ~3
    var i = 0
    while i < whole {
      let offset = i &* MemoryLayout<Double>.stride
      sums +=
        left.loadUnaligned(fromByteOffset: offset, as: SIMD4<Double>.self)
        * right.loadUnaligned(fromByteOffset: offset, as: SIMD4<Double>.self)
      i &+= 4
    }
    var sum = (sums[0] + sums[1]) + (sums[2] + sums[3])
    while i < count {
      sum += a[i] * b[i]
      i &+= 1
    }
    return sum
  }

  /// y -= factor · x.
  @inlinable
  static func subtract(
    _ factor: Double, _ x: UnsafePointer<Double>, from y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for i in 0..<count { y[i] -= factor * x[i] }
  }
}
