import Foundation
import NumericKernels
import Testing

@Suite struct SymmetricEigenTests {
  @Test(arguments: [1, 2, 7, 60])
  func matrixIsFoundAgain(size n: Int) {
    var stream = RandomStream(seed: 3, purpose: UInt32(n))
    var matrix = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in i..<n {
        matrix[i * n + j] = stream.normal()
        matrix[j * n + i] = matrix[i * n + j]
      }
    }
    let eigen = SymmetricEigen(matrix, size: n)
    for i in 0..<n {
      for j in 0..<n {
        var element = 0.0
        var product = 0.0
        for k in 0..<n {
          element += eigen.values[k] * eigen.vectors[k * n + i] * eigen.vectors[k * n + j]
          product += eigen.vectors[i * n + k] * eigen.vectors[j * n + k]
        }
        #expect(abs(element - matrix[i * n + j]) < 1e-12 * Double(n))
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-12 * Double(n))
      }
    }
  }

  /// The second difference matrix has eigenvalues 2 - 2 cos(k pi / (n + 1)).
  @Test func secondDifferences() {
    let n = 12
    var matrix = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      matrix[i * n + i] = 2
      if i + 1 < n { matrix[i * n + i + 1] = -1 }
    }
    let values = SymmetricEigen(matrix, size: n).values.sorted()
    for (k, value) in values.enumerated() {
      #expect(abs(value - (2 - 2 * cos(Double(k + 1) * .pi / Double(n + 1)))) < 1e-13)
    }
  }

  @Test func singularMatrices() {
    #expect(SymmetricEigen([0, 0, 0, 0], size: 2).values == [0, 0])
    let ones = SymmetricEigen([Double](repeating: 1, count: 9), size: 3).values.sorted()
    #expect(abs(ones[0]) < 1e-14 && abs(ones[1]) < 1e-14 && abs(ones[2] - 3) < 1e-14)
  }
}
