import Glibc
import JSONValue
import Posix
import TestSupport
import Testing

/// Images and resources, from the workflow to the exit code.
@Suite struct ContainerTests {
  static let podmanObstacle = ImageStock.obstacle(["podman", "runc"])
  static let bwrap = Files.findExecutable("bwrap")

  private func workflow(_ script: String, _ executor: String, _ config: String = "") -> String {
    let text = Samples.workflow(
      [Samples.job("a", script, ins: #""s""#, outs: "", executor)],
      signals: #"{"name": "s", "data": [{}]}"#)
    return config.isEmpty ? text : text.replacing(#""config": {"#, with: "\"config\": {\(config), ")
  }

  @Test(.enabled(if: bwrap != nil && geteuid() == 0, "needs bwrap, and root"))
  func `a workflow runs in a container, with live output and its files`() async throws {
    let place = try Workspace(
      workflow("pwd > where; ls / > root.txt", #""image": "./root", "mounts": ["/usr"]"#))
    // Another root with the host's own programs.
    let root = Files.join(place.path, "root")
    try Files.makeDirectory(root)
    for name in ["bin", "lib", "lib64"] {
      if let target = Files.linkTarget("/\(name)") { symlink(target, Files.join(root, name)) }
    }
    let result = try await Program.run(
      ["run", place.path, "--headless", "--container-tool", "bwrap"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(place.text("where") == (Files.realPath(place.path) ?? "") + "\n")
    #expect(!place.text("root.txt").contains("etc"))
  }

  /// A file below the run's directory is where the job sees it. One elsewhere is in the container
  /// alone, and is not looked for.
  private static let lying = Samples.workflow(
    [
      Samples.job(
        "make", "echo a > a.txt; echo b > /tmp/only-in-container.txt", ins: #""s""#,
        outs: #""a.txt", "/tmp/only-in-container.txt""#, #""image": "IMAGE""#),
      Samples.job(
        "lie", "cat a.txt || cat > b.txt", ins: #""a.txt""#, outs: #""b.txt""#,
        #""image": "IMAGE""#),
    ],
    signals: #"""
      {"name": "s", "data": [{}]}, {"name": "a.txt"}, {"name": "b.txt"},
      {"name": "/tmp/only-in-container.txt"}
      """#)

  private func expectChecks(_ place: Workspace, _ tool: String, _ environment: [String: String?])
    async throws
  {
    let options = ["run", place.path, "--headless", "--new", "--container-tool", tool]
    let warned = try await Program.run(options, environment: environment)
    #expect(warned.exitCode == 0, "\(warned.output) \(warned.errors)")
    #expect(warned.output.contains("succeeded  lie:1  warning: output missing: b.txt\n"))
    #expect(!warned.output.contains("missing: a.txt") && !warned.output.contains("only-in"))
    let strict = try await Program.run(options + ["--check-files"], environment: environment)
    #expect(strict.exitCode == 1)
    #expect(strict.output.contains("failed     lie:1  missing file: output missing: b.txt"))
  }

  @Test(.enabled(if: bwrap != nil && geteuid() == 0, "needs bwrap, and root"))
  func `declared files of a job in a container are looked for`() async throws {
    let text = Self.lying.replacing(
      #""image": "IMAGE""#, with: #""image": "./root", "mounts": ["/usr"]"#)
    let place = try Workspace(text)
    let root = Files.join(place.path, "root")
    try Files.makeDirectory(Files.join(root, "tmp"))
    for name in ["bin", "lib", "lib64"] {
      if let target = Files.linkTarget("/\(name)") { symlink(target, Files.join(root, name)) }
    }
    try await expectChecks(place, "bwrap", [:])
  }

  @Test(.enabled(if: podmanObstacle == nil, "\(podmanObstacle ?? "")"))
  func `declared files of a job in an image are looked for`() async throws {
    let stock = try ImageStock()
    let place = try Workspace(Self.lying.replacing("IMAGE", with: "hx-busybox"))
    try await expectChecks(
      place, "podman", try stock.podman().mapValues { Optional($0) })
  }

  @Test(.enabled(if: podmanObstacle == nil, "\(podmanObstacle ?? "")"))
  func `a job that ran out of memory is retried with more`() async throws {
    let stock = try ImageStock()
    let environment = try stock.podman()
    // Some 100 MB in a shell's variable.
    let script = "a=$(head -c 50000000 /dev/zero | tr '\\000' x); echo ${#a} > size"
    let place = try Workspace(
      workflow(
        script, #""image": "hx-busybox", "memory": "16Mi""#,
        #""retry": {"attempts": 1, "budgets": {"memory": 1}, "grow": {"memory": 40}}"#))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--json", "--container-tool", "podman"],
      environment: environment)
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(place.text("size") == "50000000\n")
    #expect(result.events.contains { $0["cause"]?.string == "oom" })
    #expect(result.output.contains("asks for 40 times the memory"))
    #expect(try stock.containers("podman", environment).isEmpty)
  }

  @Test(.enabled(if: podmanObstacle == nil, "\(podmanObstacle ?? "")"))
  func `cancelling a task removes its container`() async throws {
    let stock = try ImageStock()
    let environment = try stock.podman()
    let script = "trap '' TERM; echo up > up; while :; do sleep 0.1; done"
    let place = try Workspace(workflow(script, #""image": "hx-busybox""#))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--json", "--container-tool", "podman"],
      environment: environment
    ) { child in
      _ = eventually("the job runs") { place.text("up") == "up\n" }
      child.send(SIGINT)
    }
    #expect(result.exitCode != 0)
    #expect(try stock.containers("podman", environment).isEmpty)
  }

  @Test func `a missing image fails the task with its own cause`() async throws {
    let place = try Workspace(workflow("touch ran", #""image": "/no/such/image""#))
    let result = try await Program.run(["run", place.path, "--headless", "--json"])
    #expect(result.exitCode == 1)
    #expect(result.events.contains { $0["cause"]?.string == "image" })
    #expect(!Files.exists(Files.join(place.path, "ran")))
  }

  @Test func `a request that no worker can satisfy fails at once`() async throws {
    let place = try Workspace(workflow("touch ran", #""cpus": 64"#))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--json", "--slots", "8"])
    #expect(result.exitCode == 1)
    let detail = result.events.compactMap { $0["detail"]?.string }.first
    #expect(detail == "asks for 64 cores; the largest worker has 8")
    #expect(!Files.exists(Files.join(place.path, "ran")))
  }

  @Test(arguments: [["--invoker", "pool"], ["--invoker", "oneshot"]])
  func `two retries are three runs`(invoker: [String]) async throws {
    let place = try Workspace(workflow("echo x >> runs; exit 3", #""stdout": "o""#))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--retries", "2"] + invoker,
      environment: ["HF_VAR_NUMBER_OF_RETRIES": "5", "HF_VAR_BACKOFF_SEED": "0"])
    #expect(result.exitCode == 1)
    #expect(place.text("runs") == "x\nx\nx\n")
  }

  @Test func `an attempt after one that timed out has more time`() async throws {
    let retry =
      #""timeout": 1, "retry": {"budgets": {"time": 1}, "attempts": 1, "grow": {"time": 60}}"#
    let place = try Workspace(
      workflow("if test -e once; then exit 0; fi; touch once; exec sleep 1000", "\"x\": 1", retry))
    let result = try await Program.run(["run", place.path, "--headless", "--json"])
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(result.output.contains("asks for 60 times the time"))
  }
}
