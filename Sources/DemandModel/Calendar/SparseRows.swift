/// Design rows by day, compressed: only entries that are not zero, already multiplied by their column's relative scale.
package struct SparseRows: Sendable, Hashable {
  package let dayCount: Int
  package let columnCount: Int
  /// Entries of day `t` stand at `offsets[t]..<offsets[t + 1]`, by column.
  package let offsets: [Int]
  package let column: [Int]
  package let value: [Double]

  package init(dayCount: Int, columns: [CalendarColumn]) {
    self.dayCount = dayCount
    columnCount = columns.count
    var byDay = [[(column: Int, value: Double)]](repeating: [], count: dayCount)
    for (index, column) in columns.enumerated() {
      for (day, value) in column.values { byDay[day].append((index, value * column.relativeScale)) }
    }
    var offsets = [0]
    var column: [Int] = []
    var value: [Double] = []
    for entries in byDay {
      column += entries.map(\.column)
      value += entries.map(\.value)
      offsets.append(column.count)
    }
    self.offsets = offsets
    self.column = column
    self.value = value
  }

  /// `x_t' b` of one day, b the elements of `coefficients` from `first` on.
  package func product(day: Int, _ coefficients: [Double], from first: Int = 0) -> Double {
    precondition(first >= 0 && first + columnCount <= coefficients.count, "one coefficient for every column")
    return coefficients.withUnsafeBufferPointer { b in
      column.withUnsafeBufferPointer { column in
        value.withUnsafeBufferPointer { value in
          var sum = 0.0
          for entry in offsets[day]..<offsets[day + 1] { sum += value[entry] * b[first + column[entry]] }
          return sum
        }
      }
    }
  }

  /// Adds `weight x_t` to a vector of the columns.
  package func add(_ weight: Double, day: Int, to sums: inout [Double]) {
    precondition(sums.count == columnCount, "one sum for every column")
    sums.withUnsafeMutableBufferPointer { sums in
      column.withUnsafeBufferPointer { column in
        value.withUnsafeBufferPointer { value in
          for entry in offsets[day]..<offsets[day + 1] { sums[column[entry]] += weight * value[entry] }
        }
      }
    }
  }
}
