extension SQLStore {
  func saveArtifact(run: Int, kind: String, part: String, payload: [UInt8]) throws(StoreError) {
    try write(.runs) { database in
      let statement = try database.prepare(
        """
        INSERT INTO run_artifacts (run_id, kind, part, payload, checksum) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (run_id, kind, part) DO UPDATE SET payload = excluded.payload, checksum = excluded.checksum
        """)
      statement.bind(1, run)
      statement.bind(2, kind)
      statement.bind(3, part)
      statement.bind(4, payload)
      statement.bind(5, ContentHash.digest(of: payload))
      try statement.execute()
    }
  }

  func artifact(run: Int, kind: String, part: String) throws(StoreError) -> [UInt8]? {
    try read { database in
      let statement = try database.prepare(
        "SELECT payload, checksum FROM run_artifacts WHERE run_id = ? AND kind = ? AND part = ?")
      statement.bind(1, run)
      statement.bind(2, kind)
      statement.bind(3, part)
      defer { statement.reset() }
      guard try statement.step() else { return nil }
      let payload = statement.bytes(0)
      try Self.verify(payload, statement.bytes(1), what: "artifact \(kind) \(part) of run \(run)")
      return payload
    }
  }

  func artifactParts(run: Int, kind: String) throws(StoreError) -> [String] {
    try read {
      try $0.texts("SELECT part FROM run_artifacts WHERE run_id = ? AND kind = ? ORDER BY part", [run, kind])
    }
  }

  static func verify(_ payload: [UInt8], _ checksum: [UInt8], what: String) throws {
    guard ContentHash.digest(of: payload) == checksum else {
      throw StoreError.corrupt(what: what, reason: "its checksum does not match")
    }
  }
}
