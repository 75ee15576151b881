import DemandData
import DemandModel
import Foundation
import RetailSimulator
import Testing

/// The default retailer's demand against its true parameters.
@Suite struct MarginalTests {
  static let simulator = try? RetailSimulator(SimulatorOptions())
  static let records = try? simulator?.records(control: RunControl(threads: 2))

  @Test func unitsNeverExceedDemandAndFallShortOnlyForAReason() throws {
    let records = try #require(Self.records)
    var (out, days, absent) = (0, 0, 0)
    for record in records.joined() {
      let hidden = Set(record.offShelf.flatMap { Array($0) })
      for index in record.units.indices {
        let isHidden = hidden.contains(record.ranged.lowerBound + index)
        try #require(record.units[index] <= record.demand[index] && record.units[index] >= 0)
        if record.units[index] < record.demand[index] { try #require(record.isOut[index] || isHidden) }
        if isHidden { try #require(record.units[index] == 0 && !record.isOut[index]) }
        out += record.isOut[index] ? 1 : 0
        absent += isHidden ? 1 : 0
        days += 1
      }
    }
    let share = Double(out) / Double(days)
    #expect(share > 0.002 && share < 0.10)
    // Stretches of mean 3 + 10.5 days, one every 1000 days.
    #expect(abs(Double(absent) / Double(days) - 13.5 / 1014) < 0.003)
  }

  @Test func weeklyProfileIsThatOfTheDemand() throws {
    let simulator = try #require(Self.simulator)
    let records = try #require(Self.records)
    let options = simulator.options
    for (department, name) in simulator.assortment.departments.enumerated() {
      // The whole department by day, over weeks without events; log of a week's day minus the week's mean log.
      var totals = [Double](repeating: 0, count: options.days)
      for (product, series) in records.enumerated()
      where simulator.assortment.products[product].department == department {
        for record in series {
          for (index, demand) in record.demand.enumerated() {
            totals[record.ranged.lowerBound + index] += Double(demand)
          }
        }
      }
      let eventDays = Set(
        simulator.calendar.entries.filter { simulator.calendar.kinds[$0.kind].name != "Benefit" }.flatMap { entry in
          simulator.calendar.kinds[entry.kind].profile.keys.map { entry.day - options.firstDay + $0 }
        })
      var logRatios = [[Double]](repeating: [], count: 7)
      for week in 0..<options.days / 7 {
        let days = week * 7..<week * 7 + 7
        if days.contains(where: { eventDays.contains($0) }) { continue }
        let logs = days.map { log(totals[$0]) }
        let mean = logs.reduce(0, +) / 7
        for day in 0..<7 { logRatios[day].append(logs[day] - mean) }
      }
      // Stores' own deviations weigh by their sales: sd 0.05, ten stores of unequal size. Their weights' squares sum
      // to about 0.13, so the profile of the sum is off by up to 0.05 x 0.36 x 3 = 0.054 at three standard errors.
      // Benefit days and promotions, at fixed places in month and week, add to it: hence promotions start on any
      // Wednesday but last whole weeks.
      let truth = try #require(simulator.truth.weeklyProfile[name])
      let deviations = simulator.truth.storeWeeklyDeviation
      let sizes = simulator.truth.storeSize
      let size = sizes.values.reduce(0, +)
      for day in 0..<7 {
        let values = logRatios[day]
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
        let expected = truth[day] + sizes.reduce(0) { $0 + $1.value / size * deviations[$1.key]![day] }
        let error = (variance / Double(values.count)).squareRoot()
        #expect(abs(mean - expected) < 4 * error + 0.02, "\(name), weekday \(day): \(mean) against \(expected)")
      }
    }
  }

  @Test func promotionsSellMoreByElasticityAndUplift() throws {
    // Few shocks matter to a ratio within region and department: compare promoted with unpromoted days by the model's
    // own expectation of their ratio.
    let simulator = try #require(Self.simulator)
    let records = try #require(Self.records)
    let truth = simulator.truth
    var (logObserved, logExpected, weight) = (0.0, 0.0, 0.0)
    for (product, series) in records.enumerated() {
      let item = simulator.assortment.products[product]
      let elasticity = truth.priceElasticity[simulator.assortment.departments[item.department]]!
      for record in series where record.baseLevel > 2 {
        let region = simulator.assortment.stores[record.store].region
        var sums: [Bool: (demand: Double, log: Double, days: Double)] = [:]
        for (index, demand) in record.demand.enumerated() {
          let day = record.ranged.lowerBound + index
          let isPromoted = simulator.prices.isPromoted(product: product, region: region, day: day)
          let ratio = simulator.prices.ratio(product: product, region: region, day: day)
          let effect = elasticity * log(ratio) + (isPromoted ? truth.promotionUplift[item.name]! : 0)
          sums[isPromoted, default: (0, 0, 0)].demand += Double(demand)
          sums[isPromoted]!.log += effect
          sums[isPromoted]!.days += 1
        }
        guard let on = sums[true], let off = sums[false], on.days >= 21, on.demand > 0 else { continue }
        logObserved += on.days * (log(on.demand / on.days) - log(off.demand / off.days))
        logExpected += on.days * (on.log / on.days - off.log / off.days)
        weight += on.days
      }
    }
    try #require(weight > 1000)
    // Several hundred pairs of about 56 promoted days; seasons of promoted and other days differ by chance, about 0.1
    // per product and region, some 240 of which leave 0.01.
    #expect(abs(logObserved / weight - logExpected / weight) < 0.04)
    #expect(logExpected / weight > 0.3)
  }

  @Test func countsAreNegativeBinomial() throws {
    // For counts y of mean m and size r, (y - m) / m has mean 0 and ((y - m)^2 - m) / m^2 has mean 1 / r.
    let simulator = try #require(Self.simulator)
    let records = try #require(Self.records)
    let demand = simulator.demand()
    var (bias, excess, expected, days) = (0.0, 0.0, 0.0, 0.0)
    for (product, series) in records.enumerated() {
      for record in series where record.baseLevel > 3 {
        for (count, mean) in zip(record.demand, demand.expectedDemand(product: product, record: record))
        where mean > 1 {
          let error = Double(count) - mean
          bias += error / mean
          excess += (error * error - mean) / (mean * mean)
          expected += 1 / record.size
          days += 1
        }
      }
    }
    try #require(days > 100_000)
    // Relative standard deviation of a count below 1.2, of the second figure below 4: five standard errors.
    #expect(abs(bias / days) < 5 * 1.2 / days.squareRoot())
    #expect(abs(excess - expected) / days < 5 * 4 / days.squareRoot(), "\(excess / days) for \(expected / days)")
  }

  @Test func someSeriesAreIntermittentAndSomeComeLateOrLeave() throws {
    let records = try #require(Self.records)
    let all = records.flatMap(\.self)
    #expect(all.count > 1150 && all.count < 1200)
    let slow = all.count { record in record.units.count { $0 == 0 } * 2 > record.units.count }
    #expect(slow > all.count / 10 && slow < all.count / 2)
    #expect(all.count { $0.ranged.lowerBound > 0 } > 30)
    #expect(all.count { $0.ranged.upperBound < 730 } > 10)
  }
}
