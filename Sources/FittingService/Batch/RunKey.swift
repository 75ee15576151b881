import CNumericKernels
import DemandData
import SalesStore

/// What decides a run's result, and nothing else: equal keys give equal bits on the same CPU class.
struct RunKey: Sendable, Hashable {
  let snapshot: String
  let configurationHash: String
  let codeVersion: String
  let cpuClass: String
  let seed: UInt64
  let origin: Day
  let horizon: Int

  init(panel: Panel, horizon: Int, environment: BatchEnvironment) {
    snapshot = panel.snapshot
    configurationHash = environment.configuration.resultHash
    codeVersion = environment.codeVersion
    cpuClass = RunKey.cpuClass
    seed = environment.seed
    origin = panel.origin
    self.horizon = horizon
  }

  /// SHA-256 over all of it.
  var hash: String {
    var hash = ContentHash()
    for part in [snapshot, configurationHash, codeVersion, cpuClass, String(seed), origin.iso, String(horizon)] {
      hash.update(part)
    }
    return hash.hex
  }

  /// Architecture and vector path of the kernels: last bits differ between paths.
  static var cpuClass: String {
    #if arch(x86_64)
      let architecture = "x86_64"
    #elseif arch(arm64)
      let architecture = "arm64"
    #else
      let architecture = "other"
    #endif
    return architecture + "-" + String(cString: cnk_path_name(cnk_path()))
  }
}
