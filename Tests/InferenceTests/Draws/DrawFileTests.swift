import Foundation
import Inference
import Testing

/// Values that text and binary forms must give back bit for bit.
private func sample(names: [String] = ["mu", "theta[1]", "theta[2]", "L[1,2]"]) throws -> (Draws, SamplerStatistics) {
  let size = 2 * 3
  let values = (0..<(names.count * size)).map { i in [0.1, -1e-300, 1.0 / 3, 2, -0.0, 1e22][i % 6] * Double(i + 1) }
  let draws = Draws(wellFormed: names, chainCount: 2, drawCount: 3, values: values)
  let statistics = try SamplerStatistics(
    chainCount: 2, drawCount: 3, logDensity: [-1, -2.5, -3, -4, -5, -6.25],
    acceptance: [0.9, 0.8, 1, 0.75, 0.5, 0.625], stepSize: [Double](repeating: 0.3, count: size),
    energy: [1, 2, 3, 4, 5, 6.5], treeDepth: [1, 2, 3, 3, 2, 1], leapfrogs: [1, 3, 7, 7, 3, 1],
    divergent: [false, true, false, false, false, true])
  return (draws, statistics)
}

@Suite("CmdStan CSV")
struct CmdStanCSVTests {
  @Test("warm-up that cannot be, and files that are not there, are unreadable")
  func impossibleWarmUp() {
    for (comments, columns, words) in [
      ("# num_warmup = -5", "a", "num_warmup"), ("# num_warmup = 9223372036854775807\n# thin = 2", "a", "warm-up"),
      ("# num_warmup = 9223372036854775807", "a,b", "warm-up"), ("# num_warmup = 0\n# thin = 0", "a", "thin"),
    ] {
      let text = comments + "\n# save_warmup = 1\n\(columns)\n\(columns == "a" ? "1" : "1,2")\n"
      do {
        _ = try CmdStanCSV(contents: [(name: "c", bytes: Array(text.utf8))])
        Issue.record("\(comments) was read")
      } catch {
        #expect(error.file == "c" && error.reason.contains(words), "\(error)")
      }
    }
    #expect(throws: CmdStanCSV.Unreadable.self) { try CmdStanCSV(files: ["/nonexistent"]) }
  }

  @Test("names that would be read back as others are not written")
  func namesThatChange() throws {
    let (draws, statistics) = try sample(names: ["theta.1"])
    #expect(throws: CmdStanCSV.UnwritableName.self) { try CmdStanCSV.text(draws, statistics, chain: 0) }
  }

  @Test("diagnostics without chains and intervals of no probability")
  func figuresOfNothing() throws {
    #expect(Diagnostics.rHat([1, 2, 3], chains: 0).isNaN)
    #expect(Diagnostics.bulkESS([1, 2, 3], chains: 2).isNaN)
    let summary = DrawSummary(try sample().0, highestDensity: 1.5)
    #expect(summary.intervalProbability == nil && summary.description.contains("95%"))
  }

