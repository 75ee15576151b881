/// Posterior draws of one series under its working prior, in 32 bits, sorted by the stage-1 draw that they were sampled
/// given. The hyperprior's Gibbs sampler proposes from them, and the archived draws are chosen among them.
package struct StoredDraws: Sendable {
  /// Numbers per draw: the parameters, then level and P(on shelf) after the origin's day.
  package static let width = SeriesParameter.count + 2

  /// `[draw][width]`
  package private(set) var values: [Float] = []
  /// Draws given stage-1 draw `j` stand at `offsets[j]..<offsets[j + 1]`.
  package private(set) var offsets: [Int] = [0]

  package var count: Int { values.count / Self.width }

  /// Whether there is a draw for every stage-1 draw.
  package var isComplete: Bool { offsets.count > 1 && zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 } }

  package init() {}

  package mutating func append(_ theta: [Double], level: Double, onShelf: Double) {
    for value in theta { values.append(Float(value)) }
    values.append(Float(level))
    values.append(Float(onShelf))
  }

  /// One bucket per stage-1 draw, joined.
  package init(buckets: [StoredDraws]) {
    values.reserveCapacity(buckets.reduce(0) { $0 + $1.values.count })
    for bucket in buckets {
      values.append(contentsOf: bucket.values)
      offsets.append(count)
    }
  }

  package func theta(_ draw: Int) -> [Double] {
    values[draw * Self.width..<draw * Self.width + SeriesParameter.count].map(Double.init)
  }

  package func level(_ draw: Int) -> Float { values[draw * Self.width + SeriesParameter.count] }
  package func onShelf(_ draw: Int) -> Float { values[draw * Self.width + SeriesParameter.count + 1] }
}
