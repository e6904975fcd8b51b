import Glibc
import JSONValue
import Posix
import Testing

/// Workers in pods: pools of `workflow.config.executionModels.json`, and sites with workers.
@Suite(.enabled(if: KubernetesServer.obstacle == nil, "\(KubernetesServer.obstacle ?? "")"))
struct KubernetesWorkerTests {
  private static let on = ["--on", "kubernetes", "--redis-listen", "127.0.0.1"]

  private func causes(_ result: Program.Result) -> [String] {
    result.events.filter { $0["event"]?.string == "jobFinished" }
      .map { "\($0["cause"]?.string ?? "") \($0["detail"]?.string ?? "")" }
  }

  private static let models = "workflow.config.executionModels.json"

  private func places(_ result: Program.Result, _ state: String) -> [String] {
    result.events.filter {
      $0["event"]?.string == "allocationChanged" && $0["state"]?.string == state
    }.compactMap { $0["nativeID"]?.string }
  }

  @Test func `tasks of a pool run on workers in pods, as many as the pool may have`()
    async throws
  {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 8, lines: 3, pause: "0.3", name: "part"),
      files: [Self.models: #"[{"name": "part", "workers": "0:2", "slots": 2}]"#])
    let result = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      _ = eventually("a job has begun") { server.begun(8) > 0 }
      let jobs = server.output(of: "kubectl", ["get", "jobs", "-o", "json"])
      #expect(jobs.contains("hflow-job-execute --worker --pool "))
      #expect(!jobs.contains("redis://worker"))
      let list = server.output(of: Program.hflow, ["workers", "last"])
      #expect(list.contains("kubernetes-part"), "\(list)")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...8 { #expect(server.marks("job\(number)") == 1) }
    #expect(server.calls["POST jobs"] == 2, "\(server.calls)")
    #expect(Set(places(result, "running")).count == 2)
    let notices = result.events.compactMap { $0["text"]?.string }
    #expect(notices.contains { $0.contains("pools of workers in pods") }, "\(notices)")
    server.expectNothingLeft()
  }

  @Test func `other tasks of such a workflow are Jobs, and amqpCommand has a pool`()
    async throws
  {
    let text = KubernetesServer.workflow(jobs: 2, lines: 1, pause: "0.1")
    let server = try KubernetesServer(
      text.replacing("k8sCommand", with: "amqpCommand", maxReplacements: 1))
    let result = try await server.run(["run", ".", "--json"] + Self.on)
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(server.marks("job1") == 1 && server.marks("job2") == 1)
    let accepted = result.events.filter { $0["event"]?.string == "jobAccepted" }
    #expect(accepted.count == 1)
    #expect(Set(places(result, "running")).count == 1, "\(places(result, "running"))")
    server.expectNothingLeft()
  }

  @Test func `jobs of a worker whose pod is evicted run again on another one`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 8, pause: "0.5", name: "part"),
      files: [Self.models: #"[{"name": "part", "workers": 1, "slots": 2}]"#])
    let result = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      _ = eventually("both jobs have begun") { server.begun(2) == 2 }
      server.play(#"{"op": "evict"}"#)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...2 { #expect(server.marks("job\(number)") == 2) }
    #expect(causes(result).count { $0.hasPrefix("lost") } == 2, "\(causes(result))")
    #expect(server.calls["POST jobs"] == 2)
    server.expectNothingLeft()
  }

  @Test func `the next engine finds the workers in pods and makes none`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 8, pause: "0.5", name: "part"),
      files: [Self.models: #"[{"name": "part", "workers": "0:1", "slots": 2}]"#])
    _ = try await server.run(["run", ".", "--headless"] + Self.on) { engine in
      _ = eventually("both jobs have begun") { server.begun(2) == 2 }
      engine.send(SIGKILL)
    }
    let result = try await server.run(["resume", "--headless"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...2 { #expect(server.marks("job\(number)") == 1) }
    #expect(server.calls["POST jobs"] == 1)
    server.expectNothingLeft()
  }

  @Test func `a site may have workers for all tasks, and one that cannot start is named`()
    async throws
  {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 2, pause: "0.2"),
      files: ["hflow-sites.toml": "[kubernetes]\nmode = \"workers\"\nslots = 2\nidle = 5\n"])
    server.play(#"{"op": "image", "job": "kubernetes-"}"#)
    let result = try await server.run(
      ["run", ".", "--json", "--on", "kubernetes:0:1", "--redis-listen", "127.0.0.1"])
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...2 { #expect(server.marks("job\(number)") == 1) }
    let reasons = result.events.filter { $0["event"]?.string == "allocationChanged" }
      .compactMap { $0["reason"]?.string }
    #expect(reasons.contains { $0.contains("ImagePullBackOff") }, "\(reasons)")
    #expect(server.calls["POST jobs"] == 2)
    server.expectNothingLeft()
  }

  @Test func `workers in pods are added, drained and removed`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 3, lines: 30, pause: "0.5"),
      files: ["hflow-sites.toml": "[kubernetes]\nmode = \"workers\"\nslots = 1\nidle = 60\n"])
    @Sendable func workers(_ arguments: String...) -> String {
      server.output(of: Program.hflow, ["workers"] + arguments)
    }
    let result = try await server.run(
      ["run", ".", "--json", "--on", "kubernetes:0:1", "--redis-listen", "127.0.0.1"]
    ) { _ in
      _ = eventually("a job has begun") { server.begun(3) == 1 }
      let added = workers("add", "last", "kubernetes", "--count", "2")
      #expect(added == "workers of kubernetes: 2 more asked for, at most 3 from now on\n")
      #expect(eventually("all jobs have begun") { server.begun(3) == 3 })
      let list = workers("last")
      #expect(list.split(separator: "\n").count == 4, "\(list)")
      let removed = workers("remove", "last", "kubernetes")
      #expect(removed.hasPrefix("workers of kubernetes: 1 "), "\(removed)")
      let drained = workers("drain", "last", "kubernetes")
      #expect(drained.hasPrefix("workers of kubernetes: "), "\(drained)")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    let marks = (1...3).map { server.marks("job\($0)") }
    #expect(marks.reduce(0, +) == 4, "one job was retried: \(marks)")
    server.expectNothingLeft()
  }

  @Test func `a preview shows one worker of each pool`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 3, lines: 1, pause: "0.1", name: "part"),
      files: [Self.models: #"[{"name": "part"}]"#])
    let result = try await server.run(
      ["run", "."] + Self.on, adding: ["HF_VAR_K8S_TEST": "1"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].contains("--worker --pool"), "\(result.output)")
    #expect(server.calls["POST jobs"] == nil)
  }
}
