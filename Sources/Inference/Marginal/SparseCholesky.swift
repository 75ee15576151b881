import Foundation

/// How to factor sparse symmetric positive definite matrices A = L L' of one pattern, and find the elements of the inverse
/// on the pattern of L.
///
/// Rows are ordered by minimum degree. The value holds the pattern alone; numbers are the caller's, so that one pattern
/// serves many threads.
///
/// - Complexity: Σ_j n_j² for factoring and for the selected inverse, n_j being the elements of column j of L.
struct SparseCholesky: Sendable {
  typealias Numbers = UnsafeMutablePointer<Double>

  let size: Int
  /// The number of elements on and below the diagonal of L.
  var elementCount: Int { rows.count }

  /// Where each original row went, and back.
  private let position: [Int]
  private let original: [Int]
  /// Column j holds elements `starts[j]..<starts[j + 1]`, the diagonal first, rows ascending.
  private let starts: [Int]
  private let rows: [Int32]

  /// Analyses the pattern of a matrix.
  ///
  /// - Parameter cliques: Sets of rows, all pairs within which are elements of the matrix.
  init(size: Int, cliques: [[Int]]) {
    self.size = size
    var neighbors = [Set<Int>](repeating: [], count: size)
    for clique in Set(cliques) {
      for i in clique { for j in clique where i != j { neighbors[i].insert(j) } }
    }
    // The row with fewest neighbours goes next, and its neighbours become a clique. Ties go by number.
    var buckets = [Set<Int>](repeating: [], count: size + 1)
    for i in 0..<size { buckets[neighbors[i].count].insert(i) }
    var (order, columns): ([Int], [[Int]]) = ([], [])
    var least = 0
    while order.count < size {
      while buckets[least].isEmpty { least += 1 }
      guard let next = buckets[least].min() else { break }
      buckets[least].remove(next)
      let around = neighbors[next]
      for i in around {
        buckets[neighbors[i].count].remove(i)
        neighbors[i].formUnion(around)
        neighbors[i].remove(i)
        neighbors[i].remove(next)
        buckets[neighbors[i].count].insert(i)
        least = min(least, neighbors[i].count)
      }
      order.append(next)
      columns.append(Array(around))
    }
    var position = [Int](repeating: 0, count: size)
    for (place, row) in order.enumerated() { position[row] = place }
    var (starts, rows): ([Int], [Int32]) = ([0], [])
    for (place, column) in columns.enumerated() {
      rows.append(Int32(place))
      rows += column.map { Int32(position[$0]) }.sorted()
      starts.append(rows.count)
    }
    self.position = position
    original = order
    self.starts = starts
    self.rows = rows
  }

  /// Where element (i, j) of the matrix is kept among ``elementCount`` numbers; the pair must lie in a clique.
  func element(_ i: Int, _ j: Int) -> Int {
    let (row, column) = (Int32(max(position[i], position[j])), min(position[i], position[j]))
    var (low, high) = (starts[column], starts[column + 1])
    while high - low > 1 {
      let middle = (low + high) / 2
      if rows[middle] <= row { low = middle } else { high = middle }
    }
    precondition(rows[low] == row, "the element is not in the pattern")
    return low
  }

  /// Replaces the matrix, its elements at the places of ``element(_:_:)``, by L.
  ///
  /// - Returns: log det A; nil if the matrix is not positive definite.
  func factor(_ l: Numbers) -> Double? {
    rows.withUnsafeBufferPointer { rows in
      starts.withUnsafeBufferPointer { starts in
        var product = 1.0
        var logDeterminant = 0.0
        for j in 0..<size {
          let (start, end) = (starts[j], starts[j + 1])
          let pivot = l[start]
          guard pivot > 0, pivot < .infinity else { return nil }
          // One logarithm for many pivots, before their product leaves the range.
          product *= pivot
          if !(product > 1e-150 && product < 1e150) {
            logDeterminant += log(product / pivot) + log(pivot)
            product = 1
          }
          let root = pivot.squareRoot()
          let scale = 1 / root
          l[start] = root
          var e = start + 1
          while e < end {
            l[e] *= scale
            e += 1
          }
          e = start + 1
          while e < end {
            let factor = l[e]
            // Column k takes away column j's multiples; both row lists ascend, and k's holds all of j's beyond k.
            var target = starts[Int(rows[e])]
            var source = e
            while source < end {
              while rows[target] != rows[source] { target += 1 }
              l[target] -= factor * l[source]
              source += 1
            }
            e += 1
          }
        }
        return logDeterminant + log(product)
      }
    }
  }

  /// Replaces x by A^-1 x; `work` has `size` elements.
  func solve(_ l: Numbers, _ x: Numbers, work: Numbers) {
    for j in 0..<size { work[j] = x[original[j]] }
    for j in 0..<size {
      let value = work[j] / l[starts[j]]
      work[j] = value
      for e in starts[j]..<starts[j + 1] where e > starts[j] { work[Int(rows[e])] -= l[e] * value }
    }
    solveUpper(l, work)
    for j in 0..<size { x[original[j]] = work[j] }
  }

  /// Adds L'^-1 z to x: with z standard normal a draw of N(x, A^-1). `z` is used up.
  func addDeviation(_ l: Numbers, to x: Numbers, _ z: Numbers) {
    solveUpper(l, z)
    for j in 0..<size { x[original[j]] += z[j] }
  }

  private func solveUpper(_ l: Numbers, _ work: Numbers) {
    for j in stride(from: size - 1, through: 0, by: -1) {
      var sum = work[j]
      for e in starts[j]..<starts[j + 1] where e > starts[j] { sum -= l[e] * work[Int(rows[e])] }
      work[j] = sum / l[starts[j]]
    }
  }

  /// Writes the elements of A^-1 on the pattern of L (Takahashi, Fagan and Chen 1973).
  func invert(_ l: Numbers, into z: Numbers) {
    rows.withUnsafeBufferPointer { rows in
      starts.withUnsafeBufferPointer { starts in
        for j in stride(from: size - 1, through: 0, by: -1) {
          let (start, end) = (starts[j], starts[j + 1])
          let scale = 1 / l[start]
          var e = start
          while e < end {
            z[e] = 0
            e += 1
          }
          e = start + 1
          while e < end {
            // Z_ij = -Σ_k (L_kj / L_jj) Z_ik over the rows i, k of column j; Z_ik lies in column min(i, k).
            let weight = l[e] * scale
            var source = starts[Int(rows[e])]
            var sum = weight * z[source]
            var other = e + 1
            while other < end {
              while rows[source] != rows[other] { source += 1 }
              z[other] -= weight * z[source]
              sum += l[other] * scale * z[source]
              other += 1
            }
            z[e] -= sum
            e += 1
          }
          var diagonal = scale * scale
          e = start + 1
          while e < end {
            diagonal -= l[e] * scale * z[e]
            e += 1
          }
          z[start] = diagonal
        }
      }
    }
  }
}
