import DemandData

/// Numbers that name nodes in random streams: a function of their names alone, so that a node draws the same numbers
/// whichever other nodes stand in the panel.
enum StreamIdentity {
  /// 64-bit FNV-1a over the parts, each followed by a zero byte.
  static func hash(_ parts: String...) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for part in parts {
      for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = hash &* 0x100_0000_01B3
    }
    return hash
  }

  static func node(_ node: Node, in hierarchy: Hierarchy) -> UInt64 {
    let names = hierarchy.names(of: node)
    return hash(names.productLevel, names.product, names.locationLevel, names.location)
  }
}
