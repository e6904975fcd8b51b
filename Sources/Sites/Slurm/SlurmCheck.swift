import Glibc
import JobProtocol
import Posix

/// Checks whether Slurm would accept a submission, then runs one allocation that inspects its node
/// and connects to Redis.
struct SlurmCheck {
  let settings: SiteSettings
  let access: WorkerAccess

  /// How long the allocation may be pending, in milliseconds.
  private static let timeoutMilliseconds = 60_000

  private var submission: SlurmSubmission { SlurmSubmission(settings: settings, access: access) }

  func run() async -> [SiteFinding] {
    let slurm = SlurmCommands()
    let mark = SharedDirectoryMark(access)
    defer { mark.remove() }
    guard let executor = settings.executor ?? access.executor else {
      return SiteFinding.mistakes([
        "\(settings.name): hflow-job-execute is not beside hflow-tui; name its path with executor"
      ])
    }
    let limits = await slurm.mistakes(in: settings)
    guard limits.isEmpty else {
      return SiteFinding.mistakes(limits.map { "\(settings.name): \($0)" })
    }
    do throws(SiteError) {
      let script = try trial(executor: executor, mark: mark)
      try await slurm.check(submission.command(count: 1), script: script)
      let id = try await slurm.submit(submission.command(count: 1), script: script)
      let findings = try await wait(for: id, slurm, mark)
      try? await slurm.cancel([id])
      unlink(submission.environmentFile)
      return findings
    } catch {
      return SiteFinding.mistakes(error.lines.map { "\(settings.name): \($0)" })
    }
  }

  private var answerFile: String { Files.join(access.filesDirectory, "trial") }

  /// The script of a worker that reports about its node and exits at once.
  private func trial(executor: String, mark: SharedDirectoryMark) throws(SiteError) -> String {
    guard let url = access.networkURL else { throw SiteError("Redis listens on no address") }
    do throws(PosixError) {
      try Files.write(
        Array(submission.environment(url: url).utf8), to: submission.environmentFile, mode: 0o600)
    } catch {
      throw SiteError("\(error)")
    }
    let probe = SSHScripts.probe(
      directory: access.directory, probe: mark.path, candidates: [executor], isGiven: true,
      reusing: nil)
    return """
      #!/bin/sh
      a=\(ShellScript.path(answerFile))
      {
      \(probe)
      rmdir "$d" 2>/dev/null
      set -a; . \(ShellScript.path(submission.environmentFile)); set +a
      v=$(\(ShellScript.path(executor)) --worker --pool \(access.run) --idle 0 --slots 1 2>&1)
      say trial $?
      say said "$(printf '%s' "$v" | tail -n 1)"
      \(ImageProbe(settings, access).script)
      } > "$a.new" 2>/dev/null < /dev/null
      mv "$a.new" "$a"

      """
  }

  private func wait(
    for id: String, _ slurm: SlurmCommands, _ mark: SharedDirectoryMark
  ) async throws(SiteError) -> [SiteFinding] {
    let asked = Clock.wallMilliseconds
    let deadline = Clock.monotonicMilliseconds + Self.timeoutMilliseconds
    var last = SlurmJob(id: id, state: "PENDING", reason: "", nodes: "", start: "")
    var nextPoll = 0
    while Clock.monotonicMilliseconds < deadline {
      if let bytes = try? Files.read(answerFile) {
        return findings(in: String(decoding: bytes, as: UTF8.self), asked: asked, mark)
      }
      if Clock.monotonicMilliseconds >= nextPoll {
        nextPoll = Clock.monotonicMilliseconds + 1000
        let rows = try await slurm.jobs(named: submission.name)
        last = rows.first { $0.array == id } ?? last
      }
      if last.allocationState == .ended {
        await Ticker.pause(milliseconds: 1500)
        if Files.exists(answerFile) { continue }
        return SiteFinding.mistakes([
          "\(settings.name): job \(id) ended on \(last.nodes) and left nothing in "
            + "\(access.filesDirectory) (\(last.text)): nodes may not share it"
        ])
      }
      await Ticker.pause(milliseconds: 100)
    }
    return [
      .passed(
        "\(settings.name): Slurm takes the job; it is pending after "
          + "\(Self.timeoutMilliseconds / 1000) s: \(last.text); nodes were not checked")
    ]
  }

  private func findings(in output: String, asked: Int, _ mark: SharedDirectoryMark) -> [SiteFinding]
  {
    let answers = SSHScripts.answers(in: output)
    guard var probe = HostProbe(answers, asked: asked, answered: Clock.wallMilliseconds) else {
      return SiteFinding.mistakes(["\(settings.name): the trial job reported nothing"])
    }
    if probe.place.isEmpty { probe.place = "none" }
    let name = "\(settings.name) (\(probe.host))"
    var findings = SiteFinding.mistakes(
      probe.mistakes(
        named: name, directory: access.directory, probe: mark.text, wanted: settings.executor))
    if let trial = answers["trial"], trial != "0" {
      findings += SiteFinding.mistakes([
        "\(name): a worker there does not reach Redis (\(answers["said"] ?? "")); give "
          + "--redis-listen with an address of this host that it can reach"
      ])
    }
    findings += SiteFinding.mistakes(
      ImageProbe(settings, access).mistakes(named: name, answers))
    guard findings.isEmpty else { return findings }
    return [.passed("\(name): ok; \(probe.executor ?? ""), \(access.directory) is shared")]
  }
}
