import Inference

/// Means of machines, of which some have hardly been measured.
enum GroupedMeans: Lesson {
  static func teach(_ options: TutorialOptions, _ report: inout Report) throws -> TutorialOutcome {
    let parts = MachineParts(seed: options.seed)
    report.title(
      "Hierarchical grouped data",
      question: """
        How far off do \(parts.means.count) machines cut? From some of them one part was measured, from one \
        \(MachineParts.sizes.max() ?? 0). The gauge's error is known to be 1.
        """,
      model: """
        mu_alpha ~ Normal(0, 10)
        sigma_alpha ~ HalfCauchy(5)
        alpha[j] ~ Normal(mu_alpha, sigma_alpha)
        y_ij ~ Normal(alpha[j], 1)
        """,
      source: "partiallyPooled() in Sources/Tutorials/MachineParts.swift.")
    let model = try parts.partiallyPooled().compile()

    report.heading("What the priors make of it before any data")
    let prior = try model.samplePrior(draws: options.draws, seed: options.seed)
    try report.priorPredictive(model.predict(prior, seed: options.seed), observed: parts.deviation)

    report.heading("Sampling, and whether it can be relied on")
    let fit = try model.sample(NUTS(), options.sampling)
    var truth = ["mu_alpha": MachineParts.truth.mean, "sigma_alpha": MachineParts.truth.sd]
    for (machine, value) in parts.means.enumerated() { truth["alpha[\(machine + 1)]"] = value }
    try report.examine(fit, ["mu_alpha", "sigma_alpha", "alpha"], truth: truth)
    report.say(
      """
      The means are written non-centred (one word in the model). Centred, small sigma_alpha makes a funnel in which \
      the sampler sticks; the pair plot of sigma_alpha and alpha[1] shows whether transitions diverge there.
      """)
    try report.plots(of: fit, ["mu_alpha", "sigma_alpha"], pair: ("alpha[1]", "sigma_alpha"), prior: prior)

    report.heading("What the fitted model reproduces")
    try report.priorPredictive(model.predict(fit.draws, seed: options.seed), observed: parts.deviation)

    report.heading("Pooled, unpooled, partially pooled")
    let comparison = try PoolingComparison(
      groups: parts.means.indices.map { "machine \($0 + 1)" }, sizes: MachineParts.sizes, truth: parts.means,
      of: "alpha", pooled: FittedModel(parts.pooled(), options.sampling),
      unpooled: FittedModel(parts.unpooled(), options.sampling), partiallyPooled: FittedModel(model, fit))
    try report.compare(comparison, title: "Means of machines")
    report.say(
      """
      A machine with one part is drawn towards the mean of all, one with twenty hardly; the share is \
      sigma_alpha² / (sigma_alpha² + 1/n), and sigma_alpha is learnt with the rest.
      """)

    report.heading("Prediction: the next part of a known machine and of a new one")
    let machines = [0, parts.means.count - 1, parts.means.count]
    let next = try model.predict(
      fit.draws, replacing: ["machine": ModelData(machines)], newElements: ["alpha": 1], seed: options.seed)
    report.predictions(
      next, labels: ["machine 1 (1 part)", "machine \(parts.means.count) (20 parts)", "a new machine"],
      header: "next part of")
    report.close()
    return TutorialOutcome(fit: fit, truth: truth, errors: comparison.errors, plots: report.plots)
  }
}
