import Foundation
import NumericKernels

/// What a density gave at points that are always the same, or a sampler's first steps came to: by it a checkpoint is
/// known to be of the same data and model.
///
/// A mark is a checksum of all bits of what was computed there: log density, gradient and kept variables. Points where
/// the density threw have none, as a density may throw at random; there nothing is compared.
struct DensityFingerprint: Sendable, Equatable {
  /// Marks by the number of the point.
  private(set) var marks: [Int: UInt64] = [:]

  /// The seed of the points, which are those of every run.
  static let seed: UInt64 = 0x66_696E_6765_7270
  /// Points of finite density that are enough, and how many are tried for them at most.
  private static let wanted = 3
  private static let attempts = 100

  init() {}

  mutating func set(_ mark: WordChecksum, at point: Int) { marks[point] = mark.value }

  /// Whether a point that both know has given something else.
  func contradicts(_ other: DensityFingerprint) -> Bool {
    marks.contains { point, mark in other.marks[point].map { $0 != mark } ?? false }
  }

  /// Evaluates a density at the given points and, until three are of finite density, at random ones around the origin.
  ///
  /// - Parameter points: Points at which the density is likely to be finite, such as starting points.
  /// - Complexity: Three evaluations of most densities; at most 100 besides those at `points`.
  init<Density: LogDensity>(_ density: Density, names: Int, points: [[Double]]) {
    let n = density.dimension
    guard n > 0, var evaluator = try? density.makeEvaluator() else { return }
    var gradient = [Double](repeating: 0, count: n)
    var values = [Double](repeating: 0, count: names)
    var finite = 0
    for number in 0..<(points.count + Self.attempts) where finite < Self.wanted {
      var x = [Double](repeating: 0, count: n)
      if number < points.count {
        guard points[number].count == n else { continue }
        x = points[number]
      } else {
        let attempt = number - points.count
        var stream = ChainStreams(seed: Self.seed, chain: 0).start(attempt: attempt)
        // Later ones shrink towards the origin, where wild densities are most often finite.
        let width = 2 * Double(Self.attempts - attempt) / Double(Self.attempts)
        for i in 0..<n { x[i] = width * (2 * stream.uniform() - 1) }
      }
      var mark = WordChecksum()
      do {
        var gradientSpan = gradient.mutableSpan
        let value = try evaluator.logDensity(at: x.span, gradient: &gradientSpan)
        mark.add(value)
        if value.isFinite {
          for slope in gradient { mark.add(slope) }
          var stream = ChainStreams(seed: Self.seed, chain: 0).variables(number)
          var valuesSpan = values.mutableSpan
          try evaluator.variables(at: x.span, into: &valuesSpan, using: &stream)
          for kept in values { mark.add(kept) }
          finite += 1
        }
      } catch is any RecoverableDensityError {
        continue
      } catch {
        // The chains tell what is wrong with the density.
        return
      }
      set(mark, at: number)
    }
  }
}

extension DensityFingerprint {
  /// What the first steps of a run's first chain come to, for kernels of which no more is known than that.
  init<Kernel: MarkovKernel>(of options: SamplingOptions, makeKernel: () throws -> Kernel) {
    let streams = ChainStreams(seed: options.seed, chain: 0)
    // Where something throws, the steps before are compared, and the chains tell of it.
    guard var kernel = try? makeKernel(),
      (try? kernel.start(at: options.startingPoints?.first, using: streams)) != nil
    else { return }
    for iteration in 0..<min(Self.steps, options.iterations) {
      var mark = WordChecksum()
      func add(_ state: Kernel.State) {
        var words = WordWriter()
        state.store(into: &words)
        for word in words.words { mark.add(word) }
      }
      add(kernel.state)
      var stream = streams.transition(iteration)
      guard let info = try? kernel.step(isWarmUp: iteration < options.warmUp, using: &stream) else { return }
      mark.add(info.logDensity)
      add(kernel.state)
      set(mark, at: iteration)
    }
  }

  /// Steps that are compared.
  private static var steps: Int { 5 }
}

extension DensityFingerprint: StoredState {
  func store(into words: inout WordWriter) {
    words.write(marks.count)
    for (point, mark) in marks.sorted(by: { $0.key < $1.key }) {
      words.write(point)
      words.write(mark)
    }
  }

  init(from words: inout WordReader) throws(DamagedState) {
    let count = try words.count(wordsEach: 2)
    for _ in 0..<count {
      let point = try words.int()
      marks[point] = try words.word()
    }
  }
}

/// A 64-bit checksum of words, by multiplication and folding; it finds damage and differences, not malice.
struct WordChecksum: Sendable {
  private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func add(_ word: UInt64) {
    let product = (value ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    // A word that cancels the value must not wipe out what came before.
    value = (product.high ^ product.low) &+ (value << 7 | value >> 57)
  }

  /// All NaN are one.
  mutating func add(_ number: Double) { add((number.isNaN ? .nan : number).bitPattern) }
}
