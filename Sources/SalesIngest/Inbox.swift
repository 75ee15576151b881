import Foundation
import SalesStore

/// A folder that others put deliveries into. What was loaded moves to `done/`; what cannot be loaded moves to `failed/`,
/// with a text beside it that says why.
///
/// Every entry is a delivery of its own, loaded as a whole or not at all: a file, an archive, or a folder of files.
/// Masters by themselves come first, with the links that let them move products; of all else, files and folders alike,
/// names decide the order. A load that was killed
/// before its file could move is known by its contents the next time, and the file moves then, whatever came between.
public struct Inbox: Sendable {
  /// What became of one delivery.
  public enum Outcome: Sendable {
    case loaded(LoadRecord)
    /// The same contents had been loaded before.
    case alreadyLoaded(LoadRecord)
    case failed(IngestError)
  }

  /// Endings of files that are still being written; so are those that begin with a point.
  public static let unfinished = [".part", ".partial", ".filepart", ".tmp", "~"]
  private static let kept: Set<String> = ["done", "failed"]

  public let folder: String
  public let source: String
  public let mapping: SourceMapping
  public let options: DeliveryLoad.Options
  /// Entries that were written to less than this long ago, in seconds, are left for the next time.
  public let settling: Double

  public init(
    folder: String, source: String, mapping: SourceMapping, options: DeliveryLoad.Options, settling: Double = 10
  ) {
    self.folder = folder
    self.source = source
    self.mapping = mapping
    self.options = options
    self.settling = settling
  }

  /// Loads what is there, one delivery after another.
  ///
  /// - Parameter report: told what became of each, after it was moved.
  /// - Returns: what is to be said once all is loaded: of links that came before what they name, those whose products,
  ///   stores or departments are not there even now.
  /// - Throws: ``IngestError`` for what is no fault of a delivery, such as a database that cannot be written: the
  ///   delivery at hand and those after it stay where they are then.
  @discardableResult
  public func load(
    into store: any SalesStore, _ environment: IngestEnvironment, report: (_ name: String, Outcome) -> Void
  ) throws(IngestError) -> [String] {
    // A folder that is made here would hide that the one meant is not there, as when its disk is not mounted.
    guard InputFile.isFolder(folder) else {
      throw .unreadable(folder, reason: "there is no such folder; make it, mount it, or correct ingest.inbox")
    }
    for name in Self.kept { try makeFolder(name) }
    let deliveries = try deliveries(now: environment.now())
    var holdsLinks = false
    for name in deliveries {
      guard !environment.isCancelled() else { throw .cancelled }
      let path = self.path(name)
      // Another process may have been faster.
      guard FileManager.default.fileExists(atPath: path) else { continue }
      do throws(IngestError) {
        let files = try files(path)
        var load = DeliveryLoad(source: source, mapping: mapping, files: files, options: options)
        load.arrivedAt = arrival(path)
        // Moves must be known before their masters; what links name beside them may lie behind them.
        let areLinks = files.items.allSatisfy { $0.role == .links }
        load.options.warnsOfLinks = !areLinks || name == deliveries.last
        let result = try load.run(into: store, environment)
        holdsLinks = holdsLinks || !load.options.warnsOfLinks
        try move(name, to: "done")
        if case .loaded(let record) = result {
          report(name, .loaded(record))
        } else {
          report(name, .alreadyLoaded(result.record))
        }
      } catch {
        guard error.isDeliverysFault else { throw error }
        let moved = try move(name, to: "failed")
        try? Data((error.description + "\n").utf8).write(to: URL(filePath: moved + ".reason.txt"))
        report(name, .failed(error))
      }
    }
    return holdsLinks ? try linksToNothing(in: store) : []
  }

