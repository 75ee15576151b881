import Foundation
import NumericKernels

/// Chooses for each `.automatic` level between its own scale and the standard one, by how much data weigh in it.
///
/// At one point the information that all else gives about each element of a level is read off differences of gradients:
/// I_j, minus the curvature without the level's own prior. With the level's scale τ_j the share of the posterior of an
/// element that is not its prior's is W / (1 + W), W = I_j τ_j². Centred coordinates mix as slowly as that is small,
/// non-centred ones as it is large (Papaspiliopoulos, Roberts and Sköld, "A general framework for the parametrization of
/// hierarchical models", Statistical Science 22, 2007), so the mean share decides. The point is a mode in non-centred
/// coordinates, where scales come out too large; they are put right, level by level from the lowest, by the maximum of
/// their marginal likelihood given the unpooled estimates.
struct ParameterizationChoice {
  private let model: Model
  private let levels: [Model.Parameter]
  /// Where each parameter's coordinates begin.
  private var first: [ParameterKey: Int] = [:]
  /// Coordinates with all levels non-centred.
  private var coordinates: [Double] = []
  /// Parameters on their own scales, in the order of declaration.
  private var values: [ParameterKey: [Double]] = [:]
  private(set) var choices: [String: Parameterization] = [:]

  /// Half would be even, but at a mode residual scales are too small, by the share of effects among observations, which
  /// makes data weigh too much; and a funnel costs more than coordinates that data stretch.
  private static let shareToCenter = 2.0 / 3

  /// The model with every choice made.
  static func resolve(_ model: Model) throws -> Model {
    var choice = ParameterizationChoice(model)
    if !choice.levels.isEmpty { try choice.choose() }
    return model.reparameterized(choice.choices)
  }

  private init(_ model: Model) {
    self.model = model
    let automatic = model.parameters.filter { $0.parameterization == .automatic }
    levels = automatic.filter(\.canBeNonCentered)
    // Where there is one way only, that is it.
    for parameter in automatic { choices[parameter.name] = .centered }
    for level in levels { choices[level.name] = .nonCentered }
  }

  private mutating func choose() throws {
    let apart = try model.reparameterized(choices).compileAsDeclared()
    // Where there is no mode to be found, samplers are left to say what is wrong.
    guard let mode = Self.mode(of: apart) else { return }
    coordinates = mode
    var next = 0
    for parameter in model.parameters {
      first[parameter.key] = next
      next += try Lowering.coordinateCount(parameter)
    }
    var kept = [Double](repeating: 0, count: apart.variableNames.count)
    var evaluator = apart.makeEvaluator()
    var span = kept.mutableSpan
    var stream = RandomStream(seed: 0, purpose: StreamPurpose.prior)
    evaluator.variables(at: mode.span, into: &span, using: &stream)
    next = 0
    for parameter in model.parameters {
      values[parameter.key] = Array(kept[next..<(next + parameter.shape.count)])
      next += parameter.shape.count
    }
    for level in levels { choices[level.name] = .centered }
    var compiled = try model.reparameterized(choices).compileAsDeclared()
    for level in levels.reversed() {
      if try share(of: level, in: compiled) > Self.shareToCenter { continue }
      choices[level.name] = .nonCentered
      compiled = try model.reparameterized(choices).compileAsDeclared()
    }
  }

  /// A point of high density.
  private static func mode(of compiled: CompiledModel) -> [Double]? {
    do {
      var target = try ApproximationTarget(compiled)
      let origin = [Double](repeating: 0, count: compiled.dimension)
      let start = try (try? target.start(from: origin, seed: 0, path: 0)) ?? target.start(from: nil, seed: 0, path: 0)
      let climb = LBFGS(maximumIterations: 200)
      let end = try climb.climb(&target, from: .init(x: start.x, value: start.value, gradient: start.gradient)) {
        (_) throws(ApproximationError) in true
      }
      return end.end.x
    } catch { return nil }
  }

  /// A level's distribution at the present values: each argument, element by element.
  private func arguments(of level: Model.Parameter) throws -> [[Double]] {
    var program = try PredictiveProgram(model, try Replacement(model, data: [:]), drawsPriors: false)
    let zeros = Formula(.constant([Double](repeating: 0, count: level.shape.count), level.shape))
    for (k, argument) in level.distribution.arguments.enumerated() { try program.add("\(k)", zeros + argument) }
    let names = model.parameters.flatMap { $0.shape.elementNames($0.name) }
    let present = Draws(
      wellFormed: names, chainCount: 1, drawCount: 1, values: model.parameters.flatMap { values[$0.key]! })
    let found = try program.run(present, chainCount: 1, drawCount: 1) { _, _ in
      RandomStream(seed: 0, purpose: StreamPurpose.prior)
    }.values
    let count = level.shape.count
    return level.distribution.arguments.indices.map { Array(found[($0 * count)..<(($0 + 1) * count)]) }
  }

  /// Present values on the scale on which the family has location and scale.
  private func latent(_ level: Model.Parameter, _ family: ScalarFamily) -> [Double] {
    family.kernel.isLogNormal ? values[level.key]!.map { log($0) } : values[level.key]!
  }

