import Inference

/// Models as `Reference/further_posteriors.py` has them, written in the modelling layer.
enum FurtherModel: String, CaseIterable {
  case logistic = "varying_intercepts_logistic"
  case earnings = "earnings_interaction"
  case radon, seeds
  case poisson = "poisson_visits"
  case arma
  case mixture = "normal_mixture"
  case orderedLogistic = "ordered_logistic"
  case gaussianProcess = "gaussian_process"
  case dogs
  case slopes = "varying_slopes"
  case zeroInflated = "zero_inflated_counts"

  func model(_ data: ReferencePosterior) throws -> Model {
    switch self {
    case .logistic: try Self.logistic(data)
    case .earnings: try Self.earnings(data)
    case .radon: try Self.radon(data)
    case .seeds: try Self.seeds(data)
    case .poisson: try Self.poisson(data)
    case .arma: try Self.arma(data)
    case .mixture: try Self.mixture(data)
    case .orderedLogistic: try Self.orderedLogistic(data)
    case .gaussianProcess: try Self.gaussianProcess(data)
    case .dogs: try Self.dogs(data)
    case .slopes: try Self.slopes(data)
    case .zeroInflated: try Self.zeroInflated(data)
    }
  }

  /// Intercepts of groups, non-centred.
  private static func logistic(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let group = try model.index("group", data.indices("group"))
    let x = try model.data("x", data.vector("x"))
    let mu = model.parameter("mu", .normal(0, 2))
    let tau = model.parameter("tau", .halfNormal(1))
    let alpha = model.parameter("alpha", count: 12, .normal(mu, tau), parameterization: .nonCentered)
    let beta = model.parameter("beta", .normal(0, 1))
    model.observe("y", try data.vector("y"), .bernoulliLogit(alpha[group] + beta * x))
    return model
  }

  private static func earnings(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let height = try model.data("height", data.vector("height"))
    let male = try model.data("male", data.vector("male"))
    let beta = model.parameter("beta", count: 4, .flat)
    let sigma = model.parameter("sigma", .halfCauchy(2.5))
    let mean = beta[0] + beta[1] * height + beta[2] * male + beta[3] * height * male
    model.observe("y", try data.vector("y"), .normal(mean, sigma))
    return model
  }

  /// Counties with a predictor of their own.
  private static func radon(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let county = try model.index("county", data.indices("county"))
    let uranium = try model.data("uranium", data.vector("uranium"))
    let basement = try model.data("basement", data.vector("basement"))
    let gamma = model.parameter("gamma", count: 2, .normal(0, 2))
    let tau = model.parameter("tau", .halfNormal(1))
    let sigma = model.parameter("sigma", .halfNormal(1))
    let alpha = model.parameter(
      "alpha", count: 12, .normal(gamma[0] + gamma[1] * uranium, tau), parameterization: .nonCentered)
    let beta = model.parameter("beta", .normal(0, 1))
    model.observe("y", try data.vector("y"), .normal(alpha[county] + beta * basement, sigma))
    return model
  }

  /// Crowder's germination of seeds, with an effect for each plate.
  private static func seeds(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let seed = try model.data("seed", data.vector("seed"))
    let extract = try model.data("extract", data.vector("extract"))
    let alpha = model.parameter("alpha", count: 4, .normal(0, 10))
    let tau = model.parameter("tau", .halfNormal(1))
    let b = model.parameter("b", count: 21, .normal(0, tau), parameterization: .nonCentered)
    let eta = alpha[0] + alpha[1] * seed + alpha[2] * extract + alpha[3] * seed * extract + b
    model.observe("y", try data.vector("y"), .binomialLogit(try data.vector("n"), eta))
    return model
  }

  /// Effects of subjects and of single rows.
  private static func poisson(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let subject = try model.index("subject", data.indices("subject"))
    let visit = try model.data("visit", data.vector("visit"))
    let treated = try model.data("treated", data.vector("treated"))
    let mu = model.parameter("mu", .normal(0, 3))
    let beta = model.parameter("beta", count: 2, .normal(0, 1))
    let sd = model.parameter("sd", count: 2, .halfNormal(1))
    let a = model.parameter("a", count: 20, .normal(0, sd[0]), parameterization: .nonCentered)
    let e = model.parameter("e", count: 80, .normal(0, sd[1]), parameterization: .nonCentered)
    let eta = mu + beta[0] * treated + beta[1] * visit + a[subject] + e
    model.observe("y", try data.vector("y"), .poissonLog(eta))
    return model
  }

