import Foundation
import SalesStore

/// Compares the units of a load with those that the database had of the same series.
///
/// A file in cases instead of units is off by the same factor everywhere; a product whose pack changed is off alone.
struct ScaleCheck {
  /// Series that are compared, at most: each costs a read of its history.
  private static let sample = 500
  private static let days = 56
  /// A factor that the whole assortment does not grow by from one load to the next.
  private static let factor = 3.0
  private static let productFactor = 6.0
  /// Fewer series than this are no assortment: they are odd only by the factor of a single product.
  private static let few = 5

  let record: SalesRecord

  private struct Compared {
    let series: Int
    let now: Double
    let before: Double
    var ratio: Double { now / before }
  }

  /// What is odd about the scale of the load, or nil.
  func evidence(_ writer: LoadWriter) throws -> String? {
    let known = record.touched.filter { record.lastRowBefore(series: $0) != nil && record.meanUnits(of: $0) != nil }
    let step = max(1, known.count / Self.sample)
    var compared: [Compared] = []
    for index in stride(from: 0, to: known.count, by: step) {
      let id = known[index]
      let own = record.days(of: id)
      let last = record.lastRowBefore(series: id)!
      let history = try writer.existingDays(series: id, in: last - Self.days + 1...last).filter {
        !own.contains($0.key)
      }
      let mean = history.values.reduce(0, +) / Double(max(1, history.count))
      guard history.count >= 5, mean > 0 else { continue }
      compared.append(Compared(series: id, now: record.meanUnits(of: id)!, before: mean))
    }
    let now = compared.reduce(0) { $0 + $1.now }
    let before = compared.reduce(0) { $0 + $1.before }
    // A handful of series may sell nothing on a day, or three instead of half a unit.
    let areFew = compared.count < Self.few
    guard !compared.isEmpty, !areFew || (now > 0 && max(now, before) >= 10) else { return nil }
    let factor = areFew ? Self.productFactor : Self.factor
    let ratios = compared.map(\.ratio).sorted()
    let median = ratios[ratios.count / 2]
    let pooled = now / before
    if max(median, pooled) < 1 / factor || min(median, pooled) > factor {
      let example = compared.max { abs(log($0.ratio / median)) > abs(log($1.ratio / median)) }!
      return
        "units are \(Self.text(pooled)) times those of the \(Self.days) days before, in median \(Self.text(median)) over "
        + "\(compared.count) series (\(name(example, writer))): if the file counts cases instead of units, or the other "
        + "way round, deliver it again as it should be"
    }
    let jumped = compared.filter {
      max($0.ratio / median, median / max($0.ratio, 1e-9)) > Self.productFactor && $0.before >= 10 && $0.now > 0
    }
    guard !jumped.isEmpty, jumped.count * 4 < compared.count else { return nil }
    return "\(jumped.count) of \(compared.count) series jumped in scale ("
      + jumped.prefix(3).map { name($0, writer) }
      .joined(separator: "; ") + "): check whether their units changed, such as from pieces to packs"
  }

  private func name(_ it: Compared, _ writer: LoadWriter) -> String {
    let names = record.names(series: it.series, writer)
    return "\(names.product) in \(names.store): \(Self.text(it.now)) a row, before \(Self.text(it.before))"
  }

  private static func text(_ value: Double) -> String { String(format: "%.3g", value) }
}
