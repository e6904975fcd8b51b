import Glibc
import JSONValue
import Posix
import Testing

/// Images and resources, from the workflow to the exit code.
@Suite struct ContainerTests {
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
