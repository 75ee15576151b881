import Inference

/// The line through the fields, then with a level for each farm.
enum LinearRegression: Lesson {
  static func teach(_ options: TutorialOptions, _ report: inout Report) throws -> TutorialOutcome {
    let trial = FieldTrial(seed: options.seed)
    report.title(
      "Linear regression",
      question: """
        What does nitrogen do to yield? \(trial.yield.count) fields lie on \(trial.levels.count) farms; the largest \
        farm has \(FieldTrial.farmSizes[0]), the smallest \(FieldTrial.farmSizes.last ?? 0). First one line through \
        all of them:
        """,
      model: """
        alpha, beta ~ Normal(0, 10)
        sigma ~ HalfCauchy(5)
        y ~ Normal(alpha + beta * x, sigma)
        """,
      source: "pooled() in Sources/Tutorials/FieldTrial.swift.")
    let line = try trial.pooled().compile()

    report.heading("What the priors make of it before any data")
    let prior = try line.samplePrior(draws: options.draws, seed: options.seed)
    try report.priorPredictive(line.predict(prior, seed: options.seed), observed: trial.yield)
    report.say(
      """
      The priors allow yields far beyond any field, above and below, so it is the data that will speak. A column p \
      near 0 or 1 would say that the priors rule out what was seen.
      """)

    report.heading("Sampling, and whether it can be relied on")
    let pooled = try line.sample(NUTS(), options.sampling)
    try report.examine(pooled, ["alpha", "beta", "sigma"], truth: ["beta": FieldTrial.truth.beta])

    report.heading("What the fitted line reproduces")
    let replicated = try line.predict(pooled.draws, seed: options.seed)
    try report.priorPredictive(replicated, observed: trial.yield)
    try report.plots(of: pooled, ["alpha", "beta", "sigma"], pair: ("alpha", "beta"), prior: prior)

    report.heading("A level for each farm: pooled, unpooled, partially pooled")
    report.say(
      """
      One line takes all farms for one; its sigma holds what fields differ in and what farms differ in. A level for \
      each farm by itself leaves a farm of two fields to its luck. In between:
      """)
    report.show(
      """
      tau ~ HalfCauchy(5)
      level[j] ~ Normal(alpha, tau)
      y ~ Normal(level[farm] + beta * x, sigma)
      """)
    let unpooled = try FittedModel(trial.unpooled(), options.sampling)
    let hierarchy = try trial.partiallyPooled().compile()
    let fit = try hierarchy.sample(NUTS(), options.sampling)
    var truth = [
      "alpha": FieldTrial.truth.alpha, "tau": FieldTrial.truth.tau, "beta": FieldTrial.truth.beta,
      "sigma": FieldTrial.truth.sigma,
    ]
    try report.examine(fit, ["alpha", "tau", "beta", "sigma"], truth: truth)
    let comparison = try PoolingComparison(
      groups: trial.levels.indices.map { "farm \($0 + 1)" }, sizes: FieldTrial.farmSizes, truth: trial.levels,
      of: "level", pooled: FittedModel(line, pooled), unpooled: unpooled,
      partiallyPooled: FittedModel(hierarchy, fit))
    try report.compare(comparison, title: "Levels of farms")
    report.say(
      """
      Small farms are drawn towards the others, large ones stay where their fields put them; sigma is now what \
      fields of one farm differ in.
      """)

    report.heading("Prediction: new fields on a known farm and on a new one")
    let grid = stride(from: -2.0, through: 2, by: 0.25).map { $0 }
    let new = trial.levels.count
    let known = try hierarchy.predict(
      fit.draws, replacing: ["nitrogen": ModelData(grid), "farm": ModelData(grid.map { _ in 0 })], seed: options.seed)
    let unseen = try hierarchy.predict(
      fit.draws, replacing: ["nitrogen": ModelData(grid), "farm": ModelData(grid.map { _ in new })],
      newElements: ["level": 1], seed: options.seed)
    let shown = [0, 8, 16]
    for (predicted, farm) in [(known, "farm 1"), (unseen, "a new farm")] {
      report.predictions(
        try predicted.subset(shown.map { predicted.names[$0] }),
        labels: shown.map { "\(farm), nitrogen \(Figure.fixed(grid[$0], 0))" }, header: "yield of a field")
    }
    report.say("A new farm is less certain by tau: its level is drawn from Normal(alpha, tau), draw by draw.")
    let points = trial.yield.indices.filter { trial.farm[$0] == 0 }.map { (trial.nitrogen[$0], trial.yield[$0]) }
    try report.plot(
      "prediction-known",
      Plot.prediction(
        points: points, grid: grid, predicted: known, title: "Fields of farm 1", xName: "nitrogen"))
    try report.plot(
      "prediction-new",
      Plot.prediction(
        points: zip(trial.nitrogen, trial.yield).map { ($0, $1) }, grid: grid, predicted: unseen,
        title: "Fields of a new farm, beside all that were seen", xName: "nitrogen"))
    report.close()
    for (farm, level) in trial.levels.enumerated() { truth["level[\(farm + 1)]"] = level }
    return TutorialOutcome(fit: fit, truth: truth, errors: comparison.errors, plots: report.plots)
  }
}
