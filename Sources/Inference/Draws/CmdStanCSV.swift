import Foundation

/// Draws in the files that CmdStan writes and that ArviZ, R and CmdStan's own tools read: one file per chain.
///
/// Comments begin with #; one header line; names `theta.1.2` for `theta[1,2]`; columns of the sampler end with `__`.
public struct CmdStanCSV: Sendable {
  /// Variables of the model, under names like `theta[1,2]`.
  public let draws: Draws
  /// What the sampler said of each draw; columns that the files lack are NaN, 0 or false.
  public let statistics: SamplerStatistics
  /// What the comments of each file say, such as `num_warmup`, `seed`, `stan_version_major`.
  public let configurations: [[String: String]]

  /// A file that cannot be read, and why.
  public struct Unreadable: Error, Equatable, CustomStringConvertible {
    public let file: String
    public let line: Int?
    public let reason: String

    public var description: String {
      "\(file)\(line.map { ":\($0)" } ?? "") is no CmdStan output that can be read: \(reason)"
    }
  }

  /// A variable whose name the format cannot hold: its readers know no quotes.
  public struct UnwritableName: Error, Equatable, CustomStringConvertible {
    public let name: String
    public let reason: String

    public var description: String {
      "The variable \(name.debugDescription) cannot be written as CmdStan's CSV: \(reason). "
        + "Give it another name by renamed(_:), or write a DrawArchive."
    }
  }

  /// Column names as CmdStan writes them.
  private static func columns(_ names: [String]) throws(UnwritableName) -> [String] {
    var seen: Set<String> = []
    let columns = try names.map { (name) throws(UnwritableName) in
      let column = CmdStanName.dotted(name)
      if column.isEmpty { throw UnwritableName(name: name, reason: "it is empty") }
      if let character = column.first(where: { $0 == "," || $0 == "\"" || $0 == "#" || $0.isNewline }) {
        throw UnwritableName(name: name, reason: "it holds \(String(character).debugDescription)")
      }
      if column.hasSuffix("__") {
        throw UnwritableName(name: name, reason: "names that end with __ are the sampler's own columns")
      }
      guard seen.insert(column).inserted else {
        throw UnwritableName(name: name, reason: "it and another variable would both be \(column)")
      }
      return column
    }
    for name in names where CmdStanName.bracketed(name) != name {
      throw UnwritableName(name: name, reason: "it would be read back as \(CmdStanName.bracketed(name))")
    }
    return columns
  }