  /// Links that name what the database does not have, in words.
  private func linksToNothing(in store: any SalesStore) throws(IngestError) -> [String] {
    do {
      let (products, locations) = (try store.masters(tree: "product"), try store.masters(tree: "location"))
      func names(_ masters: (levels: [String], rows: [MasterRow]), fromLast: Int) -> Set<String> {
        Set(masters.rows.compactMap { $0.path.dropLast(fromLast).last })
      }
      let (goods, departments) = (names(products, fromLast: 0), names(products, fromLast: 1))
      let stores = names(locations, fromLast: 0)
      let idle = try store.lifeCycleLinks().filter { link in
        switch link.kind {
        case .successor: !goods.contains(link.node) || !goods.contains(link.other)
        case .departmentMove: !goods.contains(link.node) || !departments.contains(link.other)
        case .opening, .closure, .remodel: !stores.contains(link.node)
        }
      }
      guard !idle.isEmpty else { return [] }
      let shown = idle.prefix(5).map { link in
        "\(link.kind.rawValue) of '\(link.node)'\(link.other.isEmpty ? "" : " and '\(link.other)'") on \(link.day)"
      }
      return [
        "\(idle.count) links name products, stores or departments that are not there, and do nothing yet: "
          + shown.joined(separator: ", ") + (idle.count > 5 ? " and \(idle.count - 5) more" : "")
          + ": correct the names, or load what they name"
      ]
    } catch {
      throw IngestError(error)
    }
  }

  /// Names of what is to be loaded, in order.
  func deliveries(now: Date) throws(IngestError) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw .unreadable(folder, reason: "it is no folder that can be read; make it, or correct ingest.inbox")
    }
    let ready = names.filter { name in
      !name.hasPrefix(".") && !Self.kept.contains(name) && !Self.unfinished.contains { name.hasSuffix($0) }
        && now.timeIntervalSince(lastWrite(path(name))) >= settling
    }
    return ready.map { (rank: rank($0), name: $0) }.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.map(\.name)
  }

  /// What others name, in the order in which it is loaded.
  private static let leading: [SourceMapping.Role] = [.links, .products, .stores]

  /// Masters come before what names them. What holds other facts too keeps its place by name, for those may be
  /// corrections of one another.
  private func rank(_ name: String) -> Int {
    guard let items = try? files(path(name)).items, !items.isEmpty else { return Self.leading.count }
    return items.map { Self.leading.firstIndex(of: $0.role) ?? Self.leading.count }.max() ?? Self.leading.count
  }

  private func files(_ path: String) throws(IngestError) -> DeliveryFiles {
    if DeliveryFiles.isCollection(path) { return try DeliveryFiles(folder: path, mapping: mapping) }
    let matching = try DeliveryFiles.matching([path], mapping: mapping)
    return matching.items.isEmpty ? try DeliveryFiles([.sales: [path]], mapping: mapping) : matching
  }

  private func lastWrite(_ path: String) -> Date {
    func date(_ path: String) -> Date {
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      return attributes?[.modificationDate] as? Date ?? .distantPast
    }
    let inside = InputFile.isFolder(path) ? (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] : []
    return inside.map { date(path + "/" + $0) }.reduce(date(path)) { max($0, $1) }
  }

  /// When an entry came to lie where it is: the last change of its names, which moving it is, or of what is in it.
  private func arrival(_ path: String) -> Date? {
    let inside = InputFile.isFolder(path) ? (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] : []
    return ([path] + inside.map { path + "/" + $0 }).compactMap { path in
      var status = stat()
      guard lstat(path, &status) == 0 else { return nil }
      return Date(timeIntervalSince1970: Double(status.st_ctim.tv_sec) + Double(status.st_ctim.tv_nsec) / 1e9)
    }.max()
  }

  private func path(_ name: String) -> String { folder + "/" + name }

  private func makeFolder(_ name: String) throws(IngestError) {
    do {
      try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    } catch {
      throw .unreadable(folder, reason: "no folder '\(name)' can be made in it; let this user write there")
    }
  }

  /// Moves a delivery out of the way, beside others of its name; returns where it is now.
  @discardableResult
  private func move(_ name: String, to place: String) throws(IngestError) -> String {
    var target = path(place + "/" + name)
    var number = 1
    while FileManager.default.fileExists(atPath: target) {
      number += 1
      target = path("\(place)/\(number)-\(name)")
    }
    do {
      try FileManager.default.moveItem(atPath: path(name), toPath: target)
    } catch {
      guard FileManager.default.fileExists(atPath: path(name)) else { return target }
      throw .unreadable(path(name), reason: "it cannot be moved to '\(place)'; let this user write there")
    }
    return target
  }
}

extension IngestError {
  /// Whether the same delivery would fail in the same way tomorrow.
  package var isDeliverysFault: Bool {
    switch self {
    case .cancelled: false
    case .store(.hierarchy): true
    // What the database's own rules refuse, they refuse tomorrow: files behind it must not wait for ever.
    case .store(.database(_, let reason)): reason.contains("constraint")
    case .store: false
    default: true
    }
  }
}
