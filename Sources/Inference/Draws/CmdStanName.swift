/// Element names between `theta[1,2]`, as programs and people write them, and `theta.1.2`, as CmdStan's files do.
enum CmdStanName {
  static func dotted(_ name: String) -> String {
    guard name.hasSuffix("]"), let open = name.lastIndex(of: "[") else { return name }
    return name[..<open] + "." + name[name.index(after: open)...].dropLast().replacing(",", with: ".")
  }

  static func bracketed(_ name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let indices = parts.dropFirst().reversed().prefix { !$0.isEmpty && $0.allSatisfy(\.isWholeNumber) }.reversed()
    if indices.isEmpty { return name }
    return parts.dropLast(indices.count).joined(separator: ".") + "[" + indices.joined(separator: ",") + "]"
  }
}
