/// Makes the site that settings describe.
public enum SiteFactory {
  /// `nil` for the local site: the engine keeps its own worker itself.
  public static func make(
    _ settings: SiteSettings, _ access: WorkerAccess,
    tell: @escaping @Sendable (SiteNews) -> Void
  ) -> (any WorkerSite)? {
    switch settings.infrastructure {
    case .local: nil
    case .kubernetes: access.pods.map { KubernetesSite(settings, access, $0, tell: tell) }
    case .ssh: SSHSite(settings, access, tell: tell)
    case .slurm: SlurmSite(settings, access, tell: tell)
    }
  }
}
