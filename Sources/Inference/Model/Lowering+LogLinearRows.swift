import CNumericKernels
import Foundation
import NumericKernels

/// Counts and outcomes whose log mean (logit) is a sum of few terms, each of far fewer elements than there are rows.
extension Lowering {
  /// Adds rows of a family with log (logit) link.
  ///
  /// Exponentials are taken of the terms' elements, and a row multiplies them: exp(a[i] + b[j]) = exp(a[i]) exp(b[j]).
  /// Rows are cut into runs in which every term stands still or moves on by one element a row. Where rows come in no
  /// such order they are sorted; rows that share all elements are added up, which leaves the likelihood as it is.
  ///
  /// - Parameter size: The negative binomial's size (dispersion), common to all rows.
  mutating func addLogLinearRows(_ y: Node, _ predictor: Node, family: Int, size: Node?) throws -> Bool {
    let n = y.shape.count
    let units = try values(of: y)
    guard n <= Int(Int32.max), units.allSatisfy({ $0 >= 0 && $0 <= 0x1p24 && $0.rounded() == $0 }) else { return false }
    guard family != CNK_ROWS_BERNOULLI || units.allSatisfy({ $0 <= 1 }) else { return false }
    let terms = try linearTerms(predictor, rows: y.shape)
    guard terms.count <= 16 else { return false }
    let elements = terms.map { $0.rowElements(n) }
    let rows = LogLinearRows(units: units, elements: elements)
    guard let floats = rows.floats() else { return false }

    var header: [Int32] = []
    for (term, of) in zip(terms, rows.elements) {
      let count = term.base.shape.count
      var sums = [Double](repeating: 0, count: count)
      for (row, element) in of.enumerated() { sums[Int(element)] += rows.units[row] }
      let place = try place(of: term.base).offset
      header += [Int32(place), Int32(count), Int32(allocate(count).offset), Int32(~addConstants(sums).offset)]
    }
    var code = instruction(CNK_ROWS, out: Place(offset: 0), try size.map { try place(of: $0) } ?? Place(offset: 0))
    let runs = rows.runs()
    code.choice = (rows.weights == nil ? 0 : 1) + (runs == nil ? 2 : 0)
    code.dims = (Int64(runs?.count ?? 0), Int64(terms.count), Int64(rows.units.count), Int64(family))
    code.b = Int64(self.floats.count)
    self.floats += floats
    code.table = Int64(addTable(header + (runs?.table ?? rows.elements.flatMap { $0 })))
    densities.append(code)
    if let size { try addRisingFactorials(units, size) }
    // The binomial coefficient of a Bernoulli is 1.
    if family != CNK_ROWS_BERNOULLI {
      for (value, number) in Self.tally(units) { constant -= number * SpecialFunctions.logGamma(value + 1) }
    }
    return true
  }

  /// The predictor's terms; scalars are added up first, and terms of each row's own after them.
  private func linearTerms(_ predictor: Node, rows shape: Shape) throws -> [GatheredFormula] {
    var scalar: Node?
    var own: Node?
    var gathered: [GatheredFormula] = []
    func adding(_ node: Node, _ sign: Double, to sum: Node?) -> Node {
      guard let sum else { return sign > 0 ? node : .unary(.negate, node) }
      return .binary(sign > 0 ? .add : .subtract, sum, node)
    }
    for (node, sign) in AdditiveTerms(predictor).terms {
      let term = GatheredFormula(node, rows: shape)
      if term.isScalar {
        scalar = adding(.reshape(term.base, .scalar), sign, to: scalar)
      } else if term.elements == nil {
        own = adding(.reshape(term.base, [term.base.shape.count]), sign, to: own)
      } else {
        gathered.append(sign > 0 ? term : term.negated)
      }
    }
    for node in [scalar, own].compactMap({ $0 }) { gathered.append(GatheredFormula(node, rows: shape)) }
    return gathered
  }

  /// sum of [lgamma(y + size) - lgamma(size) - y log size] over rows, by how often each count occurs.
  private mutating func addRisingFactorials(_ units: [Double], _ size: Node) throws {
    let tally = Self.tally(units).filter { $0.0 > 0 }
    guard let largest = tally.last?.0 else { return }
    let place = try place(of: size)
    var code = instruction(CNK_RISING_FACTORIAL, out: Place(offset: 0), place)
    var pairs: [(Double, Double)] = []
    // sum over k < y of log1p(k / size): one logarithm per k; two lgamma per distinct y cost about as much as eight.
    if largest <= 8 * Double(tally.count) + 64 {
      var above = tally.reduce(0) { $0 + $1.1 }
      var next = 0
      for k in 0..<Int(largest) {
        while tally[next].0 <= Double(k) {
          above -= tally[next].1
          next += 1
        }
        if k > 0 { pairs.append((Double(k), above)) }
      }
    } else {
      code.op = Int32(CNK_RISING_GAMMA.rawValue)
      pairs = tally
    }
    if pairs.isEmpty { return }
    code.c = Int64(addConstants(pairs.map(\.0) + pairs.map(\.1)).offset)
    code.dims.0 = Int64(pairs.count)
    densities.append(code)
  }

