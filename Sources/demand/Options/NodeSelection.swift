import ArgumentParser
import DemandData
import FittingService

/// Which nodes a query is about.
struct NodeSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A product, department, category, or all; its level is found by the name, or given as level:name.",
      valueName: "name"))
  var product: String?

  @Option(help: ArgumentHelp("A store, region, or all; likewise.", valueName: "name"))
  var location: String?

  @Option(
    help: ArgumentHelp(
      "All nodes of a pair of levels in place of one node, such as department:store.", valueName: "pair"))
  var level: String?

  func validate() throws {
    if level != nil, product != nil || location != nil {
      throw ValidationError("--level lists all nodes of a level: leave out --product and --location")
    }
  }

  /// The nodes that are meant, sorted; the total of everything where nothing is given.
  func nodes(in hierarchy: Hierarchy) throws -> [NodeNames] {
    if let level {
      let pair = try NodeSelection.levelPair(named: level, in: hierarchy)
      return hierarchy.membership(at: pair).nodes.map { hierarchy.names(of: $0) }
    }
    return [try Self.node(product: product, location: location, in: hierarchy)]
  }

  /// The node of these names; the top of a tree where none is given.
  static func node(product: String?, location: String?, in hierarchy: Hierarchy) throws -> NodeNames {
    let p = try product.map { try find($0, in: hierarchy.product, option: "--product") } ?? top
    let l = try location.map { try find($0, in: hierarchy.location, option: "--location") } ?? top
    return NodeNames(productLevel: p.level, product: p.name, locationLevel: l.level, location: l.name)
  }

  /// Everything, whatever else bears its name.
  private static let top = (level: Tree.topName, name: Tree.topName)

  static func levelPair(named name: String, in hierarchy: Hierarchy) throws -> LevelPair {
    if let pair = hierarchy.levelPair(named: name) { return pair }
    let known = hierarchy.levelPairs.map { hierarchy.name(of: $0) }
    let near = NearestNames.quoted(NearestNames.find(name, in: known, limit: 1))
    throw UserError(
      .usage, "unknown level '\(name)'",
      hint: (near.map { "did you mean \($0)? " } ?? "") + "levels are \(known.joined(separator: ", "))")
  }

  /// The node of this name, whatever its level; `level:name` says which.
  private static func find(_ text: String, in tree: Tree, option: String) throws -> (level: String, name: String) {
    let found = tree.levels.filter { $0.nodes.contains(text) }
    if let level = found.first, found.count == 1 { return (level.name, text) }
    if found.count > 1 {
      let choices = found.map { "\($0.name):\(text)" }
      throw UserError(
        .usage, "\(option) '\(text)' is the name of more than one node",
        hint: "write \(NearestNames.quoted(choices) ?? "")")
    }
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    if parts.count == 2, let depth = tree.level(named: parts[0]), tree.levels[depth].nodes.contains(parts[1]) {
      return (parts[0], parts[1])
    }
    let near = NearestNames.quoted(NearestNames.find(text, in: tree.levels.flatMap(\.nodes)))
    let levels = tree.levels.map { "\($0.name) (\($0.nodes.count))" }.joined(separator: ", ")
    throw UserError(
      .usage, "\(option) '\(text)' is not known",
      hint: near.map { "did you mean \($0)?" } ?? "there are names at the levels \(levels)")
  }
}

extension NodeNames {
  static var columns: [OutputTable.Column] {
    [.text("product_level"), .text("product"), .text("location_level"), .text("location")]
  }
  var cells: [OutputTable.Cell] {
    [.text(productLevel), .text(product), .text(locationLevel), .text(location)]
  }
}
