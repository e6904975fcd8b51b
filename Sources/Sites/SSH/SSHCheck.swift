import JobProtocol
import Posix

/// Connects to each host, inspects it, and lets a trial worker there connect to a Redis of this
/// host.
struct SSHCheck {
  let settings: SiteSettings
  let access: WorkerAccess

  func run() async -> [SiteFinding] {
    let directory: String
    if settings.isStaged, let line = SSHSite.missingRsync {
      return SiteFinding.mistakes([line])
    }
    do throws(SiteError) {
      directory = try SSHControls.makeDirectory()
    } catch {
      return SiteFinding.mistakes(error.lines)
    }
    defer { Files.removeTree(directory) }
    let findings = await withTaskGroup(of: (Int, [SiteFinding]).self) { group in
      for (number, entry) in settings.hosts.enumerated() {
        let control = Files.join(directory, "\(number)")
        group.addTask { (number, await check(entry, control)) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return findings.sorted { $0.0 < $1.0 }.flatMap(\.1)
  }

  private func check(_ entry: HostEntry, _ control: String) async -> [SiteFinding] {
    let connection = SSHConnection(host: entry.name, control: control, log: control + ".log")
    var findings: [SiteFinding]
    do throws(SiteError) {
      try await connection.open()
      findings = try await inspect(entry.name, connection)
    } catch {
      findings = SiteFinding.mistakes(error.lines)
    }
    await connection.close()
    return findings
  }

  private func inspect(
    _ name: String, _ connection: SSHConnection
  ) async throws(SiteError) -> [SiteFinding] {
    let (probe, mistakes) = try await connection.inspect(settings, access)
    var findings = SiteFinding.mistakes(mistakes)
    if let executor = probe.executor, probe.executorRuns, !probe.place.isEmpty {
      do throws(SiteError) {
        try await reach(name, connection, probe.place, executor)
      } catch {
        findings += SiteFinding.mistakes(error.lines)
      }
    }
    let images = ImageProbe(settings, access)
    if !images.images.isEmpty {
      let answers = try await connection.runScript("\(SSHScripts.say)\n\(images.script)say end\n")
      findings += SiteFinding.mistakes(images.mistakes(named: name, answers))
    }
    _ = try await connection.runScript(
      SSHScripts.stop(place: probe.place, pid: nil, work: probe.work))
    guard findings.isEmpty else { return findings }
    let files = settings.isStaged ? "files are copied" : "\(access.directory) is shared"
    return [.passed("\(name): ok; \(probe.executor ?? ""), \(files)")]
  }

  /// Checks that a worker there reaches Redis through the tunnel.
  private func reach(
    _ name: String, _ connection: SSHConnection, _ place: String, _ executor: String
  ) async throws(SiteError) {
    let socket = Files.join(place, "redis.sock")
    if let redis = access.redisPlace() { try await connection.forward(redis, to: socket) }
    let answers = try await connection.runScript(
      SSHScripts.trial(
        executor: executor, pool: access.run.text, url: access.socketURL(socket)))
    guard answers["trial"] != "0" else { return }
    throw SiteError(
      "\(name): a worker there does not reach Redis through the tunnel: \(answers["said"] ?? "")")
  }
}
