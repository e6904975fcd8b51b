/// Makes the site that settings describe.
public enum SiteFactory {
  /// `nil` for a site that brings no workers: the engine keeps its own worker itself, and makes
  /// Jobs of Kubernetes.
  public static func make(
    _ settings: SiteSettings, _ access: WorkerAccess,
    tell: @escaping @Sendable (SiteNews) -> Void
  ) -> (any WorkerSite)? {
    switch settings.infrastructure {
    case .local, .kubernetes: nil
    case .ssh: SSHSite(settings, access, tell: tell)
    case .slurm: SlurmSite(settings, access, tell: tell)
    }
  }
}
