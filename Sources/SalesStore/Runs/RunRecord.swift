import DemandData
import Foundation

/// A run of the model, as the ledger keeps it.
public struct RunRecord: Sendable, Hashable, Codable {
  public enum Status: String, Sendable, Hashable, Codable, CaseIterable {
    case running, complete, failed, interrupted
  }

  /// Given by the database on creation.
  public internal(set) var id: Int
  /// Hash of everything that decides the result.
  public let key: String
  /// `nightly`, `fit`, `forecast`.
  public let command: String
  public var status: Status
  /// What the run is doing or did last, such as `stage 2`.
  public var stage: String
  public let origin: Day
  public let horizon: Int
  public let seed: UInt64
  public let startedAt: Date
  public var finishedAt: Date?
  public let snapshot: String
  public let configurationHash: String
  public let codeVersion: String
  public let cpuClass: String
  /// Why it failed, or a remark.
  public var message: String
  public var seriesCount: Int
  public var fallbackCount: Int

  /// A run that is about to start; ``SalesStore/createRun(_:)`` gives it its id.
  public init(
    key: String, command: String, status: Status = .running, stage: String = "", origin: Day, horizon: Int,
    seed: UInt64, startedAt: Date, finishedAt: Date? = nil, snapshot: String, configurationHash: String,
    codeVersion: String, cpuClass: String, message: String = "", seriesCount: Int = 0, fallbackCount: Int = 0
  ) {
    id = 0
    self.key = key
    self.command = command
    self.status = status
    self.stage = stage
    self.origin = origin
    self.horizon = horizon
    self.seed = seed
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.snapshot = snapshot
    self.configurationHash = configurationHash
    self.codeVersion = codeVersion
    self.cpuClass = cpuClass
    self.message = message
    self.seriesCount = seriesCount
    self.fallbackCount = fallbackCount
  }
}
