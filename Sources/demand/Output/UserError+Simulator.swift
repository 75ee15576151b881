import RetailSimulator

// Apart from the others, because the model has a `RetailerError` of its own.
extension UserError {
  /// Nil for an error that is not the retail simulator's.
  init?(simulator error: any Error) {
    guard let error = error as? RetailerError else { return nil }
    switch error {
    case .invalidOption(let name, let value, let mend): self.init(.usage, "\(name) cannot be \(value)", hint: mend)
    case .directoryNotEmpty(let path, let found):
      self.init(.failed, "'\(path)' is not empty: it holds '\(found)'", hint: "name a new folder, or give --overwrite")
    case .cannotWrite(let path, let reason):
      self.init(.failed, "cannot write '\(path)': \(reason)", hint: "name a folder that is writable and has room")
    }
  }
}
