import Inference
import NumericKernels

/// What data say about a node's common shift c of its groups' paths, its weekly path from week 1 on, and its effects on
/// slow columns: a normal precision that is tridiagonal with a border (c first, then the columns), and its linear term.
///
/// The unknowns are changes from the present state. The shift stands in the border, so that the path is anchored and its
/// precision stays well conditioned as the walk's scale goes to zero.
struct SharedPathSystem {
  private let weeks: Int
  private let border: Int
  private var diagonal: [Double]
  private var cross: [Double]
  private var corner: [Double]
  private var linear: [Double]

  init(weeks: Int, columns: Int) {
    self.weeks = weeks
    border = columns + 1
    diagonal = [Double](repeating: 0, count: weeks - 1)
    cross = [Double](repeating: 0, count: (weeks - 1) * border)
    corner = [Double](repeating: 0, count: border * border)
    linear = [Double](repeating: 0, count: weeks - 1 + border)
  }

  /// Adds days whose noise has this precision.
  ///
  /// - Parameters:
  ///   - days: number of days by week.
  ///   - slow: sums of the columns by week, row-major of `stride` columns, of which `columns` are the system's.
  ///   - gram: inner products of the columns, by position.
  mutating func addDays(
    precision: Double, days: [Double], slow: [Double], stride: Int, columns: [Int], gram: (Int, Int) -> Double
  ) {
    for week in 0..<weeks {
      let weight = precision * days[week]
      corner[0] += weight
      if week > 0 {
        diagonal[week - 1] += weight
        cross[(week - 1) * border] += weight
      }
      for (index, column) in columns.enumerated() {
        let sum = precision * slow[week * stride + column]
        corner[(index + 1) * border] += sum
        if week > 0 { cross[(week - 1) * border + index + 1] += sum }
      }
    }
    for row in columns.indices {
      for column in 0...row { corner[(row + 1) * border + column + 1] += precision * gram(row, column) }
    }
  }

  /// Adds residuals: their sum by week, the first at `start`, and their products with the columns.
  mutating func addResiduals(precision: Double, weekly: [Double], from start: Int, products: (Int) -> Double) {
    for week in 0..<weeks {
      let sum = precision * weekly[start + week]
      linear[weeks - 1] += sum
      if week > 0 { linear[week - 1] += sum }
    }
    for index in 0..<border - 1 { linear[weeks + index] += precision * products(index) }
  }

  /// Adds the normal prior of a group's first level, `distance` below its mean.
  mutating func addFirstLevel(precision: Double, distance: Double) {
    corner[0] += precision
    linear[weeks - 1] += precision * distance
  }

  /// Adds the prior of the path's increments, whose present values are `shocks` (those of week 0 are not read).
  mutating func addWalk(precision: Double, shocks: [Double]) {
    for week in 1..<weeks {
      diagonal[week - 1] += week < weeks - 1 ? 2 * precision : precision
      linear[week - 1] -= precision * shocks[week]
      if week > 1 { linear[week - 2] += precision * shocks[week] }
    }
  }

  /// Adds the prior of one column's effect, whose present value is `effect`.
  mutating func addEffect(_ index: Int, precision: Double, effect: Double) {
    corner[(index + 1) * border + index + 1] += precision
    linear[weeks + index] -= precision * effect
  }

  /// A draw of the changes: of the groups' paths by week, the shift included, and of the effects.
  func draw(
    walk: Double, using stream: inout RandomStream
  ) throws(NotPositiveDefinite) -> (path: [Double], effects: [Double]) {
    var cholesky = BorderedTridiagonalCholesky(pathSize: weeks - 1, borderSize: border)
    try cholesky.factor(
      diagonal: diagonal, offDiagonal: [Double](repeating: -walk, count: weeks - 1), cross: cross, border: corner)
    var draw = linear
    cholesky.sample(canonical: &draw, using: &stream)
    let shift = draw[weeks - 1]
    return ([shift] + draw[0..<weeks - 1].map { shift + $0 }, Array(draw[weeks...]))
  }
}

/// Residuals of all groups given their whole means: what a change of shared paths and slow effects is judged by.
struct SlowResiduals {
  /// Sums over observed days by `[group][week]`, and products with the slow columns by `[group][slow column]`.
  var weekly: [Double]
  var products: [Double]

