import Glibc
import JSONValue
import Posix
import TestSupport
import Testing

extension Recipe {
  static let slurmObstacle = obstacle(
    programs: ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged", "sbatch"])

  /// Runs one of Slurm's tools, without counting it.
  func slurm(_ tool: String, _ arguments: [String]) throws -> String {
    try awaitOutput(of: self, arguments, program: "/usr/bin/\(tool)")
  }

  /// How often the programs have called a tool.
  func calls(_ tool: String) -> Int {
    ((try? Files.read(Files.join(path, "calls.\(tool)"))) ?? []).count { $0 == 0x0A }
  }

  /// Changes a line of the configuration while the cluster runs.
  func configure(_ key: String, _ value: String) throws {
    let file = Files.join(path, "slurm.conf")
    let text = String(decoding: try Files.read(file), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("\(key)=") ? "\(key)=\(value)" : String(line)
    }
    try Files.write(Array(lines.joined(separator: "\n").utf8), to: file)
    _ = try slurm("scontrol", ["reconfigure"])
  }

  func expectNothingLeftInSlurm() throws {
    let isEmpty = try eventually("the queue is empty") {
      try slurm("squeue", ["-h", "-t", "PD,R,S,CF"]).isEmpty
    }
    #expect(isEmpty)
    #expect(eventually("no process is left") { processes.isEmpty })
  }
}

@Suite(.serialized, .enabled(if: Recipe.slurmObstacle == nil, "\(Recipe.slurmObstacle ?? "")"))
struct SlurmSiteTests {
  private static let on = ["--headless", "--on", "slurm", "--redis-listen", "127.0.0.1"]

  @Test func `workers are submitted at once for waiting jobs, and exit when idle`() async throws {
    let slurm = try Recipe.slurm(nodes: 2, processors: 4)
    try slurm.write(jobs: 8, lines: 4, pause: "0.5")
    let arguments = ["run", ".", "--json"] + Self.on.dropFirst() + ["--workers", "0:4"]
    let result = try await slurm.run(arguments) { _ in
      _ = eventually("a job has begun") { slurm.begun(8) >= 1 }
      let live = eventually("a line arrives before the job's end") {
        (try? awaitOutput(of: slurm, ["logs", "last", "job1"]).contains("line 1")) ?? false
      }
      #expect(live)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...8 { #expect(slurm.marks(number).count == 1) }
    let places = result.events.filter { $0["event"]?.string == "allocationChanged" }
    let running = places.filter { $0["state"]?.string == "running" }
    #expect(Set(running.compactMap { $0["nativeID"]?.string }).count == 4)
    // One check whether Slurm would accept it, and one submission.
    #expect(slurm.calls("sbatch") == 2)
    #expect(slurm.calls("squeue") < 12)
    try slurm.expectNothingLeftInSlurm()
  }

  @Test(
    .enabled(
      if: ImageStock.obstacle(["ch-run"]) == nil, "\(ImageStock.obstacle(["ch-run"]) ?? "")"))
  func `each job runs in a container, with the tool that the site names`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    let stock = try ImageStock()
    let image = #", "container": "\#(stock.root)""#
    try slurm.write(jobs: 4, lines: 2, pause: "0.1", process: image)
    // The image has no seq, and no uname.
    let file = Files.join(slurm.workflow, "workflow.json")
    let text = String(decoding: try Files.read(file), as: UTF8.self)
      .replacing("uname -n", with: "ls /").replacing("$(seq 2)", with: "1 2")
    try Files.write(Array(text.utf8), to: file)
    let site = "[slurm]\ninfrastructure = \"slurm\"\ncontainer = \"charliecloud\"\n"
    try Files.write(Array(site.utf8), to: Files.join(slurm.workflow, "hflow-sites.toml"))
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:1"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...4 {
      #expect(slurm.marks(number).contains("bin") && !slurm.marks(number).contains("usr"))
    }
    try slurm.expectNothingLeftInSlurm()
  }

  /// An image with programs of this machine and their libraries.
  private func image(of programs: [String], at root: String) async throws {
    let script = """
      set -e
      r=$0; mkdir -p $r/bin $r/usr/bin $r/tmp $r/dev $r/proc $r/sys $r/etc
      for p in "$@"; do
        f=$(command -v $p); cp -L $f $r/usr/bin/
        ldd $f | grep -o '/[^ ]*' | while read -r l; do mkdir -p $r${l%/*}; cp -nL $l $r$l; done
      done
      cp $r/usr/bin/sh $r/bin/; echo root:x:0:0::/root:/bin/sh > $r/etc/passwd; : > $r/etc/group
      """
    let made = try await Program.run(["-c", script, root] + programs, of: "sh")
    try #require(made.exitCode == 0, "\(made.errors)")
  }

