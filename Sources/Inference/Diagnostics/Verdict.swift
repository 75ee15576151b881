import Foundation

/// In plain words, whether draws can be relied on, and what to try where not.
///
/// Two questions are kept apart. Validity: do the draws represent the posterior? Efficiency: did they cost more than
/// need be? A slow sampler is no reason for doubt. Thresholds are those the field agrees on: R-hat below 1.01, bulk and
/// tail effective sample size above 400 (100 a chain for four chains), E-BFMI above 0.3, no divergences.
public struct Verdict: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case failedChains, notFinite, degenerate, chainsDisagree, tooFewDraws, divergences, slowTails, treeDepth, frozen
  }

  public struct Finding: Sendable, Equatable {
    public let kind: Kind
    /// What was found, with names and figures.
    public let text: String
    /// What to try.
    public let remedy: String
  }

  /// Reasons not to trust the draws as they are, gravest first.
  public private(set) var validity: [Finding] = []
  /// What made sampling slower than need be; the draws are as good as they are.
  public private(set) var efficiency: [Finding] = []
  /// Things that are worth knowing and are no fault.
  public private(set) var remarks: [String] = []

  /// Whether there is no reason not to trust the draws.
  public var isValid: Bool { validity.isEmpty }

  /// What the sampler itself reported; figures that a sampler does not have stay as they are.
  public struct Sampling: Sendable {
    /// Whether each draw came of a divergent transition, chain after chain.
    public var divergent: [Bool] = []
    /// Depths of trees, chain after chain, and the largest allowed.
    public var treeDepths: [Int] = []
    public var depthLimit: Int?
    /// E-BFMI of each chain.
    public var energyFractions: [Double] = []
    /// Why chains failed, one line each.
    public var failures: [String] = []

    public init() {}
  }

  /// Judges draws.
  ///
  /// - Parameter summary: Of these draws; computed if not given.
  public init(_ draws: Draws, summary: DrawSummary? = nil, sampling: Sampling = Sampling()) {
    let rows = (summary ?? DrawSummary(draws)).rows
    if !sampling.failures.isEmpty { judgeFailures(sampling.failures, chains: draws.chainCount) }
    let constant = Set(
      draws.names.indices.filter { variable in
        let values = draws[variable]
        return values.first.map { first in values.allSatisfy { $0 == first } } ?? false
      })
    let varying = rows.indices.filter { !constant.contains($0) }.map { rows[$0] }
    if !constant.isEmpty {
      let which = Self.list(constant.sorted().map { draws.names[$0] })
      if varying.isEmpty {
        validity.append(
          Finding(
            kind: .frozen, text: "Every variable keeps one value: the chains never moved.",
            remedy: "start elsewhere, or let the step size adapt for longer."))
      } else {
        remarks.append("\(which) never changed: as it should be for a constant, a sign of a stuck sampler otherwise.")
      }
    }
    judgeDefinition(varying, draws)
    judgeAgreement(varying)
    judgeDivergences(draws, sampling)
    judgeSize(varying, chains: draws.chainCount)
    judgeEnergy(sampling)
    judgeDepth(sampling)
  }

  /// Adds something that is worth knowing and is no fault.
  mutating func remark(_ text: String) { remarks.append(text) }

  private mutating func judgeFailures(_ failures: [String], chains: Int) {
    validity.append(
      Finding(
        kind: .failedChains,
        text: "\(failures.count) of \(failures.count + chains) chains failed: \(failures[0])",
        remedy: "mend what the message says; the remaining chains may have been spared by luck."))
  }

  private mutating func judgeDefinition(_ rows: [DrawSummary.Row], _ draws: Draws) {
    let broken = rows.filter { !$0.mean.isFinite }.map(\.name)
    if !broken.isEmpty {
      validity.append(
        Finding(
          kind: .notFinite, text: "\(Self.list(broken)) took values that are not finite.",
          remedy: "look for a division by zero, an overflow, or a posterior that has no bounds."))
    }
    let isExtreme = { (row: DrawSummary.Row) in
      row.q50 != 0 && row.q50.isFinite && !(1e-100...1e100).contains(abs(row.q50))
    }
    // A spread beyond the doubles: draws wander over all of them, around a median of any size.
    if let row = rows.first(where: { isExtreme($0) || $0.mean.isFinite && $0.sd == .infinity }) {
      validity.append(
        Finding(
          kind: .degenerate,
          text: isExtreme(row)
            ? "\(row.name) is about \(row.q50), where doubles end."
            : "\(row.name) has draws so large that its variance is beyond the doubles.",
          remedy: "the posterior has no bound there: give a proper prior, or a scale a prior that keeps off 0."))
    }
    if draws.drawCount < 4 {
      validity.append(
        Finding(
          kind: .tooFewDraws, text: "\(draws.drawCount) draws a chain are too few for any diagnostic.",
          remedy: "keep at least 100 draws of each of four chains."))
    }
  }

  private mutating func judgeAgreement(_ rows: [DrawSummary.Row]) {
    let bad = rows.filter { $0.rHat >= 1.01 }.sorted { $0.rHat > $1.rHat }
    guard let worst = bad.first else { return }
    let figures = "R-hat up to \(Figure.fixed(worst.rHat, 3)), \(worst.name)"
    let which = "\(bad.count) of \(rows.count) variables"
    if worst.rHat < 1.05 {
      validity.append(
        Finding(
          kind: .chainsDisagree, text: "The chains have not quite come together in \(which) (\(figures)).",
          remedy: "draw two to four times as many; most likely that is all it takes."))
    } else {
      validity.append(
        Finding(
          kind: .chainsDisagree, text: "The chains disagree in \(which) (\(figures)): they are in different places.",
          remedy: "look at the trace; if chains sit apart there are several modes or unidentified parameters: "
            + "order or fix them, or use tighter priors. If they drift: a longer warm-up, another parameterisation."))
    }
  }

  private mutating func judgeSize(_ rows: [DrawSummary.Row], chains: Int) {
    let bad = rows.filter { min($0.bulkESS, $0.tailESS) < 400 }
      .sorted { min($0.bulkESS, $0.tailESS) < min($1.bulkESS, $1.tailESS) }
    guard let worst = bad.first, !validity.contains(where: { $0.kind == .chainsDisagree && worst.rHat >= 1.05 })
    else { return }
    let size = min(worst.bulkESS, worst.tailESS)
    let factor = Figure.fixed((400 / size).rounded(.up), 0)
    validity.append(
      Finding(
        kind: .tooFewDraws,
        text: "\(bad.count) of \(rows.count) variables with fewer than 400 effective draws (least "
          + "\(Figure.fixed(size, 0)), \(worst.name), in the \(worst.bulkESS <= worst.tailESS ? "bulk" : "tails")): "
          + "intervals of these are rough and R-hat is not certain.",
        remedy: "draw \(factor) times as many"
          + (size < 100 ? ", or change the parameterisation (non-centred, scaled predictors)." : ".")))
  }

  private mutating func judgeDivergences(_ draws: Draws, _ sampling: Sampling) {
    let count = sampling.divergent.count { $0 }
    guard count > 0 else { return }
    let places = DivergencePlace.find(in: draws, divergent: sampling.divergent).filter { $0.score > 4 }
    let place = places.first.map { ", most \($0.phrase)" } ?? ""
    let share = Double(count) / Double(sampling.divergent.count)
    let few = count <= 5 && share < 0.005
    validity.append(
      Finding(
        kind: .divergences,
        text: "\(count) of \(sampling.divergent.count) transitions diverged\(place): "
          + (few ? "few enough to be numerical accidents, or the edge of a region left out." : "a region is left out."),
        remedy: (few ? "raise the target acceptance to 0.95 and see whether they vanish; " : "")
          + "write the hierarchy in the other parameterisation (non-centred where groups have little data); raise "
          + "the target acceptance to 0.99; give scales priors that keep off 0."))
  }

  private mutating func judgeEnergy(_ sampling: Sampling) {
    let low = sampling.energyFractions.enumerated().filter { $0.element < 0.3 }
    guard let least = low.map(\.element).min() else { return }
    validity.append(
      Finding(
        kind: .slowTails,
        text: "E-BFMI is below 0.3 in \(low.count) of \(sampling.energyFractions.count) chains (least "
          + "\(Figure.fixed(least, 2))): the tails are explored slowly and may be cut short.",
        remedy: "another parameterisation of the scales, lighter-tailed priors, a longer warm-up."))
  }

  private mutating func judgeDepth(_ sampling: Sampling) {
    guard let limit = sampling.depthLimit, !sampling.treeDepths.isEmpty else { return }
    let count = sampling.treeDepths.count { $0 >= limit }
    let share = Double(count) / Double(sampling.treeDepths.count)
    guard share > 0.01 else { return }
    efficiency.append(
      Finding(
        kind: .treeDepth,
        text: "\(Figure.fixed(100 * share, 0)) % of the trajectories were cut at depth \(limit), which costs time and "
          + "says nothing against the draws.",
        remedy:
          "centre and scale predictors, use a dense metric for correlated parameters, or allow depth \(limit + 2)."
      ))
  }

  /// Up to three names and how many more.
  private static func list(_ names: [String]) -> String {
    let more = names.count > 3 ? " and \(names.count - 3) more" : ""
    return names.prefix(3).joined(separator: ", ") + more
  }
}

extension Verdict: CustomStringConvertible {
  public var description: String {
    var lines: [String] = []
    lines.append(
      isValid
        ? "The draws can be relied on: the chains agree and there are enough draws."
        : "Do not rely on these draws yet:")
    for finding in validity { lines += ["- " + finding.text, "  Try: " + finding.remedy] }
    if !efficiency.isEmpty {
      lines.append("Sampling was slower than need be (the draws are none the worse for it):")
      for finding in efficiency { lines += ["- " + finding.text, "  Try: " + finding.remedy] }
    }
    lines += remarks.map { "Note: " + $0 }
    return lines.flatMap { Self.wrapped($0, width: 80) }.joined(separator: "\n") + "\n"
  }

  /// Breaks a line at spaces, later lines indented by two.
  private static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = String(text.prefix { $0 == " " })
    var isFirst = true
    for word in text.split(separator: " ") {
      if !isFirst, line.count + 1 + word.count > width {
        lines.append(line)
        line = "  " + word
      } else {
        line += (isFirst ? "" : " ") + word
      }
      isFirst = false
    }
    return lines + [line]
  }
}