  init(chain: Stage1Chain) {
    let (days, weeks, slow) = (chain.model.dayCount, chain.model.weekCount, chain.model.slowColumns)
    let (model, state) = (chain.model, chain.state)
    weekly = [Double](repeating: 0, count: model.groupCount * weeks)
    products = []
    products.reserveCapacity(model.groupCount * slow.count)
    var all = [Double](repeating: 0, count: model.columnCount)
    for group in 0..<model.groupCount {
      for column in all.indices { all[column] = 0 }
      let rows = model.rows(ofGroup: group)
      for day in 0..<days where model.history.isObserved[group * days + day] {
        let cell = group * days + day
        let week = group * weeks + model.weekOfDay[day]
        let residual = state.logRate[cell] - state.dailyShift[cell] - state.fit[cell] - state.level[week]
        weekly[week] += residual
        rows.add(residual, day: day, to: &all)
      }
      for column in slow { products.append(all[column]) }
    }
  }
}

extension Stage1Chain {
  /// One node's weekly path and its effects on slow columns together, with a common shift of its groups' first levels,
  /// the groups' own paths and deviations held.
  ///
  /// Over few years a smooth change of the path makes up for a change of the annual cycle or trend. A step that holds
  /// one of them moves the other no further than the path's weekly increments allow.
  mutating func drawNodePath(
    node: Int, groups: [Int], residuals: inout SlowResiduals
  ) throws(NotPositiveDefinite) {
    let (weeks, all, slow) = (model.weekCount, model.columnCount, model.slowColumns)
    let positions = Array(slow.indices)
    var system = SharedPathSystem(weeks: weeks, columns: slow.count)
    var precisionOfKind: [Int: Double] = [:]
    for group in groups {
      let precision = 1 / (state.ownDaily[group] * state.ownDaily[group])
      precisionOfKind[model.kindOfGroup[group], default: 0] += precision
      system.addResiduals(precision: precision, weekly: residuals.weekly, from: group * weeks) {
        residuals.products[group * slow.count + $0]
      }
    }
    for (kind, precision) in precisionOfKind.sorted(by: { $0.key < $1.key }) {
      let gram = model.gram[kind]
      system.addDays(
        precision: precision, days: model.daysInWeek[kind], slow: model.slowInWeek[kind], stride: slow.count,
        columns: positions
      ) { gram[slow[$0] * all + slow[$1]] }
    }
    let change = try drawSharedPath(node: node, groups: groups, columns: slow, system: &system)
    for (kind, _) in precisionOfKind {
      let (days, sums, gram) = (model.daysInWeek[kind], model.slowInWeek[kind], model.gram[kind])
      var weekly = (0..<weeks).map { days[$0] * change.path[$0] }
      var products = [Double](repeating: 0, count: slow.count)
      for week in 0..<weeks {
        for index in positions {
          let sum = sums[week * slow.count + index]
          weekly[week] += sum * change.effects[index]
          products[index] += sum * change.path[week]
        }
      }
      for row in positions {
        for column in positions { products[row] += gram[slow[row] * all + slow[column]] * change.effects[column] }
      }
      for group in groups where model.kindOfGroup[group] == kind {
        for week in 0..<weeks { residuals.weekly[group * weeks + week] -= weekly[week] }
        for index in positions { residuals.products[group * slow.count + index] -= products[index] }
      }
    }
  }

  /// Adds the priors to a node's system, draws the changes and applies them to the node and its groups.
  mutating func drawSharedPath(
    node: Int, groups: [Int], columns: [Int], system: inout SharedPathSystem
  ) throws(NotPositiveDefinite) -> (path: [Double], effects: [Double]) {
    let (weeks, all, nodes) = (model.weekCount, model.columnCount, model.effects.effectCount)
    let scale = state.weeklyScales.levels[model.component(ofNode: node)] * state.weeklyRatios[node]
    let walk = 1 / (scale * scale)
    system.addWalk(precision: walk, shocks: (0..<weeks).map { state.weeklyShocks[$0 * nodes + node] })
    let first = 1 / (model.prior.firstLevel * model.prior.firstLevel)
    for group in groups {
      system.addFirstLevel(precision: first, distance: model.levelCentre[group] - state.level[group * weeks])
    }
    let scales = state.nodeScales(node: node, model: model)
    for (index, column) in columns.enumerated() {
      system.addEffect(
        index, precision: 1 / (scales[column] * scales[column]), effect: state.pooled[column * nodes + node])
    }
    let change = try system.draw(walk: walk, using: &stream)
    for week in 1..<weeks {
      state.weeklyShocks[week * nodes + node] += change.path[week] - change.path[week - 1]
    }
    for (index, column) in columns.enumerated() { state.pooled[column * nodes + node] += change.effects[index] }
    for group in groups {
      for week in 0..<weeks { state.level[group * weeks + week] += change.path[week] }
      for (index, column) in columns.enumerated() {
        state.coefficients[group * all + column] += change.effects[index]
      }
    }
    return change
  }
}
