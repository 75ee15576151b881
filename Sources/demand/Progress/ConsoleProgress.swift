import FittingService
import Foundation
import Synchronization

/// Shows how far a batch is: a bar with rate and time left on a terminal, else a line now and then.
final class ConsoleProgress: BatchProgress {
  private struct Stage {
    let name: String
    /// What the stage set out to do, in what it counts for people.
    let announced: Int
    var total: Int
    let begun: ContinuousClock.Instant
    var done = 0
    var shown: ContinuousClock.Instant
  }

  private let stage = Mutex<Stage?>(nil)
  /// Width of the terminal; nil for plain lines.
  private let width: Int?
  private let interval: Duration

  init(width: Int?) {
    self.width = width
    interval = width == nil ? .seconds(15) : .milliseconds(100)
  }

  func begin(_ name: String, total: Int) {
    let now = ContinuousClock.now
    stage.withLock { stage in
      stage = Stage(name: name, announced: total, total: total, begun: now, shown: now)
      if width == nil { Console.shared.write("\(name) ...\n") } else { show(stage!, at: now) }
    }
  }

  func advance(_ name: String, done: Int, total: Int) {
    let now = ContinuousClock.now
    stage.withLock { stage in
      guard stage?.name == name else { return }
      // Threads may report out of order: progress never goes back.
      stage!.done = max(stage!.done, done)
      stage!.total = max(stage!.total, total)
      guard now - stage!.shown >= interval else { return }
      stage!.shown = now
      show(stage!, at: now)
    }
  }

  func end(_ name: String) {
    let now = ContinuousClock.now
    stage.withLock { stage in
      guard let ended = stage, ended.name == name else { return }
      stage = nil
      Console.shared.show(bar: "")
      let count = ended.announced > 0 ? ", \(ended.announced)" : ""
      Console.shared.write("\(name): done\(count) in \(Self.duration(now - ended.begun))\n")
    }
  }

  private func show(_ stage: Stage, at now: ContinuousClock.Instant) {
    let line = Self.line(name: stage.name, done: stage.done, total: stage.total, after: now - stage.begun, width: width)
    if width == nil { Console.shared.write(line + "\n") } else { Console.shared.show(bar: line) }
  }

  /// `stage  [#####-----]  50%  1,200/s  0:12 left`; without the bar where there is no width.
  static func line(name: String, done: Int, total: Int, after elapsed: Duration, width: Int?) -> String {
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0 ? Double(done) / seconds : 0
    var tail = ""
    if total > 0 {
      tail += "  \(min(100, done * 100 / total))%"
    } else if done > 0 {
      tail += "  \(done)"
    }
    if rate > 0 { tail += "  \(rate >= 10 ? String(Int(rate)) : Decimals.text(rate, 1))/s" }
    if total > done, rate > 0 { tail += "  \(duration(.seconds(Double(total - done) / rate))) left" }
    guard let width, total > 0 else { return name + tail }
    let room = min(30, width - name.count - tail.count - 5)
    guard room >= 5 else { return String((name + tail).prefix(max(0, width - 1))) }
    let filled = min(room, done * room / total)
    return "\(name)  [\(String(repeating: "#", count: filled))\(String(repeating: "-", count: room - filled))]\(tail)"
  }

  /// `0:07`, `12:30` or `1:02:03`; tenths of a second below ten.
  static func duration(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    if seconds < 10 { return Decimals.text(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0
      ? "\(hours):\(padded(minutes)):\(padded(whole % 60))" : "\(minutes):\(padded(whole % 60))"
  }
}