  @Test(
    .enabled(if: Recipe.runsLongTests, "make test-sites"),
    .enabled(if: Files.findExecutable("mProject") != nil, "not installed: montage"),
    .enabled(if: Files.findExecutable("ch-run") != nil, "not installed: charliecloud"))
  func `a mosaic is made by workers of Slurm with a container for each task`() async throws {
    let slurm = try Recipe.slurm(nodes: 2, processors: 2)
    let own = Files.join(slurm.path, "shared/mosaic")
    let made = try await Program.run(
      [own], of: Files.join(Program.repository, "Examples/Montage/prepare"))
    #expect(made.exitCode == 0, "\(made.errors)")
    let root = Files.join(slurm.path, "shared/image")
    let montage = ["Add", "Background", "BgModel", "Diff", "Fitplane", "Imgtbl", "Project"]
    try await image(
      of: ["sh", "awk", "rm", "sed", "cat"] + (montage + ["Shrink", "Viewer"]).map { "m\($0)" },
      at: root)
    let file = Files.join(own, "workflow.json")
    let text = String(decoding: try Files.read(file), as: UTF8.self)
      .replacing(#""executor": {"#, with: #""executor": {"container": "\#(root)", "#)
    try Files.write(Array(text.utf8), to: file)
    let site = "[slurm]\ncontainer = \"charliecloud\"\n"
    try Files.write(Array(site.utf8), to: Files.join(own, "hflow-sites.toml"))
    let check = try await slurm.run(
      ["sites", "--check", "slurm", "--redis-listen", "127.0.0.1"], in: own)
    #expect(check.exitCode == 0, "\(check.output) \(check.errors)")
    let result = try await slurm.run(
      ["run", "."] + Self.on + ["--workers", "0:2", "--slurm", "-c 2"], in: own)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect((Files.size(Files.join(own, "mosaic.png")) ?? 0) > 1000)
    Files.removeTree(root)
    let lacking = try await slurm.run(
      ["sites", "--check", "slurm", "--redis-listen", "127.0.0.1"], in: own)
    #expect(lacking.exitCode == 3 && lacking.errors.contains("there is no image \(root)"))
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `a limit of the account below what is asked is found by a check`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 1, pause: "0.1")
    // As a Slurm with accounting says it.
    try slurm.shim("sacctmgr", "echo 'proj42||2|00:30:00'; exit 0")
    let check = try await slurm.run([
      "sites", "--check", "slurm:4", "--slurm", "-t 50", "--redis-listen", "127.0.0.1",
    ])
    #expect(check.exitCode == 3)
    #expect(check.errors.contains("asks for 50 minutes (-t), and your account allows 30"))
    #expect(check.errors.contains("at least 4 workers, and your account may submit 2 jobs"))
    #expect(slurm.calls("sbatch") == 0)
  }