  /// The coordinates of the present values, with levels as chosen.
  private func position() throws -> [Double] {
    var position = coordinates
    for level in levels {
      guard case .scalar(let family) = level.distribution.kind, let places = family.locationScale else { continue }
      var own = latent(level, family)
      if choices[level.name] == .nonCentered {
        let numbers = try arguments(of: level)
        for j in own.indices { own[j] = (own[j] - numbers[places.location][j]) / numbers[places.scale][j] }
      }
      position.replaceSubrange(first[level.key]!..<(first[level.key]! + own.count), with: own)
    }
    return position
  }

  /// The mean share of a centred level's posterior that is not its prior's, after its scale has been put right.
  private mutating func share(of level: Model.Parameter, in compiled: CompiledModel) throws -> Double {
    guard case .scalar(let family) = level.distribution.kind, let places = family.locationScale else { return 0 }
    let numbers = try arguments(of: level)
    let (locations, scales) = (numbers[places.location], numbers[places.scale])
    let present = latent(level, family)
    let position = try self.position()
    let range = first[level.key]!..<(first[level.key]! + present.count)
    var evaluator = compiled.makeEvaluator()
    func slopes(_ shift: Double) -> [Double] {
      var moved = position
      var gradient = [Double](repeating: 0, count: moved.count)
      for (j, i) in range.enumerated() { moved[i] += shift * scales[j] }
      var span = gradient.mutableSpan
      _ = evaluator.logDensity(at: moved.span, gradient: &span)
      return Array(gradient[range])
    }
    func priorSlope(_ j: Int, _ x: Double) -> Double {
      if family.kernel.isLogNormal { return (locations[j] - x) / (scales[j] * scales[j]) }
      var p = SIMD4<Double>.zero
      for k in numbers.indices { p[k] = numbers[k][j] }
      return family.evaluate(x, p).x
    }
    let step = 1e-3
    let (below, here, above) = (slopes(-step), slopes(0), slopes(step))
    // In units of the scale: what all else says (its information and its unpooled estimate).
    var information = [Double](repeating: 0, count: present.count)
    var estimates = information
    for j in present.indices where scales[j] > 0 && scales[j] < .infinity {
      let h = step * scales[j]
      let own = (priorSlope(j, present[j] + h) - priorSlope(j, present[j] - h)) / (2 * h)
      let found = own - (above[j] - below[j]) / (2 * h)
      guard found > 0, found < .infinity else { continue }
      information[j] = found * scales[j] * scales[j]
      let unpooled = present[j] + (here[j] - priorSlope(j, present[j])) / found
      estimates[j] = (unpooled - locations[j]) / scales[j]
    }
    let square = Self.scale(estimates, information)
    adjustScale(of: level, places.scale, by: square.squareRoot())
    let shares = information.map { $0 * square / (1 + $0 * square) }
    return shares.reduce(0, +) / Double(max(1, shares.count))
  }

  /// The variance v that makes estimates e_j ~ N(0, v + 1/K_j) most probable, by expectation-maximisation.
  static func scale(_ estimates: [Double], _ information: [Double]) -> Double {
    let informed = estimates.indices.filter { information[$0] > 1e-12 && estimates[$0].isFinite }
    if informed.isEmpty { return 1 }
    var v = 1.0
    for _ in 0..<500 {
      var sum = 0.0
      for j in informed {
        let share = v * information[j] / (1 + v * information[j])
        sum += share * share * estimates[j] * estimates[j] + v / (1 + v * information[j])
      }
      let next = sum / Double(informed.count)
      if abs(next - v) < 1e-6 * v { return next }
      v = next
    }
    return v
  }

  /// Multiplies a level's scale, where it is a positive parameter (or the root of one): levels above then see it.
  private mutating func adjustScale(of level: Model.Parameter, _ argument: Int, by factor: Double) {
    let factor = min(max(factor, 0.02), 50)
    var node = level.distribution.arguments[argument].node
    var power = 1.0
    while true {
      switch node.operation {
      case .reshape, .gather: node = node.operands[0]
      case .unary(.sqrt) where power == 1:
        node = node.operands[0]
        power = 2
      case .parameter(let key):
        guard let parameter = model.parameters.first(where: { $0.key == key }), choices[parameter.name] == nil,
          parameter.effectiveConstraint == nil, let lower = parameter.bounds.lower, lower.isZero,
          parameter.bounds.upper == nil
        else { return }
        for i in 0..<parameter.shape.count {
          coordinates[first[key]! + i] += power * log(factor)
          values[key]![i] *= pow(factor, power)
        }
        return
      default: return
      }
    }
  }
}

extension Model.Parameter {
  /// Whether it is of location and scale, unbounded and of no set of vectors or matrices.
  fileprivate var canBeNonCentered: Bool {
    guard case .scalar(let family) = distribution.kind, family.locationScale != nil, case .none = setConstraint else {
      return false
    }
    return effectiveConstraint == nil && lower == nil && upper == nil
  }
}
