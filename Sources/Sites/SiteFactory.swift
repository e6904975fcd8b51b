/// Makes the site that settings describe.
public enum SiteFactory {
  /// `nil` for the local site: the engine starts and supervises its own worker.
  public static func make(
    _ settings: SiteSettings, _ access: WorkerAccess,
    deliver: @escaping @Sendable (SiteNews) -> Void
  ) -> (any WorkerSite)? {
    switch settings.infrastructure {
    case .local: nil
    case .kubernetes: access.pods.map { KubernetesSite(settings, access, $0, deliver: deliver) }
    case .ssh: SSHSite(settings, access, deliver: deliver)
    case .slurm: SlurmSite(settings, access, deliver: deliver)
    }
  }
}