  @Test("what is written is read back bit for bit, names and statistics with it")
  func roundTrip() throws {
    let (draws, statistics) = try sample()
    let files = try (0..<2).map {
      (name: "chain-\($0)", bytes: try CmdStanCSV.text(draws, statistics, chain: $0, seed: 7, warmUp: 100))
    }
    let text = String(decoding: files[1].bytes, as: UTF8.self)
    let header = try #require(text.split(separator: "\n").first { !$0.hasPrefix("#") })
    #expect(
      header == "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,mu,theta.1,theta.2,L.1.2")
    let read = try CmdStanCSV(contents: files)
    #expect(read.draws.values.map(\.bitPattern) == draws.values.map(\.bitPattern))
    #expect(read.draws.names == draws.names && read.statistics == statistics)
    #expect(read.configurations[1]["seed"] == "7" && read.configurations[1]["id"] == "2")
  }

  @Test("a file of CmdStan 2.34 with saved warm-up, comments throughout, and values that are not finite")
  func cmdStan() throws {
    let text = """
      # stan_version_major = 2
      # method = sample (Default)
      #     num_samples = 2
      #     num_warmup = 2
      #     save_warmup = true
      #     thin = 1 (Default)
      lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,alpha,beta.1,beta.2,Sigma.1.2
      -9,0.1,1,1,1,0,9,0,0,0,0
      -8,0.2,1,1,1,1,9,0,0,0,0
      # Adaptation terminated
      # Step size = 0.8
      # Diagonal elements of inverse mass matrix:
      # 0.9, 1.1, 1
      -7.5,0.93,0.8,2,3,0,10.2,1.5,2e-05,-3,nan
      -6.25,1,0.8,2,3,1,8.8,1.25,inf,4,-inf
      #
      #  Elapsed Time: 0.01 seconds (Warm-up)

      """
    let read = try CmdStanCSV(contents: [("output.csv", Array(text.utf8))])
    #expect(read.draws.names == ["alpha", "beta[1]", "beta[2]", "Sigma[1,2]"])
    #expect(Array(read.draws[0]) == [1.5, 1.25] && Array(read.draws[1]) == [2e-5, .infinity])
    #expect(read.draws[3].first?.isNaN == true)
    #expect(read.statistics.divergent == [false, true] && read.statistics.leapfrogs == [3, 3])
    #expect(read.configurations[0]["method"] == "sample")
  }

  @Test("files without the sampler's columns, of Windows, and with bracketed names")
  func plain() throws {
    let text = "\"a\",\"b[1]\"\r\n1,2\r\n3,4\r\n"
    let read = try CmdStanCSV(contents: [("plain.csv", Array(text.utf8))])
    #expect(read.draws.names == ["a", "b[1]"] && read.draws.values == [1, 3, 2, 4])
    let densities = read.statistics.logDensity
    #expect(densities.allSatisfy { $0.isNaN })
  }

  @Test(
    "files that cannot be read say where and why",
    arguments: [
      ("", "has no header line"), ("# only = comments\n", "has no header line"), ("1,2\n3,4\n", "name the columns"),
      ("a,b\n1,2\n3", "1 values for 2 columns; the file is cut off"), ("a,b\n1,2,3\n", "3 values for 2 columns"),
      ("a,b\n1,x\n", "b is no number: x"), ("a.1,a[1]\n1,2\n", "two columns have one name"),
    ])
  func unreadable(text: String, reason: String) throws {
    let error = try #require(throws: CmdStanCSV.Unreadable.self) {
      try CmdStanCSV(contents: [("f.csv", Array(text.utf8))])
    }
    #expect(error.description.contains(reason) && error.description.contains("f.csv"))
  }

  @Test("chains of different columns or lengths are refused")
  func uneven() throws {
    let one = (name: "one.csv", bytes: Array("a\n1\n2\n".utf8))
    for (other, reason) in [("b\n1\n2\n", "columns are not those"), ("a\n1\n", "1 draws where one.csv has 2")] {
      let error = try #require(throws: CmdStanCSV.Unreadable.self) {
        try CmdStanCSV(contents: [one, ("two.csv", Array(other.utf8))])
      }
      #expect(error.description.contains(reason))
    }
    #expect(throws: CmdStanCSV.Unreadable.self) { try CmdStanCSV(contents: []) }
  }

  @Test("a fit's files, as ArviZ and posterior read them")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("csv-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (draws, statistics) = try sample()
    let files = try Fit(draws: draws, statistics: statistics, seed: 3).writeCmdStanCSV(to: folder.path)
    #expect(files.map { URL(fileURLWithPath: $0).lastPathComponent } == ["draws-1.csv", "draws-2.csv"])
    #expect(try CmdStanCSV(files: files).draws == draws)
  }
}

