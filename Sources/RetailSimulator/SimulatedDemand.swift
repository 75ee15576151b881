import DemandData
import DemandModel
import Dispatch
import Foundation
import NumericKernels
import Synchronization

/// What happened to one product in one store.
package struct SeriesRecord: Sendable {
  package let store: Int
  /// Ranged days, as indices from the first day.
  package let ranged: Range<Int>
  /// Expected demand on an average day at the first regular price, and negative-binomial size.
  package let baseLevel: Double
  package let size: Double
  /// What customers would have bought, what they bought, and whether the shelf stood empty at the end of the day; by
  /// day from the first ranged one. All are 0 and false on closed days.
  package let demand: [Int32]
  package let units: [Int32]
  package let isOut: [Bool]
  /// Stretches off the shelf that nobody wrote down, as indices from the first day.
  package let offShelf: [Range<Int>]
}

/// Expected demand as products of factors, and the counts drawn from it.
package struct SimulatedDemand: Sendable {
  private let assortment: Assortment
  private let options: SimulatorOptions
  private let truth: RetailTruth
  private let prices: PricePlan
  private let streams: SimulationStreams
  /// Calendar factor, shocks left out, `[department][store][day]`.
  private let calendarFactor: [Double]
  private let shockFactor: [Double]
  /// `[region][day]`.
  private let isClosed: [Bool]

  init(
    assortment: Assortment, options: SimulatorOptions, truth: RetailTruth, calendar: HolidayCalendar,
    prices: PricePlan, streams: SimulationStreams
  ) {
    self.assortment = assortment
    self.options = options
    self.truth = truth
    self.prices = prices
    self.streams = streams
    let days = options.days
    isClosed = assortment.regions.indices.flatMap { region in
      (0..<days).map { calendar.isClosed(options.firstDay + $0, region: region) }
    }
    let events = Self.eventEffects(assortment: assortment, options: options, truth: truth, calendar: calendar)
    let shocks = DailyShocks(assortment: assortment, options: options, truth: truth, streams: streams)
    var calendarFactor: [Double] = []
    var shockFactor: [Double] = []
    calendarFactor.reserveCapacity(assortment.departments.count * assortment.stores.count * days)
    shockFactor.reserveCapacity(assortment.departments.count * assortment.stores.count * days)
    for (department, name) in assortment.departments.enumerated() {
      let category = assortment.categoryOfDepartment[department]
      let annual = truth.annual[assortment.categories[category]]!
      let weekly = truth.weeklyProfile[name]!
      let annualEffect = (0..<days).map { annual.effect(dayOfYear: (options.firstDay + $0).dayOfYear) }
      for (index, store) in assortment.stores.enumerated() {
        let deviation = truth.storeWeeklyDeviation[store.name]!
        for day in 0..<days {
          let weekday = (options.firstDay + day).weekday
          let event = events[(store.region * assortment.categories.count + category) * days + day]
          calendarFactor.append(exp(weekly[weekday] + deviation[weekday] + annualEffect[day] + event))
          shockFactor.append(exp(shocks.log(department: department, store: index, region: store.region, day: day)))
        }
      }
    }
    self.calendarFactor = calendarFactor
    self.shockFactor = shockFactor
  }

  /// The series of every product, sorted by store; the same for every number of threads.
  ///
  /// - Complexity: O(series x days), spread over `control.threads`.
  func records(control: RunControl) throws(Cancelled) -> [[SeriesRecord]] {
    let next = Atomic<Int>(0)
    let finished = Atomic<Int>(0)
    let results = Mutex([[SeriesRecord]](repeating: [], count: assortment.products.count))
    DispatchQueue.concurrentPerform(iterations: min(control.threads, assortment.products.count)) { _ in
      while !control.isCancelled() {
        let product = next.add(1, ordering: .relaxed).oldValue
        guard product < assortment.products.count else { return }
        let made = assortment.stores.indices.compactMap { record(product: product, store: $0) }
        results.withLock { $0[product] = made }
        control.progress(finished.add(1, ordering: .relaxed).newValue, assortment.products.count)
      }
    }
    if control.isCancelled() { throw Cancelled() }
    return results.withLock { $0 }
  }

  /// Ranged days of a series; nil where the pair is not ranged.
  private func rangedDays(product: Int, store: Int) -> Range<Int>? {
    let days = options.days
    // One store, chosen by the product's number, always has it, so that every product is sold somewhere.
    if product % assortment.stores.count != store {
      var random = streams.stream(.ranging, index: product, draw: store)
      if random.uniform() >= options.rangedShare { return nil }
    }
    guard days >= 60 else { return 0..<days }
    var random = streams.stream(.lifeCycle, index: product)
    let fate = random.uniform()
    let moment = random.uniform()
    random = streams.stream(.lifeCycle, index: product, draw: store + 1)
    let delay = random.integer(below: 14)
    if fate < options.lateStartShare { return Int((0.1 + 0.6 * moment) * Double(days)) + delay..<days }
    if fate < options.lateStartShare + options.discontinuedShare {
      return 0..<Int((0.3 + 0.4 * moment) * Double(days)) + delay
    }
    return 0..<days
  }

  /// Mean of the counts of a series on its ranged days, shared shocks included; zero where the store is shut.
  private func expectedDemand(product: Int, store: Int, ranged: Range<Int>, planned: [Double]) -> [Double] {
    let group = (assortment.products[product].department * assortment.stores.count + store) * options.days
    let region = assortment.stores[store].region
    return ranged.map { day in
      isClosed[region * options.days + day] ? 0 : planned[day - ranged.lowerBound] * shockFactor[group + day]
    }
  }

  /// The same for a series that was made before.
  package func expectedDemand(product: Int, record: SeriesRecord) -> [Double] {
    let planned = plannedDemand(
      product: product, store: record.store, ranged: record.ranged, base: record.baseLevel)
    return expectedDemand(product: product, store: record.store, ranged: record.ranged, planned: planned)
  }

  private func record(product: Int, store: Int) -> SeriesRecord? {
    guard let ranged = rangedDays(product: product, store: store) else { return nil }
    let item = assortment.products[product]
    let shop = assortment.stores[store]
    let series = product * assortment.stores.count + store
    var random = streams.stream(.seriesLevel, index: series)
    let base = truth.productPopularity[item.name]! * truth.storeSize[shop.name]! * exp(0.25 * random.normal())
    random = streams.stream(.dispersion, index: series)
    let size = 4 * exp(0.4 * random.normal())

    let planned = plannedDemand(product: product, store: store, ranged: ranged, base: base)
    let mean = expectedDemand(product: product, store: store, ranged: ranged, planned: planned)
    random = streams.stream(.counts, index: series)
    let demand = mean.map { $0 > 0 ? Int32(clamping: random.negativeBinomial(mean: $0, size: size)) : 0 }
    let offShelf = absences(series: series, ranged: ranged)
    let (units, isOut) = sell(
      demand: demand, planned: planned, size: size, ranged: ranged, offShelf: offShelf, series: series, store: store)
    return SeriesRecord(
      store: store, ranged: ranged, baseLevel: base, size: size, demand: demand, units: units, isOut: isOut,
      offShelf: offShelf)
  }

  /// Expected demand without shocks: what a good buyer would plan with.
  private func plannedDemand(product: Int, store: Int, ranged: Range<Int>, base: Double) -> [Double] {
    let item = assortment.products[product]
    let region = assortment.stores[store].region
    let elasticity = truth.priceElasticity[assortment.departments[item.department]]!
    let uplift = truth.promotionUplift[item.name]!
    let trend = truth.trendPerYear[item.name]! / 365
    let group = (item.department * assortment.stores.count + store) * options.days
    return ranged.map { day in
      var logFactor = trend * Double(day)
      let ratio = prices.ratio(product: product, region: region, day: day)
      if ratio != 1 { logFactor += elasticity * log(ratio) }
      if prices.isPromoted(product: product, region: region, day: day) { logFactor += uplift }
      return base * exp(logFactor) * calendarFactor[group + day]
    }
  }

  /// Hidden stretches off the shelf: a two-state Markov chain, about one stretch in three years, two weeks long.
  private func absences(series: Int, ranged: Range<Int>) -> [Range<Int>] {
    var random = streams.stream(.shelf, index: series)
    var stretches: [Range<Int>] = []
    var day = ranged.lowerBound
    while true {
      // Geometric waiting times through exponentials.
      day += 1 + Int(1000 * random.exponential())
      guard day < ranged.upperBound else { return stretches }
      let end = min(ranged.upperBound, day + 3 + Int(11 * random.exponential()))
      stretches.append(day..<end)
      day = end
    }
  }

  /// Sales out of a stock that is filled up on two or three days of the week, unless the delivery does not arrive.
  private func sell(
    demand: [Int32], planned: [Double], size: Double, ranged: Range<Int>, offShelf: [Range<Int>], series: Int,
    store: Int
  ) -> (units: [Int32], isOut: [Bool]) {
    var random = streams.stream(.delivery, index: series)
    let deliveryWeekdays: [Int] = store % 2 == 0 ? [0, 2, 4] : [1, 4]
    let count = ranged.count
    var isDelivery = [Bool](repeating: false, count: count)
    for day in 0..<count {
      isDelivery[day] = deliveryWeekdays.contains((options.firstDay + (ranged.lowerBound + day)).weekday)
    }
    let region = assortment.stores[store].region
    var stretches = offShelf[...]
    var stock = 0
    var units = [Int32](repeating: 0, count: count)
    var isOut = [Bool](repeating: false, count: count)
    for day in 0..<count {
      let arrives = isDelivery[day] && random.uniform() >= options.missedDeliveryShare
      if day == 0 || arrives {
        // Enough for the days until the next delivery and two standard deviations more.
        var mean = planned[day]
        var variance = mean + mean * mean / size
        var ahead = day + 1
        while ahead < count && !isDelivery[ahead] {
          mean += planned[ahead]
          variance += planned[ahead] + planned[ahead] * planned[ahead] / size
          ahead += 1
        }
        stock = max(stock, Int((mean + 2 * variance.squareRoot()).rounded(.up)))
      }
      let today = ranged.lowerBound + day
      while let first = stretches.first, first.upperBound <= today { stretches.removeFirst() }
      if isClosed[region * options.days + today] { continue }
      if let stretch = stretches.first, stretch.contains(today) { continue }
      let sold = min(Int(demand[day]), stock)
      stock -= sold
      units[day] = Int32(sold)
      isOut[day] = stock == 0
    }
    return (units, isOut)
  }

  /// Sum of event effects on log demand, `[region][category][day]`.
  private static func eventEffects(
    assortment: Assortment, options: SimulatorOptions, truth: RetailTruth, calendar: HolidayCalendar
  ) -> [Double] {
    let categories = assortment.categories.count
    var effects = [Double](repeating: 0, count: assortment.regions.count * categories * options.days)
    for entry in calendar.entries {
      let kind = calendar.kinds[entry.kind]
      let position = entry.day - options.firstDay
      for (category, name) in assortment.categories.enumerated() {
        let byOffset = truth.eventEffects[kind.name]![name]!
        for offset in kind.profile.keys where (0..<options.days).contains(position + offset) {
          for region in entry.region.map({ $0..<$0 + 1 }) ?? 0..<assortment.regions.count {
            effects[(region * categories + category) * options.days + position + offset] += byOffset[String(offset)]!
          }
        }
      }
    }
    return effects
  }
}

