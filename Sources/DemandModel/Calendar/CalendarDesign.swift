import DemandData

/// The calendar regression of all locations: one list of columns, and the rows of every location, sparse.
package struct CalendarDesign: Sendable {
  /// The ideas of which the calendar is made.
  package static let components: [any CalendarComponent] = [
    DayOfWeek(), WeekendBySeason(), AnnualCycle(), BenefitDays(), LastYear(), PartsOfMonth(), Events(), LinearTrend(),
  ]

  /// Name, block and relative scale of a column.
  package struct Column: Sendable {
    package let name: String
    package let block: CalendarBlock
    package let relativeScale: Double
  }

  /// A reported effect as weights of the coefficients b (relative scales included).
  package struct Effect: Sendable {
    package let name: String
    package let block: CalendarBlock
    package let terms: [(column: Int, weight: Double)]
  }

  package let columns: [Column]
  package let effects: [Effect]
  /// Distinct sets of rows; locations with equal columns share one.
  package let rows: [SparseRows]
  package let rowsOfLocation: [Int]

  /// Columns that are zero at every location on every day are left out; those that are zero in the history only stay,
  /// and their coefficients keep their prior.
  package init(contexts: [CalendarContext], components: [any CalendarComponent] = Self.components) {
    let made = Self.withDistinctNames(contexts.map { context in components.map { $0.columns(in: context) } })
    let flat = made.map { $0.flatMap(\.self) }
    let used = (flat.first ?? []).indices.filter { column in flat.contains { !$0[column].values.isEmpty } }
    let kept = used.map { flat[0][$0] }
    columns = kept.map { Column(name: $0.name, block: $0.block, relativeScale: $0.relativeScale) }
    let position = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1.name, $0) })
    effects = zip(components, made.first ?? []).flatMap { component, columns in
      component.effects(of: columns).compactMap { effect in
        let terms = effect.weights.compactMap { name, weight -> (column: Int, weight: Double)? in
          guard weight != 0, let column = position[name] else { return nil }
          return (column, weight * kept[column].relativeScale)
        }
        guard let first = terms.first else { return nil }
        return Effect(
          name: effect.name, block: kept[first.column].block, terms: terms.sorted { $0.column < $1.column })
      }
    }
    var distinct: [SparseRows] = []
    rowsOfLocation = zip(contexts, flat).map { context, columns in
      let rows = SparseRows(dayCount: context.days.count, columns: used.map { columns[$0] })
      if let known = distinct.firstIndex(of: rows) { return known }
      distinct.append(rows)
      return distinct.count - 1
    }
    self.rows = distinct
  }

  /// Later columns of a name that is taken (an event called like a day of the week) get a number after it.
  private static func withDistinctNames(_ made: [[[CalendarColumn]]]) -> [[[CalendarColumn]]] {
    made.map { location in
      var taken: Set<String> = []
      return location.map { columns in
        columns.map { column in
          var name = column.name
          var number = 2
          while !taken.insert(name).inserted {
            name = "\(column.name) (\(number))"
            number += 1
          }
          return CalendarColumn(name, column.block, relativeScale: column.relativeScale, values: column.values)
        }
      }
    }
  }

  /// Columns of a block, ascending.
  package func columns(of block: CalendarBlock) -> [Int] { columns.indices.filter { columns[$0].block == block } }
}
