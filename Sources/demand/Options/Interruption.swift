import Dispatch
import FittingService
import Foundation
import Logging
import Synchronization

/// Turns the first SIGINT or SIGTERM into a request to stop, so that a batch can leave its ledger in order. The second
/// one ends the program as it would any other.
enum Interruption {
  private static let received = Atomic<Int32>(SIGTERM)

  /// How a command ends that was stopped on request.
  static var status: ExitStatus { received.load(ordering: .relaxed) == SIGINT ? .interrupted : .terminated }

  /// Runs `work` with a stop request that a signal makes.
  static func catching<Result>(_ work: (StopRequest) throws -> Result) rethrows -> Result {
    let stop = StopRequest()
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        signal(number, SIG_DFL)
        received.store(number, ordering: .relaxed)
        stop.make()
        Console.shared.report(.notice, "stopping at the next safe point", hint: "once more to stop at once")
      }
      source.resume()
      return source
    }
    defer {
      for source in sources { source.cancel() }
      for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
    return try work(stop)
  }
}
