/// A model that cannot be: what is wrong, with the names of parameters and data concerned.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
