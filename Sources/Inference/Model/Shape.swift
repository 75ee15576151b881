/// The lengths of an expression's axes: none for a scalar, one for a vector, two for a matrix, and so on.
///
/// Values lie in row-major order: the last index runs fastest.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let lengths: [Int]

  public init(_ lengths: [Int]) { self.lengths = lengths }
  public init(arrayLiteral elements: Int...) { lengths = elements }

  public static let scalar: Shape = []

  /// The number of elements.
  public var count: Int { lengths.reduce(1, *) }
  /// Whether the elements can be numbered by 32 bits, as programs do.
  var isCountable: Bool {
    var count = 1
    for length in lengths {
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      if overflows || abs(product) > Int(Int32.max) { return false }
      count = product
    }
    return true
  }

  /// Whether it does not differ along the last axis.
  var isOneForEachSet: Bool { (lengths.last ?? 1) == 1 }
  /// The number of axes.
  public var rank: Int { lengths.count }

  public var description: String {
    lengths.isEmpty ? "scalar" : "[" + lengths.map(String.init).joined(separator: " × ") + "]"
  }

  /// The shape of an elementwise operation: axes are aligned at the last, and an axis of length 1 is repeated.
  ///
  /// Nil where two lengths differ and neither is 1.
  static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    let rank = max(a.rank, b.rank)
    var lengths = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let (x, y) = (a.length(fromLast: rank - 1 - axis), b.length(fromLast: rank - 1 - axis))
      guard x == y || x == 1 || y == 1 else { return nil }
      lengths[axis] = x == 1 ? y : x
    }
    return Shape(lengths)
  }

  /// The length of an axis counted from the last; 1 beyond the first.
  func length(fromLast axis: Int) -> Int {
    axis < lengths.count ? lengths[lengths.count - 1 - axis] : 1
  }

  /// For each axis of `result`, how far an element of this shape is from its neighbour along that axis; 0 where it is
  /// repeated.
  func strides(in result: Shape) -> [Int] {
    var strides = [Int](repeating: 0, count: result.rank)
    var step = 1
    for axis in 0..<rank {
      let length = self.length(fromLast: axis)
      if length > 1 { strides[result.rank - 1 - axis] = step }
      step *= length
    }
    return strides
  }

  /// For each element of `result`, the element of this shape that it is.
  func elements(in result: Shape) -> [Int32] {
    let strides = self.strides(in: result)
    return [Int32](unsafeUninitializedCapacity: result.count) { buffer, filled in
      filled = result.count
      guard filled > 0 else { return }
      buffer[0] = 0
      // Axis by axis from the last, what is there is repeated with this axis' offsets.
      var done = 1
      for axis in (0..<result.rank).reversed() {
        for position in 1..<max(result.lengths[axis], 1) {
          let offset = Int32(position * strides[axis])
          for i in 0..<done { buffer[position * done + i] = buffer[i] + offset }
        }
        done *= result.lengths[axis]
      }
    }
  }

  /// Names of the elements of a variable of this shape, counted from 1: `beta[2,5]`; of a scalar its own name.
  func elementNames(_ name: String) -> [String] {
    guard rank > 0 else { return [name] }
    var suffixes = [""]
    for length in lengths {
      suffixes = suffixes.flatMap { prefix in (1...max(length, 1)).prefix(length).map { prefix + ",\($0)" } }
    }
    return suffixes.map { "\(name)[\($0.dropFirst())]" }
  }
}
