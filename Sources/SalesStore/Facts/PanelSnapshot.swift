import DemandData

extension Panel {
  /// Hash of everything that a fit on this panel sees: trees, days, units, status, prices, calendar.
  ///
  /// - Complexity: O(cells); about a quarter of a gigabyte a second.
  public var snapshot: String {
    var hash = ContentHash()
    for tree in [hierarchy.product, hierarchy.location] {
      hash.update(tree.levels.count)
      for level in tree.levels {
        hash.update(level.name)
        hash.update(level.nodes.count)
        for node in level.nodes { hash.update(node) }
        hash.update(level.parents)
      }
    }
    hash.update(seriesCount)
    hash.update(hierarchy.series.flatMap { [Int32($0.product), Int32($0.store)] })
    hash.update(firstDay.number)
    hash.update(dayCount)
    hash.update(units)
    hash.update(status)
    hash.update(startIsKnown.map { UInt8($0 ? 1 : 0) })
    hash.update(prices.offsets)
    hash.update(prices.fromDay)
    hash.update(prices.price)
    func put(_ scope: EventCalendar.Scope) {
      switch scope {
      case .everywhere: hash.update(0)
      case .location(let level, let node):
        hash.update(1)
        hash.update(level)
        hash.update(node)
      }
    }
    hash.update(calendar.events.count)
    for event in calendar.events {
      hash.update(event.day.number)
      hash.update(event.name)
      hash.update(event.type)
      put(event.scope)
    }
    hash.update(calendar.closures.count)
    for closure in calendar.closures {
      hash.update(closure.day.number)
      put(closure.scope)
    }
    hash.update(calendar.knownThrough?.number ?? Int.min)
    return hash.hex
  }
}
