import Foundation

/// The files of a delivery: each with what it holds.
public struct DeliveryFiles: Sendable {
  /// A file with the table of the mapping that says how to read it.
  struct Item: Sendable {
    let role: SourceMapping.Role
    let table: SourceMapping.Table
    let input: InputFile
  }

  private(set) var items: [Item] = []
  /// Files that would fit and are not read, because they lie in subfolders of the folder named.
  private(set) var passedOver: [String] = []

  /// Files beside those read that no table of the mapping names.
  private(set) var unread: [String] = []

  init(items: [Item], passedOver: [String] = [], unread: [String] = []) {
    self.items = items
    self.passedOver = passedOver
    self.unread = unread
  }

  /// What the user should know of files that are not read.
  var warnings: [String] {
    [subfolderWarning, unreadWarning].compactMap { $0 }
  }

  private var unreadWarning: String? {
    guard !unread.isEmpty else { return nil }
    let names = unread.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
    let more = unread.count > 6 ? " and \(unread.count - 6) more" : ""
    return
      "\(names)\(more) \(unread.count == 1 ? "is" : "are") not read, as no table of the mapping names "
      + "\(unread.count == 1 ? "it" : "them"): add to 'files:' of a table what belongs to the delivery; workbooks must be "
      + "saved as CSV, and archives in a folder unpacked or loaded by themselves"
  }

  /// Finds the files of folders and archives that nothing reads.
  private mutating func findUnread(_ names: [String]) {
    let read = Set(items.map(\.input.name))
    var seen: Set<String> = []
    for name in names {
      let found = ((try? InputFile.expand(name)) ?? []).map(\.name) + InputFile.workbooks(in: name)
      for file in found where !read.contains(file) && seen.insert(file).inserted {
        if !FilePattern.besides.contains(where: { FilePattern.matches(file, $0) }) { unread.append(file) }
      }
    }
  }

  private var subfolderWarning: String? {
    guard let first = passedOver.first else { return nil }
    let folder = first.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return
      "\(passedOver.count) files in subfolders are not read, such as '\(first)': a delivery lies in one folder, so "
      + "move them there, or load '\(folder)' by itself"
  }

  /// Files by their names in a folder or zip archive, as the mapping has them.
  ///
  /// A pattern also takes the file packed: `sales*.csv` is found as `sales_1.csv.gz` and `sales_1.csv.zip`.
  ///
  /// - Throws: ``IngestError/nothingToLoad(_:wanted:)`` when nothing fits.
  public init(folder: String, mapping: SourceMapping) throws(IngestError) {
    guard FileManager.default.fileExists(atPath: folder) else { throw .missingFile(folder) }
    for role in SourceMapping.Role.allCases {
      for table in mapping.tables(role) {
        let wanted = table.files.flatMap { [$0, $0 + ".gz", $0 + ".zip"] }
        for input in try InputFile.expand(folder, wanted: wanted) {
          items.append(Item(role: role, table: table, input: input))
        }
      }
    }
    passedOver = InputFile.inSubfolders(
      of: folder,
      wanted: SourceMapping.Role.allCases.flatMap { mapping.tables($0) }.flatMap(\.files).flatMap {
        [$0, $0 + ".gz", $0 + ".zip"]
      })
    guard !items.isEmpty else {
      if let warning = subfolderWarning { throw .option("'\(folder)' itself holds no file of a delivery; \(warning)") }
      let names = SourceMapping.Role.allCases.flatMap { mapping.tables($0) }.flatMap(\.files)
      if let workbook = InputFile.workbooks(in: folder).first {
        let mend = FilePattern.matches(workbook, "*.zip") ? "unpack it, or name it" : "save it as CSV"
        throw .option("'\(workbook)' is no text, and '\(folder)' holds no other file of a delivery: \(mend)")
      }
      var seen: Set<String> = []
      throw .nothingToLoad(folder, wanted: names.filter { seen.insert($0).inserted })
    }
    findUnread([folder])
  }

  /// Files named one by one; names may be patterns, folders, archives, members of archives or `-`.
  ///
  /// Of several tables of a role, the one that names the file is taken, else the first.
  public init(_ names: [SourceMapping.Role: [String]], mapping: SourceMapping) throws(IngestError) {
    for role in SourceMapping.Role.allCases {
      for name in names[role] ?? [] {
        let tables = mapping.tables(role)
        guard let first = tables.first else {
          throw .option(
            "the mapping has no table of \(role.rawValue): leave out '\(name)', or add '\(role.rawValue):' to it")
        }
        var inputs = try InputFile.expand(name)
        if InputFile.isFolder(name) {
          // Masters may lie beside sales.
          let named = inputs.filter { input in
            tables.contains { $0.files.contains { FilePattern.matches(Self.unpacked(input.name), $0) } }
          }
          if !named.isEmpty { inputs = named }
        }
        guard !inputs.isEmpty else { throw .nothingToLoad(name, wanted: ["*.csv"]) }
        for input in inputs {
          let fitting = tables.filter { table in
            table.files.contains { FilePattern.matches(Self.unpacked(input.name), $0) }
          }
          for table in fitting.isEmpty ? [first] : fitting {
            items.append(Item(role: role, table: table, input: input))
          }
        }
      }
    }
    findUnread(names.values.flatMap { $0 }.filter(Self.isCollection).sorted())
  }

  /// Names by what their files hold: by the mapping's names of files, and sales where it has none that fits.
  public static func byRole(_ names: [String], mapping: SourceMapping) -> [SourceMapping.Role: [String]] {
    Dictionary(grouping: names) { name in
      let file = unpacked(String(name.split(separator: "/").last ?? ""))
      func fits(_ role: SourceMapping.Role) -> Bool {
        mapping.tables(role).contains { $0.files.contains { FilePattern.matches(file, $0) } }
      }
      return fits(.sales) ? .sales : SourceMapping.Role.allCases.first(where: fits) ?? .sales
    }
  }

  /// Files each read by the table of the mapping that names it, as when the mapping was inferred from them.
  public static func matching(_ names: [String], mapping: SourceMapping) throws(IngestError) -> DeliveryFiles {
    var items: [Item] = []
    for name in names {
      for input in try InputFile.expand(name) {
        for role in SourceMapping.Role.allCases {
          for table in mapping.tables(role)
          where table.files.contains(where: { FilePattern.matches(Self.unpacked(input.name), $0) }) {
            items.append(Item(role: role, table: table, input: input))
          }
        }
      }
    }
    var files = DeliveryFiles(items: items)
    files.findUnread(names.filter { $0 != InputFile.standardInput })
    return files
  }

  /// Whether a name stands for a folder, or an archive of several files, rather than for files of sales.
  public static func isCollection(_ name: String) -> Bool {
    InputFile.isFolder(name) || (try? ZipArchive(path: name)).map { $0.members.count > 1 } == true
  }

  /// A file's name without the endings of packed files.
  private static func unpacked(_ name: String) -> String {
    [".gz", ".zip"].reduce(name) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
  }

  func items(_ role: SourceMapping.Role) -> [Item] { items.filter { $0.role == role } }
}