/// Weekly and daily shocks by total, region, store and department.
private struct DailyShocks {
  private let days: Int
  private let total: [Double]
  private let region: [[Double]]
  private let store: [[Double]]
  private let department: [[Double]]

  init(assortment: Assortment, options: SimulatorOptions, truth: RetailTruth, streams: SimulationStreams) {
    func path(_ weekly: [Double], scale: Double, level: Int, node: Int) -> [Double] {
      var random = streams.stream(.dailyShocks, index: node, draw: level)
      return (0..<options.days).map { weekly[$0 / 7] + scale * random.normal() - scale * scale / 2 }
    }
    let scales = truth.dailyShockScales
    let weekly = truth.weeklyShocks
    days = options.days
    total = path(weekly.total, scale: scales.total, level: 0, node: 0)
    region = assortment.regions.enumerated().map {
      path(weekly.region[$1]!, scale: scales.region, level: 1, node: $0)
    }
    store = assortment.stores.enumerated().map {
      path(weekly.store[$1.name]!, scale: scales.store, level: 2, node: $0)
    }
    department = assortment.departments.enumerated().map {
      path(weekly.department[$1]!, scale: scales.department, level: 3, node: $0)
    }
  }

  func log(department: Int, store: Int, region: Int, day: Int) -> Double {
    total[day] + self.region[region][day] + self.store[store][day] + self.department[department][day]
  }
}
