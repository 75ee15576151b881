import DemandData
import Dispatch
import Synchronization

/// One thread's part of a simulation: takes a product at a time and keeps its own sums of the nodes above.
struct SimulationWorker: Sendable {
  private let simulation: JointSimulation
  private let aboveNodes: [Node]
  /// Sums of the nodes above product level over the products taken so far, `[node][day][draw]`.
  private(set) var above: [Int]
  /// One series' units, `[day][draw]`.
  private var units: [Int32]
  private var totals: [Int]
  private var tally: DistributionTally

  init(simulation: JointSimulation, aboveNodes: [Node]) {
    self.simulation = simulation
    self.aboveNodes = aboveNodes
    let cells = simulation.horizon * simulation.drawCount
    above = [Int](repeating: 0, count: aboveNodes.count * cells)
    units = [Int32](repeating: 0, count: cells)
    totals = [Int](repeating: 0, count: simulation.drawCount)
    tally = DistributionTally(drawCount: simulation.drawCount)
  }

  /// Simulates all series of a product; forecasts of its nodes at every location level, sorted.
  mutating func simulate(product: Int, series: Range<Int>) -> [NodeForecast] {
    let hierarchy = simulation.hierarchy
    let leafLevel = hierarchy.location.leafLevel
    let productLevel = hierarchy.product.leafLevel
    let cells = units.count
    var forecasts: [NodeForecast] = []
    /// Sums over the stores of each node between store and top.
    var sums: [Node: [Int]] = [:]
    for index in series {
      let store = hierarchy.series[index].store
      simulatePaths(ofSeries: index)
      let pair = LevelPair(product: productLevel, location: leafLevel)
      forecasts.append(forecast(Node(pair: pair, product: product, location: store), units[...]))
      addAbove(units[...], product: product, locationLevel: leafLevel, location: store)
      for level in 0..<leafLevel {
        let node = Node(
          pair: LevelPair(product: productLevel, location: level), product: product,
          location: hierarchy.location.node(ofLeaf: store, atLevel: level))
        Self.add(units[...], to: &sums[node, default: [Int](repeating: 0, count: cells)], at: 0)
      }
    }
    for (node, sum) in sums {
      forecasts.append(forecast(node, sum[...]))
      addAbove(sum[...], product: product, locationLevel: node.pair.location, location: node.location)
    }
    return forecasts.sorted { $0.node < $1.node }
  }

  private mutating func simulatePaths(ofSeries index: Int) {
    guard let path = simulation.path(ofSeries: index) else {
      for cell in units.indices { units[cell] = 0 }
      return
    }
    let draws = simulation.drawCount
    for draw in 0..<draws {
      path.simulate(
        draw: draw, paths: simulation.paths, budget: simulation.budget, seed: simulation.seed, into: &units, at: draw,
        stride: draws)
    }
  }

  private mutating func addAbove<Value: FixedWidthInteger>(
    _ cells: ArraySlice<Value>, product: Int, locationLevel: Int, location: Int
  ) {
    for level in 0..<simulation.hierarchy.product.leafLevel {
      let node = Node(
        pair: LevelPair(product: level, location: locationLevel),
        product: simulation.hierarchy.product.node(ofLeaf: product, atLevel: level), location: location)
      Self.add(cells, to: &above, at: aboveNodes.position(of: node)! * cells.count)
    }
  }

  private static func add<Value: FixedWidthInteger>(_ cells: ArraySlice<Value>, to sums: inout [Int], at start: Int) {
    var position = start
    for value in cells {
      sums[position] &+= Int(value)
      position += 1
    }
  }

  /// The forecast of a node whose draws are `[day][draw]`.
  mutating func forecast<Value: FixedWidthInteger>(_ node: Node, _ cells: ArraySlice<Value>) -> NodeForecast {
    let draws = simulation.drawCount
    for draw in totals.indices { totals[draw] = 0 }
    var days: [EmpiricalDistribution] = []
    days.reserveCapacity(simulation.horizon)
    for day in 0..<simulation.horizon {
      let start = cells.startIndex + day * draws
      let ofDay = cells[start..<start + draws]
      days.append(tally.distribution(of: ofDay))
      var draw = 0
      for value in ofDay {
        totals[draw] += Int(value)
        draw += 1
      }
    }
    return NodeForecast(node: node, days: days, total: tally.distribution(of: totals[...]))
  }

  /// Adds another worker's sums to this one's.
  mutating func merge(_ other: SimulationWorker) { Self.add(other.above[...], to: &above, at: 0) }
}

/// The workers of one run. They sum integers, so which of them took which product does not matter.
final class SimulationCrew: Sendable {
  typealias Product = (product: Int, series: Range<Int>)

  private let aboveNodes: [Node]
  private let threads: Int
  /// Workers at rest.
  private let resting: Mutex<[SimulationWorker]>
  private let cells: Int

  init(simulation: JointSimulation, threads: Int) {
    let hierarchy = simulation.hierarchy
    let nodes = hierarchy.levelPairs.filter { $0.product < hierarchy.product.leafLevel }.flatMap { pair in
      hierarchy.nodes(at: pair)
    }
    aboveNodes = nodes
    self.threads = threads
    cells = simulation.horizon * simulation.drawCount
    resting = Mutex((0..<threads).map { _ in SimulationWorker(simulation: simulation, aboveNodes: nodes) })
  }

  /// Products under way.
  struct Round {
    fileprivate let group: DispatchGroup
    fileprivate let results: Results

    /// Forecasts by product, in order, once all are done.
    func wait() -> [[NodeForecast]] {
      group.wait()
      return results.byProduct.withLock { $0 }
    }
  }

  fileprivate final class Results: Sendable {
    let next = Atomic(0)
    let byProduct: Mutex<[[NodeForecast]]>

    init(count: Int) { byProduct = Mutex([[NodeForecast]](repeating: [], count: count)) }
  }

  /// Simulates products on the crew's threads; returns at once.
  func start(_ products: [Product]) -> Round {
    let results = Results(count: products.count)
    let group = DispatchGroup()
    for _ in 0..<min(threads, products.count) {
      DispatchQueue.global().async(group: group) { [self] in
        var worker = resting.withLock { $0.removeLast() }
        while true {
          let index = results.next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < products.count else { break }
          let forecasts = worker.simulate(product: products[index].product, series: products[index].series)
          results.byProduct.withLock { $0[index] = forecasts }
        }
        resting.withLock { [worker] in $0.append(worker) }
      }
    }
    return Round(group: group, results: results)
  }

  /// Forecasts of the nodes above product level, sorted. Ends the crew: its workers' sums are merged.
  func forecastsAboveProducts() -> [NodeForecast] {
    var worker = resting.withLock { workers in
      var merged = workers.removeLast()
      for other in workers { merged.merge(other) }
      workers = []
      return merged
    }
    return aboveNodes.indices.map { position in
      worker.forecast(aboveNodes[position], worker.above[position * cells..<(position + 1) * cells])
    }
  }
}
