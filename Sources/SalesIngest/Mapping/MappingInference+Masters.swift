import DemandData

/// Lists of products and stores, and the levels that they tell.
extension MappingInference {
  mutating func inferMasters(_ samples: [Sample]) throws(IngestError) {
    for sample in samples {
      var table = Self.table(sample)
      table.numbers = NumberFormat()
      let product = ColumnGuess.column("product", in: sample.header, taken: [])
      let store = ColumnGuess.column("store", in: sample.header, taken: [])
      let hasDates = sample.header.indices.contains { !Self.patterns(sample.values($0), sample.header[$0]).isEmpty }
      if !hasDates, joinMaster(sample, \.products) || joinMaster(sample, \.stores) { continue }
      if let product, mapping.products.isEmpty, !hasDates, mapping.sales[0].columns["product"] != nil {
        try Self.requireDistinct(sample)
        addMaster(&table, sample, leaf: ("product", product), levels: ["category", "department"])
        mapping.products = [table]
      } else if let store, mapping.stores.isEmpty, !hasDates, mapping.sales[0].columns["store"] != nil {
        try Self.requireDistinct(sample)
        addMaster(&table, sample, leaf: ("store", store), levels: ["region"])
        mapping.stores = [table]
      } else {
        notes.append("'\(sample.input.name)' is neither sales nor a list of products or stores: it is not read")
      }
    }
  }

  /// Adds a further file of the columns of a master that there is.
  private mutating func joinMaster(
    _ sample: Sample, _ tables: WritableKeyPath<SourceMapping, [SourceMapping.Table]>
  ) -> Bool {
    guard let table = mapping[keyPath: tables].first,
      Set(table.columns.values).union(table.others) == Set(sample.header),
      Set(sample.header).count == sample.header.count
    else { return false }
    let name = Self.fileName(sample)
    if !table.files.contains(name) { mapping[keyPath: tables][0].files.append(name) }
    if table.separator != sample.separator { mapping[keyPath: tables][0].separator = nil }
    if table.encoding != sample.encoding { mapping[keyPath: tables][0].encoding = nil }
    return true
  }

  private func addMaster(
    _ table: inout SourceMapping.Table, _ sample: Sample, leaf: (name: String, column: Int), levels: [String]
  ) {
    var taken: Set<Int> = [leaf.column]
    table.columns[leaf.name] = sample.header[leaf.column]
    for level in levels {
      guard let column = ColumnGuess.column(level, in: sample.header, taken: taken) else { continue }
      table.columns[level] = sample.header[column]
      taken.insert(column)
    }
    if leaf.name == "product", let kind = sample.header.firstIndex(of: "kind"), !taken.contains(kind),
      Set(sample.values(kind)).isSubset(of: ["", "count", "measure"])
    {
      table.columns["kind"] = "kind"
      taken.insert(kind)
    }
    if let upper = table.columns["category"].flatMap(sample.header.firstIndex),
      let lower = table.columns["department"].flatMap(sample.header.firstIndex),
      Self.isUpsideDown(sample, upper: upper, lower: lower)
    {
      (table.columns["category"], table.columns["department"]) = (sample.header[lower], sample.header[upper])
    }
    table.others = sample.header.indices.filter { !taken.contains($0) }.map { sample.header[$0] }
  }

  /// Constants for levels that no column gives, where they are read: in the master if there is one, else in the sales.
  mutating func fillLevels() {
    func fill(_ table: inout SourceMapping.Table, _ levels: [String], _ word: String) {
      var names = table.columns
      // A department without a category is its own category, and the other way round.
      for (missing, other) in [("category", "department"), ("department", "category")]
      where levels.contains(missing) && names[missing] == nil && names[other] != nil {
        table.columns[missing] = names[other]
        names = table.columns
      }
      for level in levels where names[level] == nil { table.constants[level] = word }
    }
    if mapping.products.isEmpty {
      fill(&mapping.sales[0], ["category", "department"], "goods")
    } else {
      fill(&mapping.products[0], ["category", "department"], "goods")
      for level in ["category", "department"] { mapping.sales[0].columns[level] = nil }
    }
    if mapping.stores.isEmpty {
      fill(&mapping.sales[0], ["region"], "stores")
    } else {
      fill(&mapping.stores[0], ["region"], "stores")
      mapping.sales[0].columns["region"] = nil
    }
  }
}
