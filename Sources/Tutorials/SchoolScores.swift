import Inference

/// Schools with a mean and a variance each.
enum SchoolScores: Lesson {
  static func teach(_ options: TutorialOptions, _ report: inout Report) throws -> TutorialOutcome {
    let survey = SchoolSurvey(seed: options.seed)
    report.title(
      "Two-level school scores",
      question: """
        Which schools do better than others, and which only look so because few pupils sat the test? \
        \(survey.score.count) pupils of \(survey.means.count) schools, \(SchoolSurvey.sizes[0]) to \
        \(SchoolSurvey.sizes.last ?? 0) in each.
        """,
      model: """
        mu ~ Normal(50, 25)
        tau² ~ InverseGamma(2, 50)
        mu_j ~ Normal(mu, tau²)
        sigma_j² ~ InverseGamma(3, 200)
        y_ij ~ Normal(mu_j, sigma_j²)        (variances)
        """,
      source: "partiallyPooled() in Sources/Tutorials/SchoolSurvey.swift.")
    let model = try survey.partiallyPooled().compile()

    report.heading("What the priors make of it before any data")
    let prior = try model.samplePrior(draws: options.draws, seed: options.seed)
    try report.priorPredictive(model.predict(prior, seed: options.seed), observed: survey.score)

    report.heading("Sampling, and whether it can be relied on")
    let fit = try model.sample(NUTS(), options.sampling)
    var truth = ["mu": SchoolSurvey.truth.mu, "tau2": SchoolSurvey.truth.tau * SchoolSurvey.truth.tau]
    for school in survey.means.indices {
      truth["school_mean[\(school + 1)]"] = survey.means[school]
      truth["sigma2[\(school + 1)]"] = survey.variances[school]
    }
    try report.examine(
      fit, ["mu", "tau2", "school_mean[1]", "school_mean[20]", "sigma2[1]", "sigma2[20]"], truth: truth)
    try report.plots(of: fit, ["mu", "tau2"], pair: ("mu", "tau2"), prior: prior)

    report.heading("What the fitted model reproduces")
    try report.priorPredictive(model.predict(fit.draws, seed: options.seed), observed: survey.score)

    report.heading("Pooled, unpooled, partially pooled")
    let comparison = try PoolingComparison(
      groups: survey.means.indices.map { "school \($0 + 1)" }, sizes: SchoolSurvey.sizes, truth: survey.means,
      of: "school_mean", pooled: FittedModel(survey.pooled(), options.sampling),
      unpooled: FittedModel(survey.unpooled(), options.sampling), partiallyPooled: FittedModel(model, fit))
    try report.compare(comparison, title: "Means of schools")
    report.say(
      """
      A small school's own mean is mostly luck, good or bad; the hierarchy draws it towards the others by as much, \
      and leaves a school of forty pupils where its scores put it.
      """)

    report.heading("The same posterior by Gibbs and by Metropolis")
    try compareSamplers(survey, model, fit, options, report)

    report.heading("Prediction: a pupil of a known school and of a new one")
    let schools = [0, survey.means.count - 1, survey.means.count]
    let next = try model.predict(
      fit.draws, replacing: ["school": ModelData(schools)], newElements: ["school_mean": 1, "sigma2": 1],
      seed: options.seed)
    report.predictions(
      next, labels: ["school 1", "school \(survey.means.count)", "a new school"], header: "score of a pupil of")
    report.close()
    return TutorialOutcome(fit: fit, truth: truth, errors: comparison.errors, plots: report.plots)
  }

  /// Three samplers that share nothing but the runner must agree.
  private static func compareSamplers(
    _ survey: SchoolSurvey, _ model: CompiledModel, _ fit: Fit, _ options: TutorialOptions, _ report: Report
  ) throws {
    var longer = options.sampling
    longer.thinning = 5
    let gibbs = try survey.gibbs().sample(options.sampling)
    // One school's mean and variance move together; mu and tau² do.
    let schools = survey.means.count
    let blocks = [[0, 1]] + (0..<schools).map { [2 + $0, 2 + schools + $0] }
    let metropolis = try model.sample(RandomWalkMetropolis(blocks: blocks), longer)
    var table = TextTable(header: ["", "", "mean", "sd", "mcse", "apart", "bulk ESS", "R-hat"])
    for name in ["mu", "tau2", "school_mean[1]", "sigma2[1]"] {
      guard let first = try fit.summary(of: [name]).rows.first else { continue }
      for (position, (sampler, fit)) in [("NUTS", fit), ("Gibbs", gibbs), ("Metropolis", metropolis)].enumerated() {
        guard let row = try fit.summary(of: [name]).rows.first else { continue }
        let decimals = Figure.decimals(showing: 3, of: row.sd)
        let error = (row.mcse * row.mcse + first.mcse * first.mcse).squareRoot()
        let apart = position == 0 ? "" : Figure.fixed((row.mean - first.mean) / error, 1)
        table.append(
          [position == 0 ? name : "", sampler] + [row.mean, row.sd, row.mcse].map { Figure.fixed($0, decimals) }
            + [apart, Figure.fixed(row.bulkESS, 0), Figure.fixed(row.rHat, 3)])
      }
    }
    report.show(table.text())
    report.say(
      """
      Gibbs draws each quantity from its full conditional (source: Sources/Tutorials/SchoolSurvey+Gibbs.swift); \
      Metropolis needs densities only, and here \(longer.thinning) iterations for each draw. "Apart" is how far \
      a mean is from that of NUTS, in Monte Carlo errors of the difference: beyond 3 or so, one of them would be wrong.
      """)
  }
}
