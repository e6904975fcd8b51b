/// What a check of a site has found, in one line.
public struct SiteFinding: Sendable, Equatable {
  public var isMistake: Bool
  public var text: String

  public init(isMistake: Bool, _ text: String) {
    self.isMistake = isMistake
    self.text = text
  }

  static func passed(_ text: String) -> SiteFinding { SiteFinding(isMistake: false, text) }
  static func mistakes(_ lines: [String]) -> [SiteFinding] {
    lines.map { SiteFinding(isMistake: true, $0) }
  }
}

/// Checks before a run whether workers can run at a site.
public enum SiteCheck {
  /// Copies this host's executor to where a site's workers run.
  public static func install(_ settings: SiteSettings, executor: String) async -> [SiteFinding] {
    if settings.infrastructure == .ssh {
      return await SSHInstall(settings: settings, executor: executor).run()
    }
    return SiteFinding.mistakes([
      "\(settings.name): only hosts that are reached with ssh get a copy; elsewhere, name the path "
        + "of hflow-job-execute with executor in hflow-sites.toml"
    ])
  }

  /// Finds what would prevent jobs from running at a site.
  ///
  /// - Parameter access: a Redis that was started for this check only.
  public static func run(_ settings: SiteSettings, _ access: WorkerAccess) async -> [SiteFinding] {
    switch settings.infrastructure {
    case .local: await local(settings, access)
    case .ssh: await SSHCheck(settings: settings, access: access).run()
    case .slurm: await SlurmCheck(settings: settings, access: access).run()
    case .kubernetes: await KubernetesCheck(settings: settings, access: access).run()
    }
  }

  private static func local(
    _ settings: SiteSettings, _ access: WorkerAccess
  ) async -> [SiteFinding] {
    guard let executor = access.executor else {
      return SiteFinding.mistakes(["\(settings.name): hflow-job-execute is not beside hflow-tui"])
    }
    let probe = ImageProbe(settings, access)
    let mistakes = probe.mistakes(named: settings.name, await probe.local())
    return mistakes.isEmpty
      ? [.passed("\(settings.name): \(executor)")] : SiteFinding.mistakes(mistakes)
  }
}
