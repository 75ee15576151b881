import DemandData
import Mustache

/// One self-contained page about one run: nothing is fetched, and it opens from a file.
///
/// Nodes are added one by one and reduced at once, so the caller never needs to hold more than one forecast.
///
/// ```swift
/// var report = HTMLReport(input: input)
/// for (forecast, history) in nodes { report.add(forecast, history: history) }
/// let page = try report.render()
/// ```
///
/// The headline needs the node at the top of both trees, the table of departments and regions the nodes one level
/// above the leaves, and the list of movers the products in all stores; what was not added is left out.
public struct HTMLReport: Sendable {
  let input: ReportInput
  private let templates: ReportTemplates
  /// Everything above product level.
  private(set) var aggregates: [PackedNode] = []
  private(set) var products: [PackedNode] = []
  private(set) var featured = FeaturedNodes()

  public init(input: ReportInput, templates: ReportTemplates = .embedded) {
    self.input = input
    self.templates = templates
  }

  /// Takes in a node: any level, any order, each once.
  ///
  /// - Complexity: O(days of history + distinct values of the forecast).
  public mutating func add(_ forecast: NodeForecast, history: NodeHistory) {
    let node = ReportNode(forecast: forecast, history: history, input: input)
    if node.node.pair.product < input.hierarchy.product.leafLevel {
      aggregates.append(PackedNode(node))
    } else {
      products.append(PackedNode(node))
    }
    featured.consider(node, in: input)
  }

  /// The whole page.
  ///
  /// - Throws: ``ReportTemplateError`` when a template of the user's does not parse.
  public func render() throws(ReportTemplateError) -> String {
    MustacheContentTypes.register(StrictHTML(), named: StrictHTML.name)
    let template: MustacheTemplate
    do {
      template = try MustacheTemplate(string: "{{% CONTENT_TYPE: \(StrictHTML.name)}}" + templates.html)
    } catch {
      throw .syntax(reason: "\(error)")
    }
    let data = PageData(aggregates: aggregates, products: products, input: input)
    let context = PageContext(input: input, featured: featured)
    let embedded = aggregates.count + products.count - data.leftOut
    return template.render(context.values(data: data, embedded: embedded, templates: templates))
  }
}

/// Escapes by Unicode scalar, where the library's own HTML type goes by `Character`.
private struct StrictHTML: MustacheContentType {
  static let name = "STRICT_HTML"
  func escapeText(_ text: String) -> String { escapedHTML(text) }
}

/// The few nodes that the page shows without being asked.
struct FeaturedNodes: Sendable {
  /// The top of both trees.
  private(set) var total: ReportNode?
  /// What the large chart shows at first where there is no total.
  private(set) var first: ReportNode?
  /// One level below the top of either tree, the other at the top: categories, regions.
  private(set) var productGroups: [ReportNode] = []
  private(set) var locationGroups: [ReportNode] = []
  /// One level above the leaves in both trees: departments in regions.
  private(set) var table: [ReportNode] = []
  /// Products in all stores.
  private(set) var products: [Summary] = []

  /// What the list of movers needs, for each of thousands of products.
  struct Summary: Sendable {
    let path: String
    let name: String
    let mean: Double
    let lower: Int
    let upper: Int
    let atRecentPace: Double
    var change: Double { mean - atRecentPace }
  }

  /// The pair of levels of the table: one above the leaves, where there is such a level.
  static func tablePair(of hierarchy: Hierarchy) -> LevelPair {
    LevelPair(product: max(0, hierarchy.product.leafLevel - 1), location: max(0, hierarchy.location.leafLevel - 1))
  }

  mutating func consider(_ node: ReportNode, in input: ReportInput) {
    let pair = node.node.pair
    if first == nil { first = node }
    if pair == LevelPair(product: 0, location: 0) { total = node }
    if pair == LevelPair(product: 1, location: 0), input.hierarchy.product.leafLevel > 1 { productGroups.append(node) }
    if pair == LevelPair(product: 0, location: 1) { locationGroups.append(node) }
    if pair == Self.tablePair(of: input.hierarchy) { table.append(node) }
    if pair == LevelPair(product: input.hierarchy.product.leafLevel, location: 0), let pace = node.atRecentPace {
      products.append(
        Summary(
          path: node.path, name: node.names.product, mean: node.mean, lower: node.lower80, upper: node.upper80,
          atRecentPace: pace))
    }
  }
}
