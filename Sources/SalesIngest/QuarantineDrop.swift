import DemandData
import Foundation
import SalesStore

/// Forgets rows in quarantine, and completes the days of receipt lines that waited for nothing else: those to which a
/// later delivery added lines, such as the mended ones.
///
/// A day of which a line is merely forgotten stays unknown: the others are no total.
public struct QuarantineDrop: Sendable {
  public let ids: [Int]
  public let options: DeliveryLoad.Options

  public init(_ ids: [Int], options: DeliveryLoad.Options) {
    self.ids = ids
    self.options = options
  }

  /// No day is whole now: undoes the load.
  private struct NothingToComplete: Error {}

  /// - Returns: loads that brought days which are whole now.
  public func run(into store: any SalesStore, _ environment: IngestEnvironment) throws(IngestError) -> [LoadRecord] {
    do {
      try store.dropQuarantine(ids)
      let loads = try store.loads()
      let days = Dictionary(grouping: EarlierSums(loads).extended, by: \.load).mapValues { $0.map(\.key) }
      var done: [LoadRecord] = []
      for load in loads {
        guard let keys = days[load.id],
          let reading = load.summary.details.flatMap({ DeliveryReading(text: $0.reading) })
        else { continue }
        if let record = try complete(keys, of: load, reading.mapping, store, environment) { done.append(record) }
      }
      return done
    } catch {
      throw IngestError(error)
    }
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
    var hash = ContentHash()
    hash.update("complete \(load.id) \(environment.now().timeIntervalSince1970)")
    let header = LoadHeader(source: load.source, files: load.files, contentHash: hash.hex, contents: hash.hex)
    do {
      let result = try store.withLoad(header, now: environment.now) { writer in
        let earlier = try writer.earlierLoads()
        var sums = EarlierSums(earlier)
        let ready = try keys.filter { try sums.isWaiting($0, writer) == false }
        guard !ready.isEmpty else { throw NothingToComplete() }
        let tables = DeliveryTables(
          writer: writer, mapping: mapping, options: options,
          meter: ProgressMeter(environment: environment, total: 0), encodings: [:], keepsRefusals: false)
        var sales = try tables.load(
          DeliveryFiles(items: []), latestDay: DeliveryLoad.latestDay(options),
          retried: RetriedLoad(load.id, among: earlier))
        for key in ready { try sales.complete(key) }
        guard sales.hasLines else { throw NothingToComplete() }
        return try sales.finish()
      }
      return result.record
    } catch is NothingToComplete {
      return nil
    }
  }
}
