import Foundation

/// The page's Mustache template, its style sheet and its script.
public struct ReportTemplates: Sendable, Hashable {
  public var html: String
  public var css: String
  public var javaScript: String

  public init(html: String, css: String, javaScript: String) {
    self.html = html
    self.css = css
    self.javaScript = javaScript
  }

  /// Names of the three files in a folder of templates.
  public static let fileNames = ["report.html", "report.css", "report.js"]

  /// The project's own, from `reports/`, in the binary.
  public static let embedded = ReportTemplates(
    html: String(decoding: PackageResources.report_html, as: UTF8.self),
    css: String(decoding: PackageResources.report_css, as: UTF8.self),
    javaScript: String(decoding: PackageResources.report_js, as: UTF8.self))

  /// Templates of a folder; files that it does not hold are the embedded ones.
  ///
  /// - Throws: ``ReportTemplateError`` when the folder holds none of ``fileNames`` or one cannot be read.
  public init(folder: URL) throws(ReportTemplateError) {
    var found: [String: String] = [:]
    for name in Self.fileNames {
      let file = folder.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      guard let text = try? String(contentsOf: file, encoding: .utf8) else {
        throw .unreadable(path: file.path)
      }
      found[name] = text
    }
    guard !found.isEmpty else { throw .noTemplates(path: folder.path) }
    let embedded = Self.embedded
    self.init(
      html: found["report.html"] ?? embedded.html, css: found["report.css"] ?? embedded.css,
      javaScript: found["report.js"] ?? embedded.javaScript)
  }
}

/// Why a user's templates cannot be used.
public enum ReportTemplateError: Error, Hashable, Sendable, CustomStringConvertible {
  case noTemplates(path: String)
  case unreadable(path: String)
  case syntax(reason: String)

  public var description: String {
    switch self {
    case .noTemplates(let path):
      "no report template in '\(path)': put at least one of \(ReportTemplates.fileNames.joined(separator: ", ")) there"
    case .unreadable(let path): "cannot read '\(path)': make it readable, in UTF-8"
    case .syntax(let reason): "report.html is not a valid Mustache template: \(reason)"
    }
  }
}
