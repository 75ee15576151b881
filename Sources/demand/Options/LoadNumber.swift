import SalesStore

/// Numbers of loads, as options name them.
enum LoadNumber {
  /// Refuses the number of a load that is not there, and a database without any load.
  static func require(_ id: Int?, among loads: [LoadRecord]) throws {
    guard let first = loads.first?.id, let last = loads.last?.id else {
      throw UserError(.noData, "nothing has been loaded yet", hint: "'demand ingest --help' shows how")
    }
    guard let id, !loads.contains(where: { $0.id == id }) else { return }
    let numbers =
      loads.count > 20 ? "\(first) to \(last)" : loads.map { String($0.id) }.joined(separator: ", ")
    throw UserError(
      .usage, "there is no load \(id)", hint: "there are \(numbers): 'demand data status --loads' shows them")
  }
}