  @Test func `jobs of a worker cancelled with scancel are lost and retried`()
    async throws
  {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 3, pause: "1")
    let result = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:1"]) { _ in
      _ = eventually("the job has begun") { slurm.begun(1) == 1 }
      _ = try? slurm.slurm("scancel", ["-u", "root"])
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("lost"))
    #expect(result.output.contains("cancelled with scancel"))
    #expect(slurm.marks(1).count == 2)
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `the next engine finds the allocations and submits none`() async throws {
    let slurm = try Recipe.slurm(nodes: 2, processors: 2)
    try slurm.write(jobs: 3, lines: 5, pause: "1")
    _ = try await slurm.run(["run", "."] + Self.on + ["--workers", "0:3"]) { engine in
      _ = eventually("all jobs have begun") { slurm.begun(3) == 3 }
      engine.send(SIGKILL)
    }
    let before = slurm.calls("sbatch")
    let result = try await slurm.run(["resume", "--headless"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...3 { #expect(slurm.marks(number).count == 1) }
    #expect(slurm.calls("sbatch") == before)
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `pending workers are shown with their reason and id`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 1, pause: "0.1")
    let other = ["-c2", "--job-name=other", "--output=/dev/null", "--wrap", "sleep 60"]
    _ = try slurm.slurm("sbatch", other)
    let arguments = ["run", ".", "--json"] + Self.on.dropFirst() + ["--workers", "1"]
    let result = try await slurm.run(arguments) { _ in
      let isPending = eventually("Slurm tells the reason") {
        let rows = try? slurm.slurm("squeue", ["-h", "-t", "PD", "-o", "%r"])
        return rows?.contains("Resources") ?? false
      }
      #expect(isPending)
      // Longer than the pause between two calls of `squeue`.
      var nothing: [pollfd] = []
      _ = Poll.wait(&nothing, milliseconds: 6000)
      _ = try? slurm.slurm("scancel", ["-n", "other"])
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    let reasons = result.events.filter { $0["event"]?.string == "allocationChanged" }
      .compactMap { $0["reason"]?.string }
    #expect(reasons.contains { $0.hasPrefix("Resources (waits for free nodes)") }, "\(reasons)")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `options that Slurm refuses are refused before the run`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 1, pause: "0.1")
    for options in ["-p nowhere", "-c 64", "-t 10-0"] {
      let result = try await slurm.run(["run", ".", "--new"] + Self.on + ["--slurm", options])
      #expect(result.exitCode == 3, "\(options): \(result.output)")
      #expect(result.errorLines.count == 1)
      #expect(result.errors.contains("site slurm: sbatch: "), "\(result.errors)")
    }
    let check = try await slurm.run(["sites", "--check", "slurm", "--redis-listen", "127.0.0.1"])
    #expect(check.exitCode == 0 && check.output.contains("ok;"), "\(check.output) \(check.errors)")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `a limit below what is asked is found before the first submission`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 1, pause: "0.1")
    // Without this, Slurm takes such jobs and keeps them pending for ever.
    _ = try slurm.configure("EnforcePartLimits", "NO")
    for (options, words) in [
      ("-t 2:00:00", "asks for 120 minutes (-t), and the partition main allows 60"),
      ("--mem 4G", "asks for 4096 MB (--mem), and the largest node of main has 2000 MB"),
    ] {
      let arguments = ["sites", "--check", "slurm", "--slurm", options]
      let check = try await slurm.run(arguments + ["--redis-listen", "127.0.0.1"])
      #expect(check.exitCode == 3 && check.errorLines.count == 1)
      #expect(check.errors.contains(words), "\(check.errors)")
      let refused = try await slurm.run(["run", ".", "--new"] + Self.on + ["--slurm", options])
      #expect(
        refused.exitCode == 3 && refused.errors.hasPrefix("site slurm: "), "\(refused.errors)")
    }
    #expect(slurm.calls("sbatch") <= 2, "only asked whether it would be taken")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test func `no secret is visible`() async throws {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    try slurm.write(jobs: 1, lines: 4, pause: "0.5")
    let result = try await slurm.run(["run", "."] + Self.on) { _ in
      _ = eventually("the job has begun") { slurm.begun(1) == 1 }
      let runs = Files.join(slurm.workflow, ".hflow/runs")
      let run = Files.list(runs).first ?? ""
      let key = String(
        decoding: (try? Files.read("\(runs)/\(run)/signing.key")) ?? [], as: UTF8.self
      ).filter { !$0.isNewline }
      #expect(key.count > 20)
      let all = ProcessTable.commandLines.values.flatMap(\.self).joined(separator: " ")
      let jobs = (try? slurm.slurm("scontrol", ["show", "job", "-dd"])) ?? ""
      #expect(jobs.contains("JobName=hflow-"))
      for text in [all, jobs] { #expect(!text.contains(key) && !text.contains("worker:")) }
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test(.enabled(if: Recipe.runsLongTests, "make test-sites"))
  func `a job ended by its allocation's time limit is retried, with the cause`()
    async throws
  {
    let slurm = try Recipe.slurm(nodes: 1, processors: 2)
    // Slurm looks at time limits every half a minute, and may be late by that much.
    let script = "echo x >> marks/1; [ $(wc -l < marks/1) = 1 ] && exec sleep 600; true"
    let job = Samples.job("job", script, ins: #""go""#, outs: "")
    let text = Samples.workflow([job], signals: #"{"name": "go", "data": [{}]}"#)
    try Files.write(Array(text.utf8), to: Files.join(slurm.workflow, "workflow.json"))
    let options = ["--workers", "0:1", "--slurm", "-t 1 --signal=B:USR1@30"]
    let result = try await slurm.run(["run", "."] + Self.on + options)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("the time limit of its allocation was reached"))
    #expect(slurm.marks(1).count == 2)
    try slurm.expectNothingLeftInSlurm()
  }
}