@Suite("Draw archive")
struct DrawArchiveTests {
  @Test("bit for bit, NaN, infinity and minus zero too; the same draws give the same bytes")
  func roundTrip() throws {
    let (draws, statistics) = try sample()
    var values = draws.values
    values[2] = .infinity
    values[5] = -0.0
    let odd = Draws(wellFormed: draws.names, chainCount: 2, drawCount: 3, values: values)
    let archive = try DrawArchive(draws: odd, statistics: statistics, notes: ["model": "schools"])
    let bytes = try archive.encoded()
    #expect(try DrawArchive(bytes) == archive)
    #expect(try archive.encoded() == bytes)
    let nan = Draws(wellFormed: ["x"], chainCount: 1, drawCount: 1, values: [.nan])
    let ofNaN = try DrawArchive(draws: nan).encoded()
    #expect(try DrawArchive(ofNaN).draws.values[0].isNaN)
    let empty = try DrawArchive(draws: Draws(wellFormed: [], chainCount: 1, drawCount: 0, values: []))
    #expect(try DrawArchive(empty.encoded()) == empty)
  }

  @Test("statistics of other chains or draws, or with a figure missing, are refused")
  func misfits() throws {
    let (draws, statistics) = try sample()
    let thinned = try draws.thinned(by: 2)
    for run: () throws -> Void in [
      { _ = try DrawArchive(draws: thinned, statistics: statistics) },
      { _ = try CmdStanCSV.text(thinned, statistics, chain: 0) },
      { _ = try CmdStanCSV.text(draws.combiningChains(), statistics, chain: 0) },
    ] {
      let error = #expect(throws: Draws.Misfit.self) { try run() }
      #expect(error?.description.contains("2 chains with 3 draws") == true, "\(String(describing: error))")
    }
    func figures(chains: Int = 1, draws: Int = 2, energy: [Double] = [1, 2]) throws -> SamplerStatistics {
      try SamplerStatistics(
        chainCount: chains, drawCount: draws, logDensity: [1, 2], acceptance: [1, 2], stepSize: [1, 2], energy: energy,
        treeDepth: [1, 2], leapfrogs: [1, 2], divergent: [false, true])
    }
    #expect(try figures().divergenceCount == 1)
    for (words, run): (String, () throws -> SamplerStatistics) in [
      ("of energy there are 1", { try figures(energy: [1]) }), ("at least one chain", { try figures(chains: 0) }),
      ("at least 0 draws", { try figures(draws: -1) }), ("one figure", { try figures(draws: .max / 2) }),
      ("one figure", { try figures(chains: .max, draws: .max) }),
    ] {
      let error = #expect(throws: Draws.Misfit.self) { try run() }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
  }

  @Test("every byte is protected, and every cut is noticed")
  func damage() throws {
    let (draws, statistics) = try sample(names: ["a"])
    let bytes = try DrawArchive(draws: draws, statistics: statistics).encoded()
    for i in bytes.indices {
      var damaged = bytes
      damaged[i] ^= 0x10
      #expect(throws: DrawArchive.Unreadable.self, "byte \(i)") { try DrawArchive(damaged) }
    }
    for count in bytes.indices {
      #expect(throws: DrawArchive.Unreadable.self, "\(count) bytes") { try DrawArchive(Array(bytes[..<count])) }
    }
    #expect(throws: DrawArchive.Unreadable.damaged) { try DrawArchive(bytes + [0]) }
    let cut = try #require(throws: DrawArchive.Unreadable.self) { try DrawArchive(Array(bytes.dropLast(9))) }
    #expect(cut == .truncated(expected: bytes.count, found: bytes.count - 9))
  }

  @Test("other files and newer formats are told apart")
  func otherFiles() throws {
    #expect(throws: DrawArchive.Unreadable.notAnArchive) { try DrawArchive(Array("lp__,mu\n1,2\n".utf8)) }
    #expect(throws: DrawArchive.Unreadable.notAnArchive) { try DrawArchive([]) }
    var newer = try DrawArchive(draws: try sample().0).encoded()
    newer[8] = 9
    #expect(throws: DrawArchive.Unreadable.newerVersion(9)) { try DrawArchive(newer) }
  }

  @Test("an archive of the first version, written on 21 November 2026, can still be read")
  func firstVersion() throws {
    let url = try #require(
      Bundle.module.url(forResource: "archive-v1", withExtension: "draws", subdirectory: "Resources"))
    let archive = try DrawArchive(path: url.path)
    let (draws, statistics) = try sample()
    #expect(archive.draws == draws && archive.statistics == statistics && archive.notes == ["model": "example"])
  }
}