  /// Distinct values with how often they occur, ascending.
  private static func tally(_ units: [Double]) -> [(Double, Double)] {
    let largest = Int(units.max() ?? 0)
    guard largest <= 4 * units.count + 1024 else {
      return Dictionary(units.map { ($0, 1.0) }, uniquingKeysWith: +).sorted { $0.key < $1.key }.map {
        ($0.key, $0.value)
      }
    }
    var counts = [Double](repeating: 0, count: largest + 1)
    for value in units { counts[Int(value)] += 1 }
    return counts.enumerated().compactMap { $1 > 0 ? (Double($0), $1) : nil }
  }
}

/// Rows of a log-linear predictor, put into an order with long runs.
struct LogLinearRows {
  private(set) var units: [Double]
  /// How many rows each stands for; nil where each stands for itself.
  private(set) var weights: [Double]?
  /// For each term the element of each row.
  private(set) var elements: [[Int32]]

  init(units: [Double], elements: [[Int32]]) {
    self.units = units
    self.elements = elements
    if Self.runCount(elements, units.count) * 8 > units.count { arrange() }
  }

  /// Adds up rows with equal elements and sorts the rest by the term that gives the fewest runs.
  private mutating func arrange() {
    let groups = RowGroups(elements, count: units.count)
    let representatives = groups.representative
    if Double(representatives.count) < 0.8 * Double(units.count) {
      var sums = [Double](repeating: 0, count: representatives.count)
      var numbers = sums
      for (row, group) in groups.group.enumerated() {
        sums[group] += units[row]
        numbers[group] += 1
      }
      units = sums
      weights = numbers
      elements = elements.map { of in representatives.map { of[$0] } }
    }
    var best = (runs: Self.runCount(elements, units.count), order: [Int]?.none)
    for first in elements.indices {
      // Sorted by one term, then by the others from the finest.
      let others = elements.indices.filter { $0 != first }.sorted { elements[$0].max()! > elements[$1].max()! }
      let keys = [first] + others
      let order = units.indices.sorted { a, b in
        for key in keys where elements[key][a] != elements[key][b] { return elements[key][a] < elements[key][b] }
        return a < b
      }
      let sorted = elements.map { of in order.map { of[$0] } }
      let runs = Self.runCount(sorted, units.count)
      if runs < best.runs { best = (runs, order) }
    }
    guard let order = best.order else { return }
    units = order.map { units[$0] }
    weights = weights.map { weights in order.map { weights[$0] } }
    elements = elements.map { of in order.map { of[$0] } }
  }

  /// Responses and then weights in single precision; nil where that would round them.
  func floats() -> [Float]? {
    let all = units + (weights ?? [])
    guard all.allSatisfy({ $0 <= 0x1p24 }) else { return nil }
    return all.map(Float.init) + [Float](repeating: 0, count: 16)
  }

  /// The runs' table, or nil if runs are too short to be worth it.
  func runs() -> (count: Int, table: [Int32])? {
    var table: [Int32] = []
    var count = 0
    guard Self.runCount(elements, units.count) * 4 <= max(units.count, 64) else { return nil }
    Self.forEachRun(elements, units.count) { start, length, moving in
      table += [Int32(length), moving] + elements.map { $0[start] }
      count += 1
    }
    return (count, table)
  }

  private static func runCount(_ elements: [[Int32]], _ count: Int) -> Int {
    var runs = 0
    forEachRun(elements, count) { _, _, _ in runs += 1 }
    return runs
  }

  /// Visits maximal runs in which each term stands still or moves by one.
  private static func forEachRun(_ elements: [[Int32]], _ count: Int, _ visit: (Int, Int, Int32) -> Void) {
    var start = 0
    while start < count {
      var moving: Int32 = 0
      var end = start + 1
      if end < count {
        var fits = true
        for (term, of) in elements.enumerated() {
          let step = of[end] - of[start]
          if step == 1 { moving |= 1 << Int32(term) } else if step != 0 { fits = false }
        }
        if fits {
          end = count
          for (term, of) in elements.enumerated() {
            let step = moving >> Int32(term) & 1
            of.withUnsafeBufferPointer { of in
              var row = start + 1
              while row < end && of[row] - of[row - 1] == step { row += 1 }
              end = row
            }
          }
        } else {
          moving = 0
        }
      }
      visit(start, end - start, moving)
      start = end
    }
  }
}
