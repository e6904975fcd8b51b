/// What a site runs on. To add one that brings workers: a case here, its folder with a
/// `WorkerSite`, and its line in `SiteFactory`.
public enum Infrastructure: String, Sendable, CaseIterable {
  /// A worker on the engine's own host.
  case local
  /// Workers on hosts that are reached over ssh.
  case ssh
  /// Workers in allocations of Slurm.
  case slurm
  /// Jobs of Kubernetes, one for each job or group of jobs, or one for each worker.
  case kubernetes

  /// The keys of the sites file that apply to it, besides `infrastructure`.
  public var keys: [String] {
    switch self {
    case .local: ["slots", "memory", "container"]
    case .ssh:
      ["hosts", "slots", "memory", "container", "executor", "stage", "directory", "files"]
    case .slurm:
      ["mode", "options", "workers", "slots", "memory", "container", "idle", "executor"]
    case .kubernetes:
      ["mode", "workers", "slots", "memory", "idle", "executor"] + KubernetesSettings.keys
    }
  }

  /// Whether its workers reach Redis over the network, not through a tunnel or a local socket.
  public var needsNetwork: Bool { self == .slurm || self == .kubernetes }
}
