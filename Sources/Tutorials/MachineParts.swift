import Inference
import NumericKernels

/// Parts measured on machines, some of which have hardly been measured.
struct MachineParts: Sendable {
  static let sizes = [1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 15, 20]
  static let truth = (mean: 5.0, sd: 0.7)

  /// The machine of each part, from 0.
  private(set) var machine: [Int] = []
  /// The deviation of each part from its nominal size; the gauge's error has the known standard deviation 1.
  private(set) var deviation: [Double] = []
  /// The true mean of each machine.
  private(set) var means: [Double] = []

  init(seed: UInt64) {
    var stream = RandomStream(seed: seed, purpose: DataPurpose.grouped)
    for (machine, size) in Self.sizes.enumerated() {
      means.append(Self.truth.mean + Self.truth.sd * stream.normal())
      for _ in 0..<size {
        self.machine.append(machine)
        deviation.append(means[machine] + stream.normal())
      }
    }
  }
}

extension MachineParts {
  /// All machines are one.
  func pooled() throws -> Model {
    var model = Model()
    let mu = model.parameter("mu_alpha", .normal(0, 10))
    model.deterministic("alpha", mu + Formula([Double](repeating: 0, count: means.count)))
    model.observe("y", deviation, .normal(mu, 1))
    return model
  }

  /// Each machine by itself.
  func unpooled() throws -> Model {
    var model = Model()
    let machine = try model.index("machine", machine)
    let alpha = model.parameter("alpha", count: means.count, .normal(0, 10))
    model.observe("y", deviation, .normal(alpha[machine], 1))
    return model
  }

  /// Machines that are alike as far as the data say so.
  ///
  /// Many machines have few parts, so their means are written non-centred.
  func partiallyPooled() throws -> Model {
    var model = Model()
    let machine = try model.index("machine", machine)
    let mu = model.parameter("mu_alpha", .normal(0, 10))
    let sigma = model.parameter("sigma_alpha", .halfCauchy(5))
    let alpha = model.parameter(
      "alpha", count: means.count, .normal(mu, sigma), parameterization: .nonCentered)
    model.observe("y", deviation, .normal(alpha[machine], 1))
    return model
  }
}
