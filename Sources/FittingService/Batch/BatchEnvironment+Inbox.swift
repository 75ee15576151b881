import Logging
import SalesIngest
import SalesStore

extension BatchEnvironment {
  /// Loads what lies in the configured inbox.
  ///
  /// A delivery that cannot be loaded is logged and does not stop the night: the forecast is made from the data there is.
  ///
  /// - Throws: ``BatchError/cancelled``, and ``BatchError/failed(message:hint:)`` for an inbox or a mapping that is not
  ///   there: a night that saw no delivery must not look like one on which none came.
  func emptyInbox() throws(BatchError) {
    guard let folder = configuration.ingest.inbox else { return }
    let name = configuration.ingest.inboxMapping
    guard let mapping = SourceMappings.named(name, in: configuration) else {
      throw .failed(
        message: "the inbox cannot be read: there is no mapping '\(name)'",
        hint: "correct ingest.inbox_mapping; 'demand ingest --help' names those there are")
    }
    guard InputFile.isFolder(folder) else {
      throw .failed(
        message: "the inbox '\(folder)' is not there", hint: "make or mount the folder, or correct ingest.inbox")
    }
    let inbox = Inbox(
      folder: folder, source: name, mapping: mapping, options: DeliveryLoad.Options(configuration, now: now()))
    do {
      let remarks = try inbox.load(into: store, IngestEnvironment(now: now, isCancelled: isCancelled)) {
        name, outcome in
        switch outcome {
        case .loaded(let record):
          let summary = record.summary
          logger.info(
            "loaded '\(name)'",
            metadata: [
              "load": "\(record.id)", "rows": "\(summary.rowsLoaded)", "quarantined": "\(summary.rowsQuarantined)",
            ])
          for warning in summary.details?.warnings ?? [] { logger.warning("'\(name)': \(warning)") }
        case .alreadyLoaded(let record):
          logger.info("'\(name)' was loaded before", metadata: ["load": "\(record.id)"])
        case .failed(let error):
          logger.error("'\(name)' cannot be loaded and is in \(folder)/failed: \(error)")
        }
      }
      for remark in remarks { logger.warning("\(remark)") }
    } catch .cancelled {
      throw .cancelled
    } catch {
      logger.error("the inbox is left as it is: \(error)")
    }
  }
}
