/// Numbers by name, looked up by a name's bytes without making a string of them.
struct NameTable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = [0]
  private var values: [Int] = []
  /// Entries by hash, -1 where free; at most half of them are taken.
  private var slots = [Int32](repeating: -1, count: 64)

  init(_ names: some Sequence<(key: String, value: Int)>) {
    for (name, value) in names { self[name] = value }
  }

  init() {}

  subscript(name: ArraySlice<UInt8>) -> Int? {
    let slot = slots[slot(of: name)]
    return slot < 0 ? nil : values[Int(slot)]
  }

  subscript(name: String) -> Int? {
    get { self[Array(name.utf8)[...]] }
    set {
      let key = Array(name.utf8)[...]
      let slot = slot(of: key)
      guard let newValue else { return }
      if slots[slot] >= 0 {
        values[Int(slots[slot])] = newValue
        return
      }
      slots[slot] = Int32(values.count)
      values.append(newValue)
      bytes += key
      ends.append(bytes.count)
      if values.count * 2 > slots.count { grow() }
    }
  }

  /// Where a name is, or would be.
  private func slot(of name: ArraySlice<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(name) & mask
    while slots[slot] >= 0, !isEntry(Int(slots[slot]), name) { slot = (slot + 1) & mask }
    return slot
  }

  private func isEntry(_ entry: Int, _ name: ArraySlice<UInt8>) -> Bool {
    let start = ends[entry]
    guard ends[entry + 1] - start == name.count else { return false }
    var at = start
    for byte in name {
      if bytes[at] != byte { return false }
      at += 1
    }
    return true
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    let mask = slots.count - 1
    for entry in values.indices {
      var slot = Self.hash(bytes[ends[entry]..<ends[entry + 1]]) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(entry)
    }
  }

  /// FNV-1a.
  private static func hash(_ name: ArraySlice<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 32)) & Int.max
  }
}
