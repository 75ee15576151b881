import DemandData
import Testing

@Suite struct HierarchyTests {
  static let product = try! Tree(
    levelNames: ["category", "product"], paths: [["food", "bread"], ["home", "lamp"], ["food", "milk"]])
  static let location = try! Tree(levelNames: ["region", "store"], paths: [["north", "n1"], ["south", "s1"]])
  static let hierarchy = Hierarchy(
    product: product, location: location,
    series: [
      .init(product: 2, store: 1), .init(product: 0, store: 1), .init(product: 0, store: 0),
      .init(product: 1, store: 0),
    ])

  @Test func treesNumberNodesByFirstAppearance() {
    #expect(Self.product.levels.map(\.name) == ["all", "category", "product"])
    #expect(Self.product.levels[1].nodes == ["food", "home"] && Self.product.levels[2].parents == [0, 1, 0])
    #expect(Self.product.ancestors == [[0, 0, 0], [0, 1, 0], [0, 1, 2]])
    #expect(Self.product.leaves == ["bread", "lamp", "milk"] && Self.product.leafCount == 3)
  }

  @Test func mastersThatAreNoTreeAreRefused() {
    #expect(throws: HierarchyError.wrongDepth(leaf: "milk", found: 1, expected: 2)) {
      try Tree(levelNames: ["category", "product"], paths: [["food", "bread"], ["milk"]])
    }
    #expect(throws: HierarchyError.duplicateLeaf(level: "product", leaf: "bread")) {
      try Tree(levelNames: ["category", "product"], paths: [["food", "bread"], ["food", "bread"]])
    }
    #expect(throws: HierarchyError.twoParents(level: "department", node: "d", parents: ["food", "home"])) {
      try Tree(levelNames: ["category", "department", "product"], paths: [["food", "d", "a"], ["home", "d", "b"]])
    }
    #expect("\(HierarchyError.duplicateLeaf(level: "product", leaf: "bread"))".contains("'bread'"))
  }

  @Test func seriesAreSortedByProductThenStore() {
    #expect(Self.hierarchy.series.map { [$0.product, $0.store] } == [[0, 0], [0, 1], [1, 0], [2, 1]])
  }

  @Test func everySeriesStandsInOneNodeOfEveryPair() {
    #expect(Self.hierarchy.levelPairs.count == 9)
    for pair in Self.hierarchy.levelPairs {
      let (nodes, nodeOfSeries) = Self.hierarchy.membership(at: pair)
      #expect(nodes == nodes.sorted() && Set(nodeOfSeries) == Set(nodes.indices))
      for series in Self.hierarchy.series.indices {
        #expect(nodes[nodeOfSeries[series]] == Self.hierarchy.node(ofSeries: series, at: pair))
      }
      #expect(Self.hierarchy.levelPair(named: Self.hierarchy.name(of: pair)) == pair)
    }
    let foodBySouth = Self.hierarchy.membership(at: LevelPair(product: 1, location: 1))
    #expect(foodBySouth.nodes.count == 3 && foodBySouth.nodeOfSeries == [0, 1, 2, 1])
    let names = Self.hierarchy.names(of: foodBySouth.nodes[1])
    #expect(
      names == NodeNames(productLevel: "category", product: "food", locationLevel: "region", location: "south"))
    #expect(Self.hierarchy.levelPair(named: "category") == nil && Self.hierarchy.levelPair(named: "a:b") == nil)
  }
}

@Suite struct PanelTests {
  @Test func pricesHoldUntilTheNextStep() {
    let prices = PriceHistory(offsets: [0, 2, 2, 3], fromDay: [10, 20, 5], price: [1.5, 2, 9])
    #expect([9, 10, 19, 20, 500].map { prices.price(ofSeries: 0, on: Day(number: $0)) } == [nil, 1.5, 1.5, 2, 2])
    #expect(prices.price(ofSeries: 1, on: Day(number: 20)) == nil)
    #expect(prices.price(ofSeries: 2, on: Day(number: 5)) == 9)
  }

  @Test func truncationKeepsTheFirstDays() {
    let units: [Int32] = (0..<20).map { Int32($0) }
    let ranged = DayStatus.notRanged.rawValue
    let panel = Panel(
      hierarchy: HierarchyTests.hierarchy, firstDay: Day(number: 100), dayCount: 5, units: units,
      status: (0..<20).map { $0 % 5 < 2 && $0 >= 5 && $0 < 10 ? ranged : DayStatus.sold.rawValue },
      startIsKnown: [true, true, true, false], prices: .none(seriesCount: 4), calendar: EventCalendar())
    #expect(panel.origin == Day(number: 104) && panel.firstRangedDay(ofSeries: 1) == 2)
    let cut = panel.truncated(toDayCount: 2)
    #expect(cut.units == [0, 1, 5, 6, 10, 11, 15, 16] && cut.origin == Day(number: 101))
    #expect(cut.firstRangedDay(ofSeries: 1) == nil && cut.firstRangedDay(ofSeries: 0) == 0)
  }

  @Test func eventsHoldInTheirScope() {
    let south = EventCalendar.Scope.location(level: "region", node: "south")
    #expect(!south.contains(store: 0, in: HierarchyTests.location))
    #expect(south.contains(store: 1, in: HierarchyTests.location))
    #expect(EventCalendar.Scope.everywhere.contains(store: 0, in: HierarchyTests.location))
    let nowhere = EventCalendar.Scope.location(level: "planet", node: "south")
    #expect(!nowhere.contains(store: 1, in: HierarchyTests.location))
  }
}
