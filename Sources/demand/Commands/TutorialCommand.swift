import ArgumentParser
import Foundation
import Tutorials

struct TutorialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tutorial",
    abstract: "Works through a Bayesian model from the question to the prediction.",
    discussion: """
      Examples:
        demand tutorial linear-regression
        demand tutorial school-scores --output plots
        demand tutorial retail --draws 2000 --seed 7

      \(Tutorial.allCases.map { "\($0.rawValue): \($0.abstract)" }.joined(separator: "\n"))

      Each makes up data whose truth is known and goes through prior prediction, sampling, summary, diagnostics, \
      pooling and prediction with the library that 'demand' forecasts with; docs/inference.md tells more. Plots are \
      SVG files. Same options and seed, same output.
      """)

  @Argument(
    help: ArgumentHelp(
      "One of \(Tutorial.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "tutorial"))
  var tutorial: Tutorial
  @Option(help: ArgumentHelp("Folder for the plots; it is made. (default: tutorial-NAME)", valueName: "folder"))
  var output: String?
  @Flag(help: "Text only.") var noPlots = false
  @Option(parsing: .unconditional, help: "Draws of each of four chains.") var draws = 1000
  @Option(parsing: .unconditional, help: "Seed of the data and of all sampling.") var seed: UInt64 = 1
  @Option(parsing: .unconditional, help: "Worker threads; results do not depend on it. (default: all cores)")
  var threads: Int?

  func validate() throws {
    if !(100...100_000).contains(draws) {
      throw ValidationError("--draws is \(draws): give a number from 100 to 100000")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads): give a number from 1 to 1024")
    }
    if noPlots, output != nil { throw ValidationError("--no-plots does not go with --output") }
  }

  func run() throws {
    let folder = noPlots ? nil : output ?? "tutorial-\(tutorial.rawValue)"
    if let folder { try WritableFolder.require(folder) }
    let options = TutorialOptions(seed: seed, draws: draws, threads: threads, folder: folder)
    _ = try tutorial.run(options) { FileHandle.standardOutput.write(Data($0.utf8)) }
  }
}

extension Tutorial: ExpressibleByArgument {}
