import ArgumentParser
import FittingService
import Foundation

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the settings, or checks a file of them.",
    discussion: """
      Examples:
        demand config show > config/demand.yml
        demand config show --effective --config mine.yml
        demand config check mine.yml
      """,
    subcommands: [ConfigShow.self, ConfigCheck.self])
}

struct ConfigShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Prints the defaults with their comments, or what is in force.",
    discussion: """
      Examples:
        demand config show > config/demand.yml
        demand config show --effective --config mine.yml
      """)

  @Flag(help: "What is in force after the settings file and options, without comments.") var effective = false
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    try StandardOutput.write(
      effective ? common.loadConfiguration().effectiveYAML : DemandConfiguration.embeddedText)
  }
}

struct ConfigCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Says whether a settings file is right, and if not, where and why.",
    discussion: """
      Examples:
        demand config check config/demand.yml
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file")) var file: String
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let settings = try DemandConfiguration.load(path: file)
    if let inbox = settings.ingest.inbox {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: inbox, isDirectory: &isFolder), isFolder.boolValue else {
        throw UserError(
          .usage, "\(file): ingest.inbox names the folder '\(inbox)', which is not there",
          hint: "make or mount the folder, or correct ingest.inbox")
      }
    }
    common.note("\(file): good")
  }
}
