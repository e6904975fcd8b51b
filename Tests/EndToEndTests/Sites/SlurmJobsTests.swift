import Glibc
import JSONValue
import Posix
import Testing

/// Each job as a job of Slurm.
@Suite(.serialized, .enabled(if: Recipe.slurmObstacle == nil, "\(Recipe.slurmObstacle ?? "")"))
struct SlurmJobsTests {
  private static let on = ["--headless", "--on", "slurm", "--redis-listen", "127.0.0.1"]

  private func recipe(nodes: Int = 2, processors: Int = 4) throws -> Recipe {
    let slurm = try Recipe.slurm(nodes: nodes, processors: processors)
    try Files.write(
      Array("[slurm]\nmode = \"jobs\"\n".utf8),
      to: Files.join(slurm.workflow, "hflow-sites.toml"))
    return slurm
  }

  /// Jobs of one stage, and one that asks for two processors and 100 MB.
  private func write(_ slurm: Recipe, script: String, processes: Int = 4) throws {
    let parts = (1...processes).map { number in
      """
      {"name": "part", "function": "command", "firingLimit": 1, "ins": ["go"],
       "outs": [], "config": {"executor": {"executable": "sh", "args": ["-c",
       "\(script)", "\(number)"]}}}
      """
    }
    let big = """
      {"name": "big", "function": "command", "firingLimit": 1, "ins": ["go"], "outs": [],
       "config": {"executor": {"executable": "sh", "args": ["-c",
       "echo $SLURM_CPUS_PER_TASK $SLURM_MEM_PER_NODE > big.txt"],
       "cpuRequest": 2, "memRequest": "100Mi"}}}
      """
    let text = """
      {"name": "jobs", "processes": [\((parts + [big]).joined(separator: ", "))],
       "signals": [{"name": "go", "data": [{}]}], "ins": [], "outs": []}
      """
    try Files.write(Array(text.utf8), to: Files.join(slurm.workflow, "workflow.json"))
  }

  @Test func `jobs of a stage are one submission, with what they ask for`() async throws {
    let slurm = try recipe()
    try write(slurm, script: "uname -n >> marks/$0; echo line; sleep 1")
    let result = try await slurm.run(["run", ".", "--json"] + Self.on.dropFirst())
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...4 { #expect(slurm.marks(number).count == 1) }
    let big = try Files.read(Files.join(slurm.workflow, "big.txt"))
    #expect(String(decoding: big, as: UTF8.self) == "2 100\n")
    // The question before the run, an array of four, and one of another size.
    #expect(slurm.calls("sbatch") == 3)
    let ids = result.events.filter { $0["event"]?.string == "jobAccepted" }
      .compactMap { $0["nativeID"]?.string }
    #expect(Set(ids).count == 5 && ids.allSatisfy { $0.contains("_") }, "\(ids)")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `the next engine finds the jobs, and none runs twice`() async throws {
    let slurm = try recipe()
    try write(slurm, script: "uname -n >> marks/$0; sleep 4")
    _ = try await slurm.run(["run", "."] + Self.on) { engine in
      _ = eventually("all jobs have begun") { slurm.begun(4) == 4 }
      engine.send(SIGKILL)
    }
    let before = slurm.calls("sbatch")
    let result = try await slurm.run(["resume", "--headless"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...4 { #expect(slurm.marks(number).count == 1) }
    #expect(slurm.calls("sbatch") == before)
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `a job that is cancelled from outside is retried, and an accepted one not repeated`()
    async throws
  {
    let slurm = try recipe()
    try slurm.shim(
      "sbatch",
      """
      case "$*" in *--test-only*) exec /usr/bin/sbatch "$@";; esac
      if [ ! -e \(slurm.path)/failed ]; then
        touch \(slurm.path)/failed; /usr/bin/sbatch "$@" >/dev/null
        echo 'sbatch: error: Batch job submission failed: Socket timed out' >&2; exit 1
      fi
      """)
    try write(slurm, script: "uname -n >> marks/$0; [ $(wc -l < marks/$0) -gt 1 ] || sleep 6")
    let result = try await slurm.run(["run", "."] + Self.on) { _ in
      _ = eventually("all jobs have begun") { slurm.begun(4) == 4 }
      let id = try? slurm.slurm("squeue", ["-h", "-r", "-t", "R", "-o", "%i"])
      let first = id?.split(separator: "\n").first.map(String.init) ?? ""
      _ = try? slurm.slurm("scancel", [first])
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect((1...4).map { slurm.marks($0).count }.reduce(0, +) == 5)
    #expect(result.output.contains("lost"))
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `what Slurm will never run fails at once, with its words`() async throws {
    let slurm = try recipe(nodes: 1, processors: 2)
    let text = """
      {"name": "never", "processes": [{"name": "huge", "function": "command", "firingLimit": 1,
       "ins": ["go"], "outs": [], "config": {"executor": {"executable": "true", "args": [],
       "cpuRequest": 64}}}], "signals": [{"name": "go", "data": [{}]}], "ins": [], "outs": []}
      """
    try Files.write(Array(text.utf8), to: Files.join(slurm.workflow, "workflow.json"))
    let result = try await slurm.run(["run", "."] + Self.on)
    #expect(result.exitCode == 1, "\(result.output) \(result.errors)")
    #expect(result.output.contains("More processors requested than permitted"), "\(result.output)")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `arrays are as long as Slurm permits, and a stopped run leaves none`() async throws {
    let slurm = try recipe(nodes: 1, processors: 2)
    try slurm.configure("MaxArraySize", "3")
    try write(slurm, script: "echo x >> marks/$0; sleep 60", processes: 5)
    let result = try await slurm.run(["run", "."] + Self.on) { _ in
      _ = eventually("two jobs have begun") { slurm.begun(5) == 2 }
      _ = try? awaitOutput(of: slurm, ["stop", "last"])
    }
    #expect(result.exitCode != 0)
    #expect(slurm.begun(5) == 2)
    #expect(slurm.calls("sbatch") == 4, "the question, 3 + 2 jobs, and one of another size")
    try slurm.expectNothingLeftInSlurm()
  }
}
