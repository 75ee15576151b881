import DemandData

/// The nodes that the page's script can draw, as one JSON object.
struct PageData {
  let json: String
  /// Product nodes that found no room.
  let leftOut: Int

  /// Everything above product level, then products by volume until `limits.embeddedBytes` are full.
  init(aggregates: [PackedNode], products: [PackedNode], input: ReportInput) {
    var room = input.limits.embeddedBytes - aggregates.reduce(0) { $0 + $1.json.count + 1 }
    let byVolume = products.sorted { ($1.volume, $0.node) < ($0.volume, $1.node) }
    let fitting = byVolume.prefix {
      room -= $0.json.count + 1
      return room >= 0
    }
    leftOut = products.count - fitting.count
    let nodes = (aggregates + fitting).sorted { $0.node < $1.node }
    var json: [UInt8] = []
    json.reserveCapacity(nodes.reduce(1 << 16) { $0 + $1.json.count + 1 })
    json.append(text: "{\"origin\":\(input.run.origin.number),\"leftOut\":\(leftOut),\"unit\":")
    json.append(jsonString: input.unit)
    for (key, tree) in [("products", input.hierarchy.product), ("locations", input.hierarchy.location)] {
      json.append(text: ",\"\(key)\":[")
      for (index, level) in tree.levels.enumerated() {
        json.append(text: index == 0 ? "{\"level\":" : ",{\"level\":")
        json.append(jsonString: level.name)
        json.append(text: ",\"names\":[")
        for (index, name) in level.nodes.enumerated() {
          if index > 0 { json.append(UInt8(ascii: ",")) }
          json.append(jsonString: name)
        }
        json.append(text: "]}")
      }
      json.append(text: "]")
    }
    json.append(text: ",\"nodes\":[")
    for (index, node) in nodes.enumerated() {
      if index > 0 { json.append(text: ",\n") }
      json.append(contentsOf: node.json)
    }
    json.append(text: "]}")
    self.json = String(decoding: json, as: UTF8.self)
  }
}
