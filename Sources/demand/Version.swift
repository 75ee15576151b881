/// What `demand --version` prints and every run's ledger records.
enum Version {
  static let number = "0.1.0"
  /// Version and commit, such as `0.1.0 (1a2b3c4d5e6f)`; `-modified` after the commit says that it was not all.
  static let text = "\(number) (\(BuildCommit.text))"
}
