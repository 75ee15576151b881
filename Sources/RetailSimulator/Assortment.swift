import DemandData

/// Names and trees of a simulated retailer: which products, stores and series there are.
///
/// Products and stores are sorted by name, so that files sorted by index are sorted by name.
package struct Assortment: Sendable {
  package struct Product: Sendable, Hashable {
    package let name: String
    package let department: Int
    package let category: Int
  }

  package struct Store: Sendable, Hashable {
    package let name: String
    package let region: Int
  }

  package let regions: [String]
  package let categories: [String]
  package let departments: [String]
  package let categoryOfDepartment: [Int]
  package let products: [Product]
  package let stores: [Store]

  /// Spreads stores over regions, departments over categories and products over departments, as evenly as they go.
  package init(regions: Int, stores: Int, categories: Int, departments: Int, products: Int) {
    let regionNames = (0..<regions).map { Self.regionName($0) }
    let categoryNames = (0..<categories).map { Self.categoryName($0) }
    let categoryOfDepartment = (0..<departments).map { $0 * categories / departments }
    var departmentNames: [String] = []
    var placed = [Int](repeating: 0, count: categories)
    for category in categoryOfDepartment {
      departmentNames.append(Self.departmentName(placed[category], category: category))
      placed[category] += 1
    }
    let perDepartment = products / departments + 1
    let perRegion = stores / regions + 1
    var made: [Product] = []
    var counts = [Int](repeating: 0, count: departments)
    for index in 0..<products {
      let department = index * departments / products
      counts[department] += 1
      let number = Self.padded(counts[department], width: max(3, String(perDepartment).count))
      made.append(
        Product(
          name: "\(departmentNames[department])_\(number)", department: department,
          category: categoryOfDepartment[department]))
    }
    var shops: [Store] = []
    counts = [Int](repeating: 0, count: regions)
    for index in 0..<stores {
      let region = index * regions / stores
      counts[region] += 1
      let number = Self.padded(counts[region], width: perRegion > 9 ? String(perRegion).count : 1)
      shops.append(Store(name: "\(Self.storePrefix(region))\(number)", region: region))
    }
    self.regions = regionNames
    self.categories = categoryNames
    self.departments = departmentNames
    self.categoryOfDepartment = categoryOfDepartment
    self.products = made.sorted { $0.name < $1.name }
    self.stores = shops.sorted { $0.name < $1.name }
  }

  /// The two trees with every product in every store.
  package func hierarchy() throws(HierarchyError) -> Hierarchy {
    let product = try Tree(
      levelNames: ["category", "department", "product"],
      paths: products.map { [categories[$0.category], departments[$0.department], $0.name] })
    let location = try Tree(
      levelNames: ["region", "store"], paths: stores.map { [regions[$0.region], $0.name] })
    var series: [Hierarchy.Series] = []
    for item in products.indices {
      for store in stores.indices { series.append(Hierarchy.Series(product: item, store: store)) }
    }
    return Hierarchy(product: product, location: location, series: series)
  }

  private static let regionTable = [
    ("north", "N"), ("south", "S"), ("east", "E"), ("west", "W"), ("central", "C"), ("lakes", "L"), ("hills", "H"),
    ("islands", "I"),
  ]

  private static let departmentTable = [
    ("FRESH", ["DAIRY", "PRODUCE", "BAKERY", "MEAT"]),
    ("GROCERY", ["DRINKS", "PANTRY", "SNACKS", "FROZEN"]),
    ("HOUSEHOLD", ["CLEANING", "PAPER", "KITCHEN", "GARDEN"]),
    ("LEISURE", ["TOYS", "SPORT", "BOOKS"]),
    ("BEAUTY", ["CARE", "HAIR"]),
  ]

  private static func regionName(_ index: Int) -> String {
    index < regionTable.count ? regionTable[index].0 : "region\(padded(index + 1, width: 2))"
  }

  private static func storePrefix(_ index: Int) -> String {
    index < regionTable.count ? regionTable[index].1 : "R\(padded(index + 1, width: 2))S"
  }

  private static func categoryName(_ index: Int) -> String {
    index < departmentTable.count ? departmentTable[index].0 : "CATEGORY\(padded(index + 1, width: 2))"
  }

  private static func departmentName(_ index: Int, category: Int) -> String {
    let known = category < departmentTable.count ? departmentTable[category].1 : []
    let own = index < known.count ? known[index] : "DEPARTMENT\(padded(index + 1, width: 2))"
    return "\(categoryName(category))_\(own)"
  }

  private static func padded(_ value: Int, width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
