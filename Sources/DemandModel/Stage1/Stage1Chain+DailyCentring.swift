import Inference
import NumericKernels

/// What the centring of daily shocks needs to know of a node: the design its groups share, and its cross products.
struct NodeDesign: Sendable {
  let rows: Int
  /// Columns on which all groups of the node agree.
  let columns: [Int]
  /// Those among them that are slow, as positions in the model's slow columns.
  let slowPositions: [Int]
}

extension Stage1Model {
  /// The design that a node's groups share; columns on which their locations differ are left out.
  func sharedDesign(ofNode node: Int) -> NodeDesign {
    let members = groups(ofNode: node).map { design.rowsOfLocation[structure.locationOfGroup[$0]] }
    let first = members[0]
    let distinct = Set(members).sorted()
    let columns = (0..<columnCount).filter { column in
      distinct.allSatisfy { design.rows[$0].values(ofColumn: column) == design.rows[first].values(ofColumn: column) }
    }
    let slow = slowColumns.indices.filter { columns.contains(slowColumns[$0]) }
    return NodeDesign(rows: first, columns: columns, slowPositions: slow)
  }
}

extension SparseRows {
  /// Entries of one column, by day.
  func values(ofColumn column: Int) -> [Int: Double] {
    var values: [Int: Double] = [:]
    for day in 0..<dayCount {
      for entry in offsets[day]..<offsets[day + 1] where self.column[entry] == column { values[day] = value[entry] }
    }
    return values
  }

  /// X'X over some days, row-major.
  func gram(days: [Int]) -> [Double] {
    var gram = [Double](repeating: 0, count: columnCount * columnCount)
    for day in days {
      for first in offsets[day]..<offsets[day + 1] {
        for second in offsets[day]..<offsets[day + 1] {
          gram[column[first] * columnCount + column[second]] += value[first] * value[second]
        }
      }
    }
    return gram
  }

  /// Sums of some columns over some days by week, `[week][position in columns]`.
  func sumsByWeek(days: [Int], weekOfDay: [Int], columns: [Int]) -> [Double] {
    var position = [Int](repeating: -1, count: columnCount)
    for (index, column) in columns.enumerated() { position[column] = index }
    var sums = [Double](repeating: 0, count: ((weekOfDay.last ?? -1) + 1) * columns.count)
    for day in days {
      for entry in offsets[day]..<offsets[day + 1] where position[column[entry]] >= 0 {
        sums[weekOfDay[day] * columns.count + position[column[entry]]] += value[entry]
      }
    }
    return sums
  }
}

extension Stage1Chain {
  /// A node's calendar effects and weekly path given phi_t = delta_t + x_t'u + D_w(t), the sum of all that its groups
  /// share on a day (hierarchical centring, Gelfand, Sahu and Carlin 1995).
  ///
  /// Given the daily shocks themselves, a node's effects are tied to the average of its groups' noise, though a shared
  /// shock of the same size could stand for them; here they are tied to the shocks' scale only. First u given phi and D,
  /// a regression with noise daily_c; then D and the slow part of u given phi, as in the interweaving of weekly shocks.
  mutating func centreDailyShocks() throws(NotPositiveDefinite) {
    guard model.effects.effectCount > 0 else { return }
    for node in 0..<model.effects.effectCount {
      try recentreEffects(node: node)
      if model.weekCount > 1 { try recentrePath(node: node) }
    }
    state.updateDailyShift(model: model)
  }

  private mutating func recentreEffects(node: Int) throws(NotPositiveDefinite) {
    let (all, nodes) = (model.columnCount, model.effects.effectCount)
    let shared = calendarWorkspace.nodeDesigns[node]
    let rows = model.design.rows[shared.rows]
    let gram = calendarWorkspace.dayGrams[shared.rows]
    let size = shared.columns.count
    let scale = state.dailyScales[model.component(ofNode: node)]
    let precision = 1 / (scale * scale)
    var products = [Double](repeating: 0, count: all)
    for day in dailyWorkspace.days { rows.add(state.dailyShocks[day * nodes + node], day: day, to: &products) }
    let old = shared.columns.map { state.pooled[$0 * nodes + node] }
    let priorScales = state.nodeScales(node: node, model: model)
    var matrix = [Double](repeating: 0, count: size * size)
    var draw = [Double](repeating: 0, count: size)
    for (i, row) in shared.columns.enumerated() {
      var sum = products[row]
      for (j, column) in shared.columns.enumerated() {
        let element = gram[row * all + column]
        sum += element * old[j]
        matrix[i * size + j] = precision * element
      }
      draw[i] = precision * sum
      matrix[i * size + i] += 1 / (priorScales[row] * priorScales[row])
    }
    var cholesky = DenseCholesky(size: size)
    try cholesky.factor(matrix)
    cholesky.sample(canonical: &draw, using: &stream)
    var change = [Double](repeating: 0, count: all)
    for (i, column) in shared.columns.enumerated() {
      state.pooled[column * nodes + node] = draw[i]
      change[column] = draw[i] - old[i]
    }
    for group in model.groups(ofNode: node) {
      for column in shared.columns { state.coefficients[group * all + column] += change[column] }
    }
    for day in dailyWorkspace.days { state.dailyShocks[day * nodes + node] -= rows.product(day: day, change) }
  }

  private mutating func recentrePath(node: Int) throws(NotPositiveDefinite) {
    let (weeks, all, nodes) = (model.weekCount, model.columnCount, model.effects.effectCount)
    let shared = calendarWorkspace.nodeDesigns[node]
    let rows = model.design.rows[shared.rows]
    let gram = calendarWorkspace.dayGrams[shared.rows]
    let positions = shared.slowPositions
    let columns = positions.map { model.slowColumns[$0] }
    let scale = state.dailyScales[model.component(ofNode: node)]
    let precision = 1 / (scale * scale)
    var days = [Double](repeating: 0, count: weeks)
    var weekly = days
    var products = [Double](repeating: 0, count: all)
    for day in dailyWorkspace.days {
      let shock = state.dailyShocks[day * nodes + node]
      days[model.weekOfDay[day]] += 1
      weekly[model.weekOfDay[day]] += shock
      rows.add(shock, day: day, to: &products)
    }
    var system = SharedPathSystem(weeks: weeks, columns: columns.count)
    system.addDays(
      precision: precision, days: days, slow: calendarWorkspace.daySlowInWeek[shared.rows],
      stride: model.slowColumns.count, columns: positions
    ) { gram[columns[$0] * all + columns[$1]] }
    system.addResiduals(precision: precision, weekly: weekly, from: 0) { products[columns[$0]] }
    let change = try drawSharedPath(
      node: node, groups: model.groups(ofNode: node), columns: columns, system: &system)
    var effects = [Double](repeating: 0, count: all)
    for (index, column) in columns.enumerated() { effects[column] = change.effects[index] }
    for day in dailyWorkspace.days {
      state.dailyShocks[day * nodes + node] -= change.path[model.weekOfDay[day]] + rows.product(day: day, effects)
    }
  }
}
