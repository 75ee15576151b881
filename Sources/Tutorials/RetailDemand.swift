import Inference

/// Weekly sales of products in stores.
enum RetailDemand: Lesson {
  static func teach(_ options: TutorialOptions, _ report: inout Report) throws -> TutorialOutcome {
    let sales = WeeklySales(seed: options.seed)
    let (products, stores) = (WeeklySales.launches.count, WeeklySales.storeRegions.count)
    report.title(
      "Retail demand",
      question: """
        How many will be sold in the weeks to come? \(products) products in \(stores) stores of 3 regions over \
        \(WeeklySales.weeks) weeks, \(sales.units.count) rows; three products are new.
        """,
      model: """
        log mean = level[product] + trend[product] * year
                 + cosine[store] * cos(2 pi week / 52) + sine[store] * sin(2 pi week / 52)
                 + effect[region]
        level ~ Normal(mu, level_sd), trend ~ Normal(mean_trend, trend_sd)
        cosine, sine ~ Normal(0, swing), effect ~ Normal(0, region_sd) of sum 0
        units ~ NegativeBinomial(mean, phi)        variance mean + mean² / phi
        """,
      source: "model() in Sources/Tutorials/WeeklySales.swift.")
    let model = try sales.model(.partiallyPooled).compile()

    report.heading("What the priors make of it before any data")
    let prior = try model.samplePrior(draws: options.draws, seed: options.seed)
    try report.priorPredictive(model.predict(prior, seed: options.seed), observed: sales.units.map(Double.init))

    report.heading("Sampling, and whether it can be relied on")
    let fit = try model.sample(NUTS(targetAcceptance: 0.9), options.sampling)
    let truth = trueValues(sales)
    try report.examine(
      fit, ["mean_trend", "trend_sd", "swing", "region_sd", "phi", "trend"], truth: truth)
    try report.plots(of: fit, ["mean_trend", "swing", "phi"], pair: ("mu", "region_effect[1]"), prior: prior)

    report.heading("What the fitted model reproduces")
    let replicated = try model.predict(fit.draws, seed: options.seed)
    try report.priorPredictive(replicated, observed: sales.units.map(Double.init))

    report.heading("Trends: pooled, unpooled, partially pooled")
    let comparison = try PoolingComparison(
      groups: (1...products).map { "product \($0)" },
      sizes: WeeklySales.launches.map { (WeeklySales.weeks - $0) * stores }, truth: sales.trends, of: "trend",
      pooled: FittedModel(sales.model(.pooled), options.sampling),
      unpooled: FittedModel(sales.model(.unpooled), options.sampling), partiallyPooled: FittedModel(model, fit),
      thinning: 4)
    try report.compare(comparison, title: "Trends of products, a year")
    report.say(
      """
      A product of eight weeks has no trend of its own to speak of: by itself it takes the season's slope for one. \
      With what the others have in common it is held near their mean until it has shown more.
      """)

    report.heading("Prediction: the next eight weeks, and a new product")
    try predict(model, fit, sales, options, &report)
    report.close()
    return TutorialOutcome(fit: fit, truth: truth, errors: comparison.errors, plots: report.plots)
  }

  private static func predict(
    _ model: CompiledModel, _ fit: Fit, _ sales: WeeklySales, _ options: TutorialOptions, _ report: inout Report
  ) throws {
    let weeks = Array(WeeklySales.weeks..<(WeeklySales.weeks + 8))
    for (product, label) in [(0, "product 1"), (WeeklySales.launches.count, "a new product")] {
      var rows = WeeklySales.Rows()
      for week in weeks { rows.append(product: product, store: 0, week: week) }
      let predicted = try model.predict(
        fit.draws, replacing: rows.data, newElements: ["level": 1, "trend": 1], seed: options.seed)
      report.predictions(
        predicted, labels: weeks.map { "\(label), week \($0 + 1)" }, header: "units in store 1")
      guard product == 0 else { continue }
      let past = sales.units.indices.filter { sales.rows.product[$0] == 0 && sales.rows.store[$0] == 0 }
      try report.plot(
        "prediction",
        Plot.prediction(
          points: past.map { (Double($0 + 1), Double(sales.units[$0])) }, grid: weeks.map { Double($0 + 1) },
          predicted: predicted, title: "Product 1 in store 1", xName: "week"))
    }
    report.say("Of a new product only the family is known: its level and trend are drawn as those of the others were.")
  }

  /// Levels are known up to what effects of three regions leave open, so they are not among them.
  private static func trueValues(_ sales: WeeklySales) -> [String: Double] {
    let truth = WeeklySales.truth
    var values = [
      "mean_trend": truth.trend, "trend_sd": truth.trends, "swing": truth.swing, "region_sd": truth.region,
      "phi": truth.phi,
    ]
    for (i, trend) in sales.trends.enumerated() { values["trend[\(i + 1)]"] = trend }
    for (i, value) in sales.cosines.enumerated() { values["season_cosine[\(i + 1)]"] = value }
    for (i, value) in sales.sines.enumerated() { values["season_sine[\(i + 1)]"] = value }
    return values
  }
}

extension WeeklySales.Rows {
  /// The rows as data to swap in.
  var data: [String: ModelData] {
    [
      "year": ModelData(year), "cosine": ModelData(cosine), "sine": ModelData(sine), "product": ModelData(product),
      "store": ModelData(store), "region": ModelData(region),
    ]
  }
}
