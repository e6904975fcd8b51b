import Glibc
import JSONValue
import Posix
import Testing

/// What goes wrong with Slurm itself. Each task has its marks once, unless its worker was lost.
@Suite(.serialized, .enabled(if: Recipe.slurmObstacle == nil, "\(Recipe.slurmObstacle ?? "")"))
struct SlurmFaultTests {
  private static let on = ["--headless", "--on", "slurm", "--redis-listen", "127.0.0.1"]

  private func expectOnce(_ slurm: Recipe, _ count: Int, _ output: String = "") throws {
    for number in 1...count {
      let marks = slurm.marks(number)
      #expect(marks.count == 1, "job \(number): \(marks) \(output)")
    }
    try slurm.expectNothingLeftInSlurm()
  }

  private func pid(_ slurm: Recipe, _ file: String) throws -> Int32 {
    let text = String(decoding: try Files.read(Files.join(slurm.path, file)), as: UTF8.self)
    return try #require(Int32(text.filter(\.isNumber)))
  }

  private func pause(_ milliseconds: Int) {
    var nothing: [pollfd] = []
    _ = Poll.wait(&nothing, milliseconds: milliseconds)
  }

  @Test func `a submission that was accepted although sbatch failed is not repeated`()
    async throws
  {
    let slurm = try Recipe.slurm(nodes: 1, processors: 4)
    try slurm.write(jobs: 2, lines: 2, pause: "0.3")
    try slurm.shim(
      "sbatch",
      """
      case "$*" in *--test-only*) exec /usr/bin/sbatch "$@";; esac
      if [ ! -e \(slurm.path)/failed ]; then
        touch \(slurm.path)/failed; /usr/bin/sbatch "$@" >/dev/null
        echo 'sbatch: error: Batch job submission failed: Socket timed out' >&2; exit 1
      fi
      """)
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:2"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("Socket timed out; this is tried again"))
    // The question before the run, and one submission.
    #expect(slurm.calls("sbatch") == 2)
    try expectOnce(slurm, 2)
  }

