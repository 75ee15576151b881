import Foundation
import Testing

/// `demand annotate`, and the facts that `demand data` shows and exports.
@Suite struct AnnotateCommandTests {
  @discardableResult
  private func run(_ words: [String], in folder: Scratch) throws -> DemandProgram.Outcome {
    let outcome = try DemandProgram.run(words, in: folder, environment: ["USER": "tester"])
    #expect(outcome.status == 0, "\(words): \(outcome.err)")
    return outcome
  }

  private func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

  /// The night after an annotation fits again, the one after that has nothing to do.
  @Test func annotationsMakeTheNightFitAgain() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let horizon = "\(PublishedRetailer.horizon)"
    func nights() throws -> Int {
      try run(["nightly", "--horizon", horizon], in: folder)
      return lines(try run(["runs", "list", "--format", "csv"], in: folder).out).count - 1
    }
    #expect(try nights() == 1, "nothing is new")
    let status = try run(["data", "status", "--format", "csv"], in: folder).out
    let day = String(try #require(status.firstMatch(of: /complete_through,(\S+)/)).1)
    let stores = try run(["query", "sales", "--level", "all:store", "--from", day, "--format", "csv"], in: folder).out
    let store = try #require(lines(stores).last?.split(separator: ",").dropFirst(3).first.map(String.init))
    let added = try run(
      ["annotate", "add", "--location", store, "--from", day, "--reason", "strike, all day", "--format", "csv"],
      in: folder)
    #expect(
      lines(added.out).first
        == "annotation,product_level,product,location_level,location,from,through,reason,author,made_at,expires_on,state"
    )
    #expect(
      lines(added.out).last?.contains("1,all,all,store,\(store),\(day),\(day),\"strike, all day\",tester,") == true)
    #expect(added.out.hasSuffix(",in force\n"))
    #expect(try nights() == 2, "the fit does without the day")
    #expect(try nights() == 2)
    // Sales are shown as they were.
    #expect(
      try run(["query", "sales", "--level", "all:store", "--from", day, "--format", "csv"], in: folder).out == stores)
    let json = try run(["annotate", "list", "--format", "json"], in: folder).out
    #expect(
      json.contains("\"reason\":\"strike, all day\"") || json.contains("\"reason\": \"strike, all day\""), "\(json)")
    try run(["annotate", "expire", "1"], in: folder)
    #expect(lines(try run(["annotate", "list", "--in-force", "--format", "csv"], in: folder).out).count == 1)
    #expect(try run(["annotate", "list", "--format", "csv"], in: folder).out.contains(",\(day),expired\n"))
    #expect(try run(["data", "status", "--format", "csv"], in: folder).out.contains("\nannotations_in_force,0\n"))
    try run(["annotate", "remove", "1"], in: folder)
    let gone = try DemandProgram.run(["annotate", "remove", "1"], in: folder)
    #expect(gone.status == 64 && gone.error.first?.contains("there is no annotation 1") == true, "\(gone.err)")
  }

  @Test func mistakesSayWhatMendsThem() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let add = ["annotate", "add", "--reason", "x", "--author", "me"]
    let unknown = try DemandProgram.run(add + ["--from", "2024-01-01", "--location", "Atlantis"], in: folder)
    #expect(unknown.status == 64 && unknown.error.first?.contains("'Atlantis' is not known") == true, "\(unknown.err)")
    let reversed = try DemandProgram.run(add + ["--from", "2024-01-02", "--to", "2024-01-01"], in: folder)
    #expect(reversed.status == 64 && reversed.err.contains("--to 2024-01-01 is before"), "\(reversed.err)")
  }

  /// All facts of a delivery come back from an export of it.
  @Test func exportsHoldAllFacts() throws {
    let folder = try Scratch()
    let files = [
      "products.csv": "product,category,department\ntea,drinks,hot\nham,fresh,meat\n",
      "stores.csv": "store,region\nnorth,upper\nsouth,lower\n",
      "sales.csv":
        "date,product,store,units,price,base_price,revenue,stock_on_hand,promotion,promotion_kinds\n"
        + (1...9).map { "2024-01-0\($0),tea,north,4,2,2.5,8,11,1,feature+display=0.25\n" }.joined()
        + "2024-01-04,ham,south,1,,,,,0.5,\n2024-01-05,ham,south,1,,,,,0.5,feature\n",
      "attributes.csv": "level,node,attribute,value\nproduct,tea,size,\"100 g, loose\"\nregion,upper,climate,wet\n",
      "ranging.csv": "product,store,from,through\ntea,north,2023-12-30,\nham,south,2024-01-02,2024-01-06\n",
      "regressors.csv": "date,regressor,value,region\n2024-01-01,rain,0.5,upper\n2024-01-01,oil,80,\n",
      "links.csv":
        "kind,node,other,date,through,ratio\nsuccessor,tea,oldtea,2024-01-01,,0.75\nclosure,south,,2024-01-08,2024-01-09,\n",
      "annotations.csv":
        "from,through,location_level,location,reason,author\n2024-01-02,2024-01-03,store,north,flu,me\n",
    ]
    for (name, text) in files { try folder.write("data/\(name)", text) }
    let loaded = try run(["ingest", "data", "--format", "csv"], in: folder).out
    #expect(loaded.contains("\nstored_regressors,2\n") && loaded.contains("\nrows_quarantined,0\n"), "\(loaded)")
    try run(["data", "export", "--output", "first"], in: folder)
    try run(["ingest", "first", "--database", "sqlite:other.sqlite"], in: folder)
    try run(["data", "export", "--output", "second", "--database", "sqlite:other.sqlite"], in: folder)
    for name in files.keys {
      let first = try #require(folder.contents("first/\(name)"), "\(name)")
      #expect(first == folder.contents("second/\(name)"), "\(name): \(String(decoding: first, as: UTF8.self))")
    }
    let sales = String(decoding: folder.contents("first/sales.csv")!, as: UTF8.self)
    #expect(sales.contains("2024-01-01,tea,north,4,2,1,ok,2.5,8,11,display=0.25+feature\n"), "\(sales)")
    #expect(sales.contains("2024-01-04,ham,south,1,,0.5,ok,,,,\n"), "\(sales)")
    #expect(sales.contains("2024-01-05,ham,south,1,,0.5,ok,,,,feature=0.5\n"), "\(sales)")
    for (command, expected) in [
      ("links", "successor,tea,oldtea,2024-01-01,,0.75,"), ("ranging", "tea,north,2023-12-30,"),
      ("attributes", "product,tea,size,\"100 g, loose\""), ("regressors", "rain,region,upper,2024-01-01,0.5"),
    ] {
      let out = try run(["data", command, "--format", "csv"], in: folder).out
      #expect(lines(out).contains(expected), "\(command): \(out)")
    }
    // A correction: what it replaces can be seen.
    try folder.write("data2/sales.csv", "date,product,store,units\n2024-01-05,tea,north,9\n")
    let second = try run(["ingest", "data2", "--format", "csv"], in: folder)
    #expect(second.out.contains("\nrows_restated,1\n") && second.err.contains("demand data restatements --load 2"))
    let restated = try run(["data", "restatements", "--format", "csv"], in: folder).out
    #expect(restated.contains(",tea,north,2024-01-05,4.0,sold,2.0,8.0,2.5,11.0,9.0,sold\n"), "\(restated)")
  }
}