  private static func arma(_ data: ReferencePosterior) throws -> Model {
    let y = try data.vector("y")
    var model = Model()
    let (previous, later) = (try model.data("previous", Array(y.dropLast())), try model.data("later", Array(y[1...])))
    let mu = model.parameter("mu", .normal(0, 10))
    let phi = model.parameter("phi", .normal(0, 2))
    let theta = model.parameter("theta", .normal(0, 2))
    let sigma = model.parameter("sigma", .halfCauchy(2.5))
    let first = y[0] - mu - phi * mu
    let errors = scan(from: first, over: later, previous) { error, row in
      row[0] - mu - phi * row[1] - theta * error
    }
    model.addLogDensity("y", -0.5 * square(.concatenating([first, errors]) / sigma) - log(sigma))
    return model
  }

  private static func mixture(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let mu = model.parameter("mu", count: 2, .normal(0, 2), constraint: .ordered)
    let sigma = model.parameter("sigma", count: 2, .halfNormal(2))
    let theta = model.parameter("theta", .beta(5, 5))
    model.observe(
      "y", try data.vector("y"),
      .mixture(
        [.normal(mu[0], sigma[0]), .normal(mu[1], sigma[1])], weights: Formula.concatenating([theta, 1 - theta])))
    return model
  }

  private static func orderedLogistic(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let x = try model.data("x", data.vector("x"))
    let beta = model.parameter("beta", .normal(0, 2))
    let c = model.parameter("c", count: 3, .normal(0, 3), constraint: .ordered)
    model.observe("y", try data.vector("y"), .orderedLogistic(beta * x, c))
    return model
  }

  private static func gaussianProcess(_ data: ReferencePosterior) throws -> Model {
    let x = try data.vector("x")
    var model = Model()
    let squares = try model.data("squares", x.map { a in x.map { (a - $0) * (a - $0) } })
    let unit = try model.data("unit", x.indices.map { i in x.indices.map { $0 == i ? 1 : 0 } })
    let rho = model.parameter("rho", .gamma(25, 4))
    let alpha = model.parameter("alpha", .halfNormal(2))
    let sigma = model.parameter("sigma", .logNormal(-1, 0.3))
    let covariance = square(alpha) * exp(-0.5 * squares / square(rho)) + square(sigma) * unit
    model.observe("y", try data.vector("y"), .multivariateNormal(0, covariance: covariance))
    return model
  }

  private static func dogs(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let avoided = try model.data("avoided", data.vector("avoided"))
    let shocks = try model.data("shocks", data.vector("shocks"))
    let beta = model.parameter("beta", count: 3, .normal(0, 10))
    model.observe("y", try data.vector("y"), .bernoulliLogit(beta[0] + beta[1] * avoided + beta[2] * shocks))
    return model
  }

  /// Intercepts and slopes with a correlation.
  private static func slopes(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let group = try model.index("group", data.indices("group"))
    let x = try model.data("x", data.vector("x"))
    let mu = model.parameter("mu", count: 2, .normal(0, 2))
    let tau = model.parameter("tau", count: 2, .halfNormal(1))
    let factor = model.parameter("factor", rows: 2, columns: 2, .lkjCholesky(2))
    model.deterministic("rho", factor[1][0])
    let sigma = model.parameter("sigma", .halfNormal(1))
    let z = model.parameter("z", rows: 2, columns: 15, .normal(0, 1))
    let effects = mu.column + (tau.column * factor) • z
    model.observe("y", try data.vector("y"), .normal(effects[0][group] + effects[1][group] * x, sigma))
    return model
  }

  private static func zeroInflated(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let x = try model.data("x", data.vector("x"))
    let theta = model.parameter("theta", .beta(1, 1))
    let beta = model.parameter("beta", count: 2, .normal(0, 2))
    let phi = model.parameter("phi", .gamma(2, 0.5))
    model.observe(
      "y", try data.vector("y"),
      .zeroInflated(.negativeBinomial2Log(beta[0] + beta[1] * x, phi), theta: theta))
    return model
  }
}
