import DemandData
import ForecastReport
import Foundation
import Testing

/// A headless Chromium found on the path, or none.
private let chromium: String? = {
  let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  for name in ["chromium", "chromium-browser", "google-chrome"] {
    for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
      return "\(folder)/\(name)"
    }
  }
  return nil
}()

/// The page in a real browser, opened from a file.
@Suite(.serialized, .enabled(if: chromium != nil, "needs chromium, chromium-browser or google-chrome on the path"))
struct BrowserTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("browser-\(UUID().uuidString)")

  /// Runs before the page's own script, so that it hears its errors; measures after it.
  private static let probe = """
    <script>
    const heard = [];
    addEventListener("error", (event) => heard.push(event.message));
    for (const kind of ["error", "warn"]) console[kind] = (...words) => heard.push(words.join(" "));
    addEventListener("securitypolicyviolation", (event) => heard.push(event.violatedDirective));
    addEventListener("load", () => {
      document.documentElement.dataset.scroll = document.documentElement.scrollWidth;
      document.documentElement.dataset.inner = innerWidth;
      document.documentElement.dataset.errors = heard.length ? heard.join("; ") : "none";
    });
    </script>
    """

  private struct Loaded {
    var dom: String
    var stderr: String

    /// Value of an attribute of the root element.
    func attribute(_ name: String) -> String? {
      dom.range(of: "data-\(name)=\"").flatMap { start in
        dom[start.upperBound...].firstIndex(of: "\"").map { String(dom[start.upperBound..<$0]) }
      }
    }

    func text(ofElement id: String) -> String? {
      dom.range(of: "id=\"\(id)\"[^>]*>", options: .regularExpression).flatMap { start in
        dom[start.upperBound...].firstIndex(of: "<").map { String(dom[start.upperBound..<$0]) }
      }
    }
  }

  /// Loads a copy of the page with the probe in it, inside a frame of the given width: a browser's own window has a
  /// least width greater than a telephone's.
  private func load(_ page: String, fragment: String = "", width: Int = 1280) throws -> Loaded {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("report.html")
    let head = try #require(page.range(of: "</title>"))
    try page.replacingCharacters(in: head, with: "</title>" + Self.probe)
      .write(to: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(chromium))
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
      "--user-data-dir=\(folder.path)/profile", "--window-size=\(width),900", "--virtual-time-budget=4000",
      "--dump-dom",
      file.absoluteString + fragment,
    ]
    let output = folder.appendingPathComponent("dom")
    let errors = folder.appendingPathComponent("errors")
    for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Loaded(
      dom: try String(contentsOf: output, encoding: .utf8),
      stderr: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }

  @Test func theScriptShowsTheNodeOfTheAddress() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 2, historyDays: 400, draws: 60)
    let page = try retailer.page()
    let loaded = try load(page, fragment: "#node=department:store/FOODS_1/CA_1")
    #expect(loaded.attribute("errors") == "none")
    #expect(loaded.attribute("shown") == "department:store/FOODS_1/CA_1")
    #expect(loaded.text(ofElement: "chart-title") == "FOODS_1, CA_1")
    let (forecast, _) = try #require(
      retailer.nodes().first {
        retailer.hierarchy.names(of: $0.forecast.node)
          == NodeNames(productLevel: "department", product: "FOODS_1", locationLevel: "store", location: "CA_1")
      })
    // What the script unpacked is what went in.
    let summary = try #require(loaded.text(ofElement: "chart-summary"))
    #expect(
      summary.contains(
        "80% interval \(grouped(forecast.total.quantile(0.1))) to "))
    let last = try #require(forecast.days.last)
    #expect(
      loaded.dom.contains(
        "<tr><th scope=\"row\">2016-04-24 <span>Sun</span></th><td>\(last.quantile(0.5))</td>"
          + "<td>\(last.quantile(0.25))–\(last.quantile(0.75))</td><td>\(last.quantile(0.1))–\(last.quantile(0.9))</td>"
          + "<td>\(last.quantile(0.025))–\(last.quantile(0.975))</td>"))
  }

  /// The chart that the script draws and the one drawn beforehand are the same shapes where their sizes agree.
  @Test func scriptAndSwiftDrawAlike() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 1, historyDays: 300, draws: 40)
    let page = try retailer.page().replacingOccurrences(
      of: "const width = Math.max(260, Math.floor(byId(\"chart\").clientWidth))", with: "const width = 1080")
    let loaded = try load(page)
    let start = try #require(page.range(of: "<div class=\"wide\"><svg")).lowerBound
    let drawn = try #require(loaded.dom.range(of: "id=\"chart\"")).lowerBound
    for style in ["b95", "b80", "b50", "sold", "median"] {
      func path(_ text: Substring) throws -> Substring {
        let from = try #require(text.range(of: "<path class=\"\(style)\" d=\"")).upperBound
        return text[from...].prefix { $0 != "\"" }
      }
      #expect(try path(page[start...]) == path(loaded.dom[drawn...]))
    }
  }

  @Test(arguments: [390, 768, 1280])
  func fitsTheWindow(width: Int) throws {
    // A frame gives the width exactly; names are as long and unbreakable as they get.
    let retailer = SyntheticRetailer(productsPerDepartment: 2, historyDays: 400, draws: 40)
    let page = try retailer.page { $0.run.key = String(repeating: "9f2c4e17", count: 8) }
    let frame = """
      <!doctype html><html><body style="margin:0"><iframe id="f" style="width:\(width)px;height:900px;border:0"></iframe>
      <script>
      const f = document.getElementById("f");
      f.srcdoc = new TextDecoder().decode(Uint8Array.from(atob("\(Data(page.utf8).base64EncodedString())"), (c) => c.charCodeAt(0)));
      f.onload = () => {
        document.documentElement.dataset.frame = f.contentDocument.documentElement.scrollWidth;
        document.documentElement.dataset.ran = f.contentDocument.documentElement.dataset.shown;
      };
      </script><title></title></body></html>
      """
    let loaded = try load(frame, width: 1400)
    #expect(loaded.attribute("ran") == "all:all/all/all")
    let scroll = try #require(loaded.attribute("frame").flatMap { Int($0) })
    #expect(scroll <= width)
  }

  @Test func hostileNamesDrawAndDoNotRun() throws {
    let name = "</script><img src=x onerror=document.title='owned'> \"'&/:%"
    let hierarchy = tinyHierarchy(product: name, store: name, department: name)
    var report = HTMLReport(input: ReportInput(title: name, hierarchy: hierarchy, run: tinyRun(horizon: 2)))
    for pair in hierarchy.levelPairs {
      let days = [EmpiricalDistribution(draws: [1, 2]), EmpiricalDistribution(draws: [1 << 40, 1 << 52])]
      report.add(
        NodeForecast(
          node: hierarchy.membership(at: pair).nodes[0], days: days, total: EmpiricalDistribution(draws: [1 << 52])),
        history: NodeHistory(firstDay: Day(iso: "2024-02-01")!, units: [Int?](repeating: nil, count: 20) + [4, 5]))
    }
    let encoded = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    let loaded = try load(try report.render(), fragment: "#node=product:store/\(encoded)/\(encoded)")
    #expect(loaded.attribute("errors") == "none")
    #expect(!loaded.dom.contains("<title>owned"))
    #expect(loaded.attribute("shown")?.hasPrefix("product:store/") == true)
    // Beyond 32 bits the script still unpacks every digit.
    #expect(loaded.dom.contains("4,503,599,627,370,496"))
  }

  /// Writes the page for people to look at where the environment names a file for it.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["DEMAND_SAMPLE_REPORT"] != nil, "DEMAND_SAMPLE_REPORT names no file"))
  func writesTheSamplePage() throws {
    let path = try #require(ProcessInfo.processInfo.environment["DEMAND_SAMPLE_REPORT"])
    let page = try SyntheticRetailer().page()
    try AtomicFile.write(to: URL(fileURLWithPath: path)) { try $0(Array(page.utf8)) }
    #expect(page.utf8.count < 15_000_000)
  }
}