  @Test func `a squeue that fails three times ends no worker and submits none`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 4)
    try slurm.write(jobs: 2, lines: 6, pause: "1")
    try slurm.shim("squeue", "[ $n -gt 3 ] || { echo 'squeue: error: no' >&2; exit 1; }")
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:2"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(slurm.calls("sbatch") == 2)
    try expectOnce(slurm, 2)
  }

  @Test func `a scancel that fails is repeated, and what survives is named`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 1, pause: "0.1")
    try slurm.shim("scancel", "[ $n -gt 2 ] || { echo 'scancel: error: no' >&2; exit 1; }")
    let arguments = ["run", ".", "--new"] + Self.on + ["--workers", "1"]
    let repeated = try await slurm.run(arguments)
    #expect(repeated.exitCode == 0, "\(repeated.output) \(repeated.errors)")
    try slurm.expectNothingLeftInSlurm()
    try slurm.shim("scancel", "echo 'scancel: error: no' >&2; exit 1")
    // A worker ends by itself after the run. One that does not fit on the node never starts.
    let failed = try await slurm.run(Array(arguments.dropLast()) + ["3"])
    let words = failed.output + failed.errors
    #expect(words.contains("scancel -n hflow-"), "\(words)")
    _ = try slurm.slurm("scancel", ["-u", "root"])
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `a limit of submitted jobs is named, waited out, and obeyed`() async throws {
    let slurm = try Recipe.slurm(nodes: 2, processors: 4)
    try slurm.write(jobs: 4, lines: 2, pause: "0.5")
    // As a Slurm with accounting says it when a user may submit two jobs.
    try slurm.shim(
      "sbatch",
      """
      case "$*" in *--test-only*) exec /usr/bin/sbatch "$@";; esac
      case "$*" in *--array=0-[01]\\ *) exec /usr/bin/sbatch "$@";; esac
      echo 'sbatch: error: AssocMaxSubmitJobLimit' >&2
      echo 'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy \
      (job submit limit, users size and/or time limits)' >&2; exit 1
      """)
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:4"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("job submit limit"))
    try expectOnce(slurm, 4)
  }

  @Test func `a worker that Slurm queues again is another one, and its job runs again`()
    async throws
  {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 5, pause: "1")
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:1"]) { _ in
      _ = eventually("the job has begun") { slurm.begun(1) == 1 }
      let id = (try? slurm.slurm("squeue", ["-h", "-t", "R", "-o", "%A"]))?.filter(\.isNumber)
      _ = try? slurm.slurm("scontrol", ["requeue", id ?? ""])
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(slurm.marks(1).count == 2)
    try slurm.expectNothingLeftInSlurm()
  }

  @Test(.enabled(if: Recipe.runsLongTests, "make test-sites"))
  func `a controller that hangs for 20 s stops no job`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 4)
    try slurm.write(jobs: 4, lines: 10, pause: "1")
    let controller = try pid(slurm, "slurmctld.pid")
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:2"]) { _ in
      _ = eventually("two jobs have begun") { slurm.begun(4) == 2 }
      kill(controller, SIGSTOP)
      pause(20_000)
      kill(controller, SIGCONT)
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try expectOnce(slurm, 4)
  }

  @Test(.enabled(if: Recipe.runsLongTests, "make test-sites"))
  func `a controller that is killed and started again stops no job`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 4)
    try slurm.write(jobs: 4, lines: 20, pause: "1")
    let controller = try pid(slurm, "slurmctld.pid")
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:2"]) { _ in
      _ = eventually("two jobs have begun") { slurm.begun(4) == 2 }
      // A controller saves what it knows every few seconds. Slurm kills jobs whose start it has
      // forgotten, so this waits until the saved state has their node.
      let state = Files.join(slurm.path, "state/job_state")
      let isSaved = eventually("the start of the jobs is saved") {
        let text = String(decoding: (try? Files.read(state)) ?? [], as: UTF8.self)
        return text.contains("n1\0")
      }
      #expect(isSaved)
      kill(controller, SIGKILL)
      pause(3000)
      var request = SpawnRequest("/usr/sbin/slurmctld", [])
      request.environment = Program.cleanEnvironment(["SLURM_CONF": "\(slurm.path)/slurm.conf"])
      _ = try? Child.spawn(request).wait()
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try expectOnce(slurm, 4, result.output)
  }

  @Test(.enabled(if: Recipe.runsLongTests, "make test-sites"))
  func `a node whose slurmd is killed keeps its job, which is not started twice`() async throws {
    let slurm = try Recipe.slurm(nodes: 2, processors: 1)
    try slurm.write(jobs: 2, lines: 45, pause: "1")
    let node = try pid(slurm, "slurmd.n1.pid")
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:2"]) { _ in
      _ = eventually("both jobs have begun") { slurm.begun(2) == 2 }
      // Slurm notices it after half a minute, and queues the node's job again.
      kill(node, SIGKILL)
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try expectOnce(slurm, 2, result.output)
  }

  @Test(
    .enabled(if: Recipe.runsLongTests, "make test-sites"),
    .enabled(if: Recipe.hostsObstacle == nil, "\(Recipe.hostsObstacle ?? "")"))
  func `the jobs of a node that is switched off run again elsewhere`() async throws {
    let slurm = try Recipe.slurmHosts(2)
    try slurm.write(jobs: 4, lines: 5, pause: "1")
    let address = String(
      decoding: try Files.read(Files.join(slurm.path, "address")), as: UTF8.self
    ).filter { !$0.isNewline }
    let arguments = [
      "run", ".", "--headless", "--on", "slurm", "--redis-listen", address, "--workers", "0:2",
      "--slurm", "-c 2",
    ]
    let result = try await slurm.run(arguments) { _ in
      _ = eventually("all jobs have begun") { slurm.begun(4) == 4 }
      let script = "for p in $(pgrep -P $(cat \(slurm.path)/run/h1.pid)); do kill -9 $p; done"
      _ = try? Child.spawn(SpawnRequest("sh", ["-c", script])).wait()
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    let marks = (1...4).map(slurm.marks)
    #expect(marks.allSatisfy { $0 == ["h2"] || $0 == ["h1", "h2"] }, "\(marks)")
    #expect(marks.contains(["h1", "h2"]))
    try slurm.expectNothingLeftInSlurm()
  }
}