@Suite("Summary table")
struct SummaryTableTests {
  @Test("figures with the digits that count, not a number said as such, within 80 columns")
  func table() {
    let draws = Draws(
      wellFormed: ["mu", "a name of more than thirty letters[12,13]", "constant", "broken"], chainCount: 1,
      drawCount: 8,
      values: [
        1, 2, 3, 4, 5, 6, 7, 8, 1e9, 2e9, 1e9, 2e9, 1e9, 1e9, 3e9, 1e9, 1, 1, 1, 1, 1, 1, 1, 1, .nan, 1, 2, 3, 4, 5,
        6, 7,
      ])
    let expected = """
                  mean      sd   mcse      5%     50%     95%  bulk  tail  R-hat
      mu           4.5     2.4   0.91     1.4     4.5     7.6     7     7  2.060
      a name of more than thirty letters[12,13]
                1.50e9  7.56e8  2.8e8  1.00e9  1.00e9  2.65e9     7     7  0.869
      constant   1.000   0.000      0   1.000   1.000   1.000     8     8    NaN
      broken       NaN     NaN    NaN     NaN     NaN     NaN   NaN   NaN    NaN

      """
    #expect(DrawSummary(draws).description == expected)
    let short = DrawSummary(draws, highestDensity: 0.5).table(rows: 2)
    #expect(short.contains("50% from") && short.contains("and 2 more variables"))
    #expect(short.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("rename, join variables, elements, drop")
  func shapes() throws {
    let draws = try sample().0
    #expect(try draws.renamed(["mu": "nu"]).names == ["nu", "theta[1]", "theta[2]", "L[1,2]"])
    #expect(throws: Draws.UnknownVariable.self) { try draws.renamed(["x": "y"]) }
    #expect(try draws.elements(of: "theta") == ["theta[1]", "theta[2]"] && draws.elements(of: "mu") == ["mu"])
    #expect(throws: Draws.UnknownVariable.self) { try draws.elements(of: "thet") }
    let parts = try Draws.joiningVariables([try draws.subset(["mu"]), try draws.subset(["theta[1]"])])
    #expect(try parts == draws.subset(["mu", "theta[1]"]))
    let later = try draws.droppingFirst(1)
    #expect(later.drawCount == 2 && Array(later[0, chain: 1]) == Array(draws[0, chain: 1].dropFirst()))
  }

  @Test("names that CmdStan's CSV cannot hold are refused by name")
  func unwritableNames() throws {
    for (names, words) in [
      (["a,b"], "\",\""), (["a\nb"], "holds"), (["#a"], "#"), (["a\""], "holds"), (["", "a"], "empty"),
      (["lp__"], "__"), (["a.1", "a[1]"], "both be a.1"),
    ] {
      let odd = try Draws(
        names: names, chainCount: 1, drawCount: 1, values: [Double](repeating: 0, count: names.count))
      do {
        _ = try CmdStanCSV.text(odd, nil, chain: 0)
        Issue.record("\(names) was written")
      } catch { #expect("\(error)".contains(words) && "\(error)".contains("DrawArchive"), "\(error)") }
    }
    let matrix = try Draws(names: ["L[1,2]", "två"], chainCount: 1, drawCount: 1, values: [1, 2])
    let text = try CmdStanCSV.text(matrix, nil, chain: 0)
    #expect(try CmdStanCSV(contents: [(name: "chain", bytes: text)]).draws == matrix)
  }
}
