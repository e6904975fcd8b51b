import Glibc
public import JobProtocol
import Posix

/// Workers on hosts that are reached over ssh, one on each.
///
/// One connection for each host carries a forwarded socket of the run's Redis, so the hosts need no
/// other network access, and Redis needs no port. The user's ssh configuration, agent and known
/// hosts apply; nothing ever asks for a password.
public actor SSHSite: WorkerSite {
  private let settings: SiteSettings
  private let access: WorkerAccess
  private let deliver: @Sendable (SiteNews) -> Void
  private var hosts: [SSHHost] = []
  private var controls: String?

  /// How long a run waits for its other hosts once one of them has a worker, in milliseconds.
  private static let graceMilliseconds = 1500

  public init(
    _ settings: SiteSettings, _ access: WorkerAccess,
    deliver: @escaping @Sendable (SiteNews) -> Void
  ) {
    self.settings = settings
    self.access = access
    self.deliver = deliver
  }

  public func begin(_ former: [Allocation]) async throws(SiteError) {
    if settings.isStaged, let line = Self.missingRsync { throw SiteError(line) }
    let directory = try SSHControls.makeDirectory()
    controls = directory
    let transferLimit = TransferLimit()
    for (number, entry) in settings.hosts.enumerated() {
      let host = SSHHost(
        entry, number: number, site: settings, access,
        control: Files.join(directory, "\(number)"), transferLimit: transferLimit, deliver: deliver)
      hosts.append(host)
      await host.begin()
    }
    let kept = Set(settings.hosts.map(\.name))
    let gone = former.filter { $0.site == settings.name && !kept.contains($0.id) }
    if !gone.isEmpty { deliver(SiteNews(allocations: gone.map { $0.ended("no longer a host") })) }
    if former.isEmpty { try await waitForFirst() }
  }

  /// A line if this host cannot copy files; else `nil`.
  static var missingRsync: String? {
    Files.findExecutable("rsync") == nil
      ? "rsync is not on this host; install it: stage = \"rsync\" needs it" : nil
  }

  /// Returns when a host has a worker; throws if none can have one.
  private func waitForFirst() async throws(SiteError) {
    var runningSince: Int?
    while true {
      var failures: [String] = []
      var starting = 0
      for host in hosts {
        switch await host.start {
        case .starting: starting += 1
        case .running: runningSince = runningSince ?? Clock.monotonicMilliseconds
        case .failed(let lines): failures += lines
        }
      }
      if let runningSince {
        let isInGrace = Clock.monotonicMilliseconds - runningSince < Self.graceMilliseconds
        if starting == 0 || !isInGrace { return }
      } else if starting == 0 {
        await stop()
        throw SiteError(failures)
      }
      await Ticker.pause(milliseconds: 30)
    }
  }

  public func demand(_ waiting: Int) {}

  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    var chosen: [SSHHost] = []
    for host in hosts {
      let isMatch = await host.matches(request)
      if isMatch, chosen.count < request.count || request.worker != nil { chosen.append(host) }
    }
    guard !chosen.isEmpty else {
      let named = request.worker.map { " \($0)" } ?? ""
      return .refused(
        request.change == .add
          ? "all hosts have a worker; name other hosts with --on in a new run"
          : "there is no worker\(named)")
    }
    var answer = WorkersAnswer("")
    for host in chosen {
      switch request.change {
      case .add: await host.restartWorker()
      case .drain: answer.drained += await host.workerNames
      case .remove: await host.removeWorker()
      }
    }
    let effect =
      switch request.change {
      case .add: "started again"
      case .drain: "finish their jobs and leave"
      case .remove: "ended, their jobs are retried"
      }
    answer.text = "\(chosen.count) \(effect): \(chosen.map(\.name).joined(separator: ", "))"
    return answer
  }

  public func stop() async {
    await withTaskGroup(of: Void.self) { group in
      for host in hosts { group.addTask { await host.stop() } }
    }
    hosts = []
    if let controls { Files.removeTree(controls) }
    controls = nil
  }
}

/// The directory of the control sockets: private, and with a short path, because sockets' paths are
/// limited to 107 bytes and ssh appends 17.
enum SSHControls {
  static func makeDirectory() throws(SiteError) -> String {
    let parents = [Environment["XDG_RUNTIME_DIR"], Files.temporaryDirectory, "/tmp"]
    for parent in parents.compactMap(\.self) where parent.hasPrefix("/") && parent.utf8.count < 50 {
      if let path = try? Files.makeTemporaryDirectory(prefix: "hflow-ssh-", in: parent) {
        return path
      }
    }
    throw SiteError(
      "no place for the sockets of ssh: set TMPDIR to a writable directory with a short path")
  }
}

extension Allocation {
  func ended(_ reason: String) -> Allocation {
    Allocation(site: site, id: id, state: .ended, reason: reason, worker: worker)
  }
}
