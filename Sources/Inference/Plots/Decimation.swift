/// A long line as few points as its picture can show: the least and the largest value of each pixel's column.
enum Decimation {
  /// Points of a line through values at 0, 1, 2 and so on.
  static func line(_ values: [Double], columns: Int) -> [(x: Double, y: Double)] {
    let size = values.count / max(1, columns)
    if size < 4 { return values.enumerated().map { (Double($0.offset), $0.element) } }
    var points: [(x: Double, y: Double)] = []
    for first in stride(from: 0, to: values.count, by: size) {
      let group = first..<min(first + size, values.count)
      guard let low = group.min(by: { values[$0] < values[$1] }), let high = group.max(by: { values[$0] < values[$1] })
      else { continue }
      for i in [min(low, high), max(low, high)] { points.append((Double(i), values[i])) }
    }
    return points
  }
}
