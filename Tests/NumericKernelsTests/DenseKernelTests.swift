import CNumericKernels
import Foundation
import NumericKernels
import Testing

/// The dense kernels on every instruction set that this machine has, against plain loops.
@Suite("Dense kernels")
struct DenseKernelTests {
  static let paths = [CNK_PATH_BASE, CNK_PATH_V3, CNK_PATH_V4].map { Int32($0) }.filter {
    cnk_path_is_supported($0) != 0
  }

  private static func normals(_ count: Int, _ index: Int) -> [Double] {
    var stream = RandomStream(seed: 98, purpose: 4, index: UInt64(index))
    return (0..<count).map { _ in stream.normal() }
  }

  /// L of a random lower triangle comes back from L L', for sizes around the blocks' and registers' widths.
  @Test(arguments: paths) func choleskyFindsTheTriangle(path: Int32) {
    for size in Array(1...40) + [63, 64, 65, 129] {
      let raw = Self.normals(size * size, size)
      var triangle = [Double](repeating: 0, count: size * size)
      for i in 0..<size {
        for j in 0..<i { triangle[i * size + j] = raw[i * size + j] / Double(size) }
        triangle[i * size + i] = 0.5 + abs(raw[i * size + i])
      }
      var matrix = [Double](repeating: .nan, count: size * size)
      for i in 0..<size {
        for j in 0...i {
          matrix[i * size + j] = (0...j).reduce(0) { $0 + triangle[i * size + $1] * triangle[j * size + $1] }
        }
      }
      #expect(cnk_cholesky_on(path, Int32(size), &matrix) == -1)
      for i in 0..<size {
        for j in 0...i { #expect(abs(matrix[i * size + j] - triangle[i * size + j]) < 1e-12) }
      }
    }
  }

  /// The first row without a positive, finite pivot is named, wherever in a block it stands.
  @Test(arguments: paths) func choleskyNamesTheFailingRow(path: Int32) {
    for size in [1, 2, 7, 8, 9, 23, 24] {
      for row in 0..<size {
        for bad in [-1, 0, Double.nan, .infinity] {
          var matrix = [Double](repeating: 0, count: size * size)
          for i in 0..<size { matrix[i * size + i] = 1 }
          matrix[row * size + row] = bad
          #expect(cnk_cholesky_on(path, Int32(size), &matrix) == Int32(row))
        }
      }
    }
  }

  @Test(arguments: paths) func rowsAreSubtracted(path: Int32) {
    for (columns, chosen) in [(1, [0]), (5, [3, 1]), (16, [0, 2, 4, 6]), (37, [9, 0, 9, 5, 7, 1, 2]), (8, [])] {
      let matrix = Self.normals(columns * 10, columns)
      let factors = Self.normals(chosen.count, 77)
      let start = Self.normals(columns, 78)
      var found = start
      cnk_subtract_rows_on(
        path, Int32(columns), matrix, Int32(chosen.count), chosen.map(Int32.init), factors, &found)
      for k in 0..<columns {
        let wanted = zip(chosen, factors).reduce(start[k]) { $0 - $1.1 * matrix[$1.0 * columns + k] }
        #expect(abs(found[k] - wanted) < 1e-13)
      }
    }
  }

  @Test(arguments: paths) func exponentialsAndTheirSum(path: Int32) {
    for count in Array(0...40) {
      let base = Self.normals(count, count).map { 3 * $0 }
      let direction = Self.normals(count, 100 + count)
      var results = [Double](repeating: -1, count: count)
      let sum = cnk_exponentials_on(path, Int32(count), base, direction, 0.7, &results)
      let wanted = zip(base, direction).map { exp($0 + 0.7 * $1) }
      for (value, wanted) in zip(results, wanted) { #expect(abs(value - wanted) < 1e-14 * wanted) }
      let total = wanted.reduce(0, +)
      #expect(abs(sum - total) <= 1e-13 * total)
      #expect(cnk_exponentials_on(path, Int32(count), base, direction, 0.7, nil) == sum)
    }
    #expect(cnk_exponentials_on(path, 2, [-1e6, -800], [0, 0], 1, nil) == 2 * exp(-690))
  }
}
