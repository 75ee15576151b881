import DemandData
import Foundation
import SalesStore

/// Forgets rows in quarantine, and completes the days of receipt lines that waited for nothing else: those to which a
/// later delivery added as many lines, such as the mended ones, and those that are said to be whole.
///
/// A day of which a line is merely forgotten stays unknown: the others are no total.
public struct QuarantineDrop: Sendable {
  /// A day of a product in a store that stays unknown, as lines of it were forgotten.
  public struct PartialDay: Sendable, Hashable {
    public let product, store: String
    public let day: Day
    /// Lines of it that were forgotten, and those that were added in their place.
    public let dropped, added: Int
  }

  public struct Outcome: Sendable, Hashable {
    /// Loads that brought days which are whole now.
    public var completed: [LoadRecord] = []
    /// Days that lack lines which were forgotten now.
    public var partial: [PartialDay] = []
  }

  public let ids: [Int]
  public let options: DeliveryLoad.Options
  /// Whether days are said to be whole without their lines: those that are forgotten now, and of the loads in
  /// ``settling`` also those forgotten before.
  public let areDaysWhole: Bool
  public let settling: Set<Int>

  public init(
    _ ids: [Int], options: DeliveryLoad.Options, areDaysWhole: Bool = false, settling: Set<Int> = []
  ) {
    self.ids = ids
    self.options = options
    self.areDaysWhole = areDaysWhole
    self.settling = settling
  }

  /// Undoes a load.
  private struct NothingToLoad: Error {}

  public func run(into store: any SalesStore, _ environment: IngestEnvironment) throws(IngestError) -> Outcome {
    do {
      let before = Self.droppedLines(try store.loads())
      try store.dropQuarantine(ids, areDaysWhole: areDaysWhole, settling: settling)
      let loads = try store.loads()
      let sums = EarlierSums(loads)
      let days = Dictionary(grouping: sums.answered, by: \.load).mapValues { $0.map(\.key) }
      var outcome = Outcome()
      for load in loads {
        guard let keys = days[load.id],
          let reading = load.summary.details.flatMap({ DeliveryReading(text: $0.reading) })
        else { continue }
        if let record = try complete(keys, of: load, reading.mapping, store, environment) {
          outcome.completed.append(record)
        }
      }
      let places = Self.droppedLines(loads).reduce(into: [Int: Set<LoadDetails.QuarantinePlace>]()) { places, it in
        let new = it.value.subtracting(before[it.key] ?? [])
        if !new.isEmpty { places[it.key] = new }
      }
      if !areDaysWhole { outcome.partial = try partial(sums.partial(places), sums, store, environment) }
      return outcome
    } catch {
      throw IngestError(error)
    }
  }

  private static func droppedLines(_ loads: [LoadRecord]) -> [Int: Set<LoadDetails.QuarantinePlace>] {
    loads.reduce(into: [:]) { $0[$1.id] = Set(($1.summary.details?.droppedLines ?? []).map(\.place)) }
  }

  /// Those of days that are unknown, with their names.
  private func partial(
    _ keys: [EarlierSums.Key], _ sums: EarlierSums, _ store: any SalesStore, _ environment: IngestEnvironment
  ) throws -> [PartialDay] {
    guard !keys.isEmpty else { return [] }
    var found: [PartialDay] = []
    do {
      _ = try store.withLoad(header("look", source: "", files: [], environment), now: environment.now) { writer in
        let products = Dictionary(writer.products.map { ($0.value.id, $0.key) }) { first, _ in first }
        let stores = Dictionary(writer.stores.map { ($0.value, $0.key) }) { first, _ in first }
        for key in keys {
          let series = writer.knownSeries(product: key.product, store: key.store)
          let known = try series.flatMap { try writer.existing(series: $0, day: key.day) }
          guard known == nil || known?.status == .unknown else { continue }
          let lacking = sums.lacking(key)
          found.append(
            PartialDay(
              product: products[key.product] ?? "?", store: stores[key.store] ?? "?", day: Day(number: key.day),
              dropped: lacking.dropped, added: lacking.added))
        }
        throw NothingToLoad()
      }
    } catch is NothingToLoad {}
    return found
  }

  private func header(
    _ what: String, source: String, files: [String], _ environment: IngestEnvironment
  ) -> LoadHeader {
    var hash = ContentHash()
    hash.update("\(what) \(environment.now().timeIntervalSince1970)")
    return LoadHeader(source: source, files: files, contentHash: hash.hex, contents: hash.hex)
  }

  private func complete(
    _ keys: [EarlierSums.Key], of load: LoadRecord, _ mapping: SourceMapping, _ store: any SalesStore,
    _ environment: IngestEnvironment
  ) throws -> LoadRecord? {
    var options = options
    options.restate = .reject
    options.today =
      options.today ?? Day(number: Int((environment.now().timeIntervalSince1970 / 86_400).rounded(.down)))
    options.completeThrough = load.summary.completeThrough
    do {
      let header = header("complete \(load.id)", source: load.source, files: load.files, environment)
      let result = try store.withLoad(header, now: environment.now) { writer in
        let earlier = try writer.earlierLoads()
        var sums = EarlierSums(earlier)
        let ready = try keys.filter { try sums.isWaiting($0, writer) == false }
        guard !ready.isEmpty else { throw NothingToLoad() }
        let tables = DeliveryTables(
          writer: writer, mapping: mapping, options: options,
          meter: ProgressMeter(environment: environment, total: 0), encodings: [:], keepsRefusals: false)
        var sales = try tables.load(
          DeliveryFiles(items: []), latestDay: DeliveryLoad.latestDay(options),
          retried: RetriedLoad(load.id, among: earlier))
        for key in ready { try sales.complete(key) }
        guard sales.hasLines else { throw NothingToLoad() }
        return try sales.finish()
      }
      return result.record
    } catch is NothingToLoad {
      return nil
    }
  }
}