  /// Reads one file per chain. Warm-up draws, where they were saved, are left out.
  public init(files: [String]) throws(Unreadable) {
    var contents: [(name: String, bytes: [UInt8])] = []
    for file in files {
      do {
        contents.append((file, [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))))
      } catch {
        throw Unreadable(file: file, line: nil, reason: error.localizedDescription)
      }
    }
    try self.init(contents: contents)
  }

  /// Reads files that are in memory.
  public init(contents: [(name: String, bytes: [UInt8])]) throws(Unreadable) {
    guard let first = contents.first else {
      throw Unreadable(file: "no file", line: nil, reason: "name one file per chain")
    }
    var chains: [CmdStanChain] = []
    for (name, bytes) in contents {
      let chain = try CmdStanChain(file: name, bytes: bytes)
      if let other = chains.first {
        guard chain.columns == other.columns else {
          throw Unreadable(file: name, line: nil, reason: "its columns are not those of \(first.name)")
        }
        guard chain.drawCount == other.drawCount else {
          throw Unreadable(
            file: name, line: nil,
            reason: "it has \(chain.drawCount) draws where \(first.name) has \(other.drawCount)")
        }
      }
      chains.append(chain)
    }
    let columns = chains[0].columns
    let variables = columns.indices.filter { !columns[$0].hasSuffix("__") }
    func values(_ column: Int) -> [Double] {
      chains.flatMap { chain in (0..<chain.drawCount).map { chain.values[$0 * columns.count + column] } }
    }
    func sampler(_ name: String) -> [Double]? { columns.firstIndex(of: name).map(values) }
    let names = variables.map { CmdStanName.bracketed(columns[$0]) }
    guard Set(names).count == names.count else {
      throw Unreadable(file: first.name, line: nil, reason: "two columns have one name")
    }
    let (chainCount, drawCount) = (chains.count, chains[0].drawCount)
    draws = Draws(
      wellFormed: names, chainCount: chainCount, drawCount: drawCount, values: variables.flatMap(values))
    let none = [Double](repeating: .nan, count: chainCount * drawCount)
    let zero = [Int](repeating: 0, count: chainCount * drawCount)
    func counts(_ name: String) -> [Int] { sampler(name)?.map { Int(exactly: $0) ?? 0 } ?? zero }
    statistics = SamplerStatistics(
      wellFormed: chainCount, drawCount: drawCount, logDensity: sampler("lp__") ?? none,
      acceptance: sampler("accept_stat__") ?? none, stepSize: sampler("stepsize__") ?? none,
      energy: sampler("energy__") ?? none, treeDepth: counts("treedepth__"), leapfrogs: counts("n_leapfrog__"),
      divergent: counts("divergent__").map { $0 != 0 })
    configurations = chains.map(\.configuration)
  }

  /// The file of one chain, numbers such that reading gives back the same doubles.
  ///
  /// - Parameters:
  ///   - statistics: Of the same chains and draws; nil leaves the sampler's columns out.
  ///   - chain: From 0; CmdStan's `id` is one more.
  ///   - seed: Of the run.
  ///   - warmUp: The number of iterations left out.
  ///   - tuning: What the adaptation arrived at, for the comments.
  /// - Precondition: `chain` is one of the draws' chains.
  /// - Throws: ``UnwritableName``, or ``Draws/Misfit`` for statistics of other chains or draws.
  public static func text(
    _ draws: Draws, _ statistics: SamplerStatistics?, chain: Int, seed: UInt64 = 0, warmUp: Int = 0,
    tuning: ChainTuning? = nil
  ) throws -> [UInt8] {
    precondition((0..<draws.chainCount).contains(chain), "there are chains 0 to \(draws.chainCount - 1), not \(chain)")
    try statistics?.checkFit(to: draws)
    let columns = try columns(draws.names)
    var bytes: [UInt8] = []
    func line(_ text: String) {
      bytes.append(contentsOf: text.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    // Readers look for these names; the version is that of the format.
    for comment in [
      "stan_version_major = 2", "stan_version_minor = 35", "stan_version_patch = 0", "model = demand",
      "method = sample",
      "  sample", "    num_samples = \(draws.drawCount)", "    num_warmup = \(warmUp)", "    save_warmup = false",
      "    thin = 1", "    algorithm = hmc", "      hmc", "        engine = nuts", "        metric = diag_e",
      "id = \(chain + 1)", "random", "  seed = \(seed)",
    ] { line("# " + comment) }
    let sampler = ["lp__", "accept_stat__", "stepsize__", "treedepth__", "n_leapfrog__", "divergent__", "energy__"]
    line(((statistics == nil ? [] : sampler) + columns).joined(separator: ","))
    if let tuning {
      line("# Adaptation terminated")
      line("# Step size = \(tuning.stepSize)")
      if !tuning.variances.isEmpty {
        line("# Diagonal elements of inverse mass matrix:")
        line("# " + tuning.variances.map { number($0) }.joined(separator: ", "))
      }
    }
    for draw in 0..<draws.drawCount {
      var fields: [String] = []
      if let s = statistics {
        let i = chain * s.drawCount + draw
        fields = [
          number(s.logDensity[i]), number(s.acceptance[i]), number(s.stepSize[i]), "\(s.treeDepth[i])",
          "\(s.leapfrogs[i])", s.divergent[i] ? "1" : "0", number(s.energy[i]),
        ]
      }
      for variable in draws.names.indices {
        fields.append(number(draws.values[(variable * draws.chainCount + chain) * draws.drawCount + draw]))
      }
      line(fields.joined(separator: ","))
    }
    return bytes
  }

  /// The shortest text that reads back as the same double.
  private static func number(_ value: Double) -> String {
    // Whole numbers need no ".0".
    value == value.rounded() && abs(value) < 1e15 && !(value == 0 && value.sign == .minus)
      ? "\(Int(value))" : "\(value)"
  }
}

extension Fit {
  /// Writes one CSV file per chain, `PREFIX-1.csv` and so on, into a folder that exists.
  ///
  /// - Returns: The files' paths.
  /// - Throws: ``CmdStanCSV/UnwritableName``, or what writing throws.
  @discardableResult
  public func writeCmdStanCSV(to folder: String, prefix: String = "draws") throws -> [String] {
    try (0..<draws.chainCount).map { chain in
      let path = "\(folder)/\(prefix)-\(chain + 1).csv"
      let record = chain < chains.count ? chains[chain] : nil
      let bytes = try CmdStanCSV.text(
        draws, statistics, chain: chain, seed: seed, warmUp: record?.warmUp ?? 0, tuning: record?.tuning)
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
      return path
    }
  }
}
