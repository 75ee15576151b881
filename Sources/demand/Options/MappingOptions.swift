import ArgumentParser
import FittingService
import SalesIngest

/// How files are to be read: a mapping, with single rules over it.
struct MappingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A mapping by name: one of ingest.mappings or of those that ship.", valueName: "name"))
  var mapping: String?
  @Option(help: ArgumentHelp("A file of mappings; the one in it, or the one named.", valueName: "file"))
  var mappingFile: String?
  @Option(help: ArgumentHelp("Rows of unknown products or stores: reject, hold or create.", valueName: "what"))
  var unknownKeys: SourceMapping.UnknownKeys?
  @Option(help: ArgumentHelp("Negative units: quarantine, zero, net or separate.", valueName: "what"))
  var negative: SourceMapping.NegativeUnits?
  @Option(help: ArgumentHelp("Rows of zero units: sold, out_of_stock, not_ranged or unknown.", valueName: "what"))
  var zero: SourceMapping.ZeroUnits?

  @Option(
    help: ArgumentHelp(
      "What lies between rows: day or week. (default: the mapping's, else auto, which finds out)", valueName: "grain"))
  var timeGrain: SourceMapping.TimeGrain?

  var isNamed: Bool { mapping != nil || mappingFile != nil }

  /// The mapping with its name; the long format if none is named.
  func resolve(_ settings: DemandConfiguration) throws -> (name: String, mapping: SourceMapping) {
    if let mappingFile {
      let found = try SourceMappings.load(path: mappingFile)
      guard let name = mapping ?? (found.count == 1 ? found.keys.first : nil), let chosen = found[name] else {
        throw UserError(
          .usage,
          "'\(mappingFile)' holds \(found.isEmpty ? "no mapping" : "the mappings \(found.keys.sorted().joined(separator: ", "))")",
          hint: "name one of them with --mapping")
      }
      return (name, applied(to: chosen))
    }
    guard let mapping else { return ("long", applied(to: .long)) }
    if let known = SourceMappings.named(mapping, in: settings) { return (mapping, applied(to: known)) }
    let names = Array(settings.ingest.mappings.keys) + Array(SourceMappings.embedded.keys) + ["long"]
    throw UserError(
      .usage, "there is no mapping '\(mapping)'", hint: "there are \(names.sorted().joined(separator: ", "))")
  }

  /// A mapping with the rules that options name.
  func applied(to mapping: SourceMapping) -> SourceMapping {
    var mapping = mapping
    if let unknownKeys { mapping.unknownKeys = unknownKeys }
    if let negative { mapping.negative = negative }
    if let zero { mapping.zero = zero }
    if let timeGrain { mapping.grain = timeGrain }
    return mapping
  }
}

extension SourceMapping.UnknownKeys: ExpressibleByArgument {}
extension SourceMapping.NegativeUnits: ExpressibleByArgument {}
extension SourceMapping.ZeroUnits: ExpressibleByArgument {}
extension SourceMapping.MissingRows: ExpressibleByArgument {}
extension SourceMapping.TimeGrain: ExpressibleByArgument {}
extension DeliveryLoad.Restate: ExpressibleByArgument {}
