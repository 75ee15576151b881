import DemandData
import DemandModel
import Foundation
import NumericKernels

/// Checks the fit against truth: draws retailers from the model's priors, fits each, and counts how often posterior
/// intervals hold the truth.
///
/// Where sampler and model are right, the rank of the truth among its posterior draws is uniform (Talts et al. 2018,
/// "Validating Bayesian Inference Algorithms with Simulation-Based Calibration"), so intervals cover at their nominal
/// rate. Ranks are taken among evenly spaced draws; where these are still autocorrelated, ranks are a little less even
/// than they should be, which coverage hardly feels.
public struct CoverageStudy: Sendable {
  public let retailers: Int
  private let retailer: ModelRetailer
  /// Posterior draws that a truth is ranked among, at most.
  static let rankedDraws = 99
  static let rankBins = 5

  /// - Parameters:
  ///   - retailers: how many to draw and fit, at least 1.
  ///   - options: sizes, and the specification with its chains and draws.
  /// - Throws: ``RetailerError``, or `Stage1Error`.
  public init(retailers: Int, options: ModelRetailerOptions = ModelRetailerOptions()) throws {
    guard retailers >= 1 else {
      throw RetailerError.invalidOption(name: "coverage", value: "\(retailers)", mend: "give at least 1 retailer")
    }
    self.retailers = retailers
    retailer = try ModelRetailer(options)
  }

  /// Coverage of one kind of parameter.
  public struct Row: Sendable, Hashable, Codable {
    /// Such as `weekly_scale`, `calendar[group]` or `calendar_scale`.
    public let kind: String
    /// Truths counted: parameters of the kind times retailers.
    public let count: Int
    /// Shares of truths inside the central 50 % and 90 % posterior intervals.
    public let inside50: Double
    public let inside90: Double
    /// Standard error of ``inside90`` over retailers: parameters of one retailer are not independent. Nil for one
    /// retailer.
    public let standardError90: Double?
    /// p-value of the chi-square test that the truths' ranks are uniform. It takes the parameters of a retailer as
    /// independent, so it errs towards small values. Nil where fewer than 25 truths were ranked.
    public let rankUniformity: Double?
  }

  public struct Result: Sendable, Hashable, Codable {
    public let retailers: Int
    /// By kind, sorted; the last, `all`, is all kinds together.
    public let rows: [Row]

    /// The row of `kind`, if the model has such parameters.
    public func row(_ kind: String) -> Row? { rows.first { $0.kind == kind } }
  }

  /// Fits the retailers one after the other, each with `control.threads`; progress counts retailers.
  ///
  /// The result depends on options and number of retailers alone.
  ///
  /// - Throws: `Stage1Error`, or `Cancelled`.
  public func run(control: RunControl = RunControl()) throws -> Result {
    // Position of every truth among its draws, in (0, 1), by kind and retailer.
    var positions: [String: [[Double]]] = [:]
    var ranks: [String: [Int]] = [:]
    let fitControl = RunControl(threads: control.threads, isCancelled: control.isCancelled)
    for number in 0..<retailers {
      control.progress(number, retailers)
      var ofRetailer: [String: [Double]] = [:]
      for outcome in try fit(number, control: fitControl) {
        for kind in [Self.kind(of: outcome.name), "all"] {
          ofRetailer[kind, default: []].append(outcome.position)
          ranks[kind, default: []].append(outcome.bin)
        }
      }
      for (kind, values) in ofRetailer { positions[kind, default: []].append(values) }
    }
    control.progress(retailers, retailers)
    let kinds = positions.keys.filter { $0 != "all" }.sorted() + ["all"]
    return Result(
      retailers: retailers, rows: kinds.map { Self.row($0, positions: positions[$0]!, ranks: ranks[$0]!) })
  }

  private struct Outcome {
    let name: String
    /// Share of draws below the truth, ties halved.
    let position: Double
    let bin: Int
  }

  private func fit(_ number: Int, control: RunControl) throws -> [Outcome] {
    let options = retailer.options
    let drawn = retailer.draw(number)
    let model = try Stage1.model(panel: drawn.panel, specification: options.specification, horizon: 1)
    let schedule = try Stage1Schedule(options.specification.stage1)
    // Each retailer is fitted with a seed of its own, or all would share the sampler's numbers.
    let seed = options.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
    let draws = try Stage1.run(model: model, schedule: schedule, seed: seed, control: control).flatMap(\.values)
    return try Stage1Parameters(model: model).names.enumerated().map { index, name in
      guard let truth = drawn.truth[name] else { throw CoverageError.noTruth(parameter: name) }
      let below = draws.reduce(0) { $0 + ($1[index] < truth ? 1 : 0) }
      let equal = draws.reduce(0) { $0 + ($1[index] == truth ? 1 : 0) }
      // Ranks 0...L for L evenly spaced draws, L + 1 a multiple of the number of bins.
      let bins = Self.rankBins
      let ranked = max(1, min(Self.rankedDraws + 1, draws.count + 1) / bins) * bins - 1
      let rank = (0..<ranked).count { draws[$0 * draws.count / ranked][index] < truth }
      return Outcome(
        name: name, position: (Double(below) + 0.5 * Double(equal)) / Double(draws.count),
        bin: rank * bins / (ranked + 1))
    }
  }

  /// The name without its index; effects common to all groups and those of one group are two kinds.
  package static func kind(of name: String) -> String {
    let stem = String(name.prefix { $0 != "[" })
    guard stem == "calendar" else { return stem }
    return name.hasSuffix("|all]") ? "calendar[all]" : "calendar[group]"
  }

  private static func row(_ kind: String, positions: [[Double]], ranks: [Int]) -> Row {
    func share(_ values: [Double], within width: Double) -> Double {
      Double(values.count { abs($0 - 0.5) <= width / 2 }) / Double(values.count)
    }
    let all = positions.flatMap(\.self)
    let each = positions.map { share($0, within: 0.9) }
    let mean = each.reduce(0, +) / Double(each.count)
    let spread = each.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (spread / Double(each.count - 1) / Double(each.count)).squareRoot()
    var counts = [Int](repeating: 0, count: rankBins)
    for bin in ranks { counts[bin] += 1 }
    let expected = Double(ranks.count) / Double(rankBins)
    let statistic = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    return Row(
      kind: kind, count: all.count, inside50: share(all, within: 0.5), inside90: share(all, within: 0.9),
      standardError90: each.count > 1 ? error : nil,
      rankUniformity: ranks.count < 25
        ? nil : SpecialFunctions.regularizedGammaQ(0.5 * Double(rankBins - 1), 0.5 * statistic))
  }
}

/// The fit reports a parameter that the priors' draw does not name.
public enum CoverageError: Error, Hashable, Sendable, CustomStringConvertible {
  case noTruth(parameter: String)

  public var description: String {
    switch self {
    case .noTruth(let parameter):
      "the draw from the priors has no value for '\(parameter)', which the fit reports: give both the same "
        + "specification"
    }
  }
}
