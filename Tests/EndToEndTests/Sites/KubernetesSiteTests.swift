import Glibc
import JSONValue
import Posix
import Testing

/// The stand-in of scripts/recipes/kubernetes-server, with a real kubectl, and a workflow.
final class KubernetesServer: Sendable {
  let workspace: Workspace
  private let server: Child
  private let port: String
  private let folder: String

  static let obstacle: String? = {
    let missing = ["kubectl", "python3"].filter { Files.findExecutable($0) == nil }
    return missing.isEmpty ? nil : "not installed: \(missing.joined(separator: ", "))"
  }()

  static let validatorObstacle: String? =
    Files.findExecutable("kubernetes-validate") == nil
    ? "not installed: kubernetes-validate (pip install kubernetes-validate)" : nil

  /// - Parameter template: `${…}` as in a job-template.yaml; `nil` for the usual one of the tests.
  init(
    _ workflow: String, template: String? = nil, options: [String] = [],
    files: [String: String] = [:]
  ) throws {
    workspace = try Workspace(workflow)
    folder = workspace.path + ".server"
    try Files.makeDirectory(folder)
    let portFile = Files.join(folder, "port")
    var request = SpawnRequest(
      "python3",
      [Files.join(Program.repository, "scripts/recipes/kubernetes-server"), portFile] + options)
    let beside = Files.parent(of: Program.executor)
    request.additionalEnvironment["PATH"] = "\(beside):\(Environment["PATH"] ?? "/usr/bin:/bin")"
    request.standardOutput = .null
    server = try Child.spawn(request)
    _ = eventually("the server has a port") { Files.exists(portFile) }
    port = String(decoding: try Files.read(portFile), as: UTF8.self)
    let configuration = """
      apiVersion: v1
      kind: Config
      clusters: [{name: c, cluster: {server: "http://127.0.0.1:\(port)"}}]
      contexts: [{name: c, context: {cluster: c, user: u, namespace: default}}]
      users: [{name: u, user: {}}]
      current-context: c
      """
    try Files.write(Array(configuration.utf8), to: Files.join(folder, "config"))
    try Files.makeDirectory(Files.join(workspace.path, "marks"))
    for (name, text) in files.merging(
      ["job-template.yaml": template ?? Self.template], uniquingKeysWith: { own, _ in own })
    {
      try Files.write(Array(text.utf8), to: Files.join(workspace.path, name))
    }
  }

  deinit {
    server.send(SIGTERM)
    _ = server.wait()
    Files.removeTree(folder)
  }

  static let template = """
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: job${jobName}
    spec:
      backoffLimit: ${backoffLimit}
      template:
        spec:
          restartPolicy: ${restartPolicy}
          containers:
          - name: job
            image: ${containerName}
            command: ["/bin/sh", "-c", '${command} || exit 1']
            workingDir: ${workingDirPath}
            resources: {requests: {cpu: ${cpuRequest}, memory: ${memRequest}}}
    """

  private var environment: [String: String?] {
    [
      "KUBECONFIG": Files.join(folder, "config"), "HF_VAR_WORKER_CONTAINER": "registry/worker:1",
      "TMPDIR": folder,
    ]
  }

  func run(
    _ arguments: [String], adding more: [String: String] = [:],
    whileRunning: (@Sendable (Child) -> Void)? = nil
  ) async throws -> Program.Result {
    try await Program.run(
      arguments, environment: environment.merging(more) { $1 }, directory: workspace.path,
      whileRunning: whileRunning)
  }

  /// Runs kubectl or hflow-tui beside a run, on the thread of the caller.
  func output(of program: String, _ arguments: [String]) -> String {
    let file = Files.join(folder, "beside.out")
    Files.remove(file)
    var request = SpawnRequest(program, arguments)
    request.directory = workspace.path
    request.environment = Program.cleanEnvironment(environment)
    guard let number = try? Files.openForAppending(file) else { return "" }
    let output = Descriptor(owning: number)
    request.standardOutput = .descriptor(output.number)
    request.standardError = .null
    _ = try? Child.spawn(request).wait()
    return String(decoding: (try? Files.read(file)) ?? [], as: UTF8.self)
  }

  /// Asks the stand-in to play a fault.
  func play(_ fault: String) {
    let script =
      "import urllib.request as u; u.urlopen('http://127.0.0.1:\(port)/fault', b'''\(fault)''')"
    _ = output(of: "python3", ["-c", script])
  }

  var calls: [String: Int] {
    let script =
      "import urllib.request as u; "
      + "print(u.urlopen('http://127.0.0.1:\(port)/calls').read().decode())"
    let json = try? JSON(parsing: output(of: "python3", ["-c", script]))
    return Dictionary(
      (json?.object?.members ?? []).map { ($0.key, $0.value.int ?? 0) }
    ) { first, _ in first }
  }

  var freePort: String {
    let script =
      "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
    return output(of: "python3", ["-c", script]).filter(\.isNumber)
  }

  func marks(_ name: String) -> Int {
    ((try? Files.read(Files.join(workspace.path, "marks/\(name)"))) ?? []).count { $0 == 0x0A }
  }

  func begun(_ count: Int) -> Int { (1...count).count { marks("job\($0)") > 0 } }

  /// Whatever has the label of a run.
  var left: [String] {
    let kinds = ["get", "jobs,pods,secrets", "-A", "-l", "hflow-tui/run", "-o", "name"]
    return output(of: "kubectl", kinds).split(separator: "\n").map(String.init)
  }

  func expectNothingLeft() {
    #expect(eventually("nothing is left in the cluster") { left.isEmpty }, "\(left)")
  }

  /// A number of jobs. Each leaves a mark, then prints lines with pauses between them.
  static func workflow(
    jobs count: Int, lines: Int, pause: String, function: String = "k8sCommand",
    name: String? = nil,
    process: String = ""
  ) -> String {
    let script =
      "echo x >> marks/$0; for k in $(seq \(lines)); do echo line $k; sleep \(pause); done"
    let jobs = (1...count).map { number in
      """
      {"name": "\(name ?? "job\(number)")", "function": "\(function)", "firingLimit": 1,
       "ins": ["go"], "outs": ["d\(number)"], "config": {"executor": {"executable": "sh",
       "args": ["-c", "\(script)", "job\(number)"]}\(process)}}
      """
    }
    let signals = (1...count).map { #"{"name": "d\#($0)"}"# }
    return """
      {"name": "kube", "processes": [\(jobs.joined(separator: ", "))],
       "signals": [{"name": "go", "data": [{}]}, \(signals.joined(separator: ", "))],
       "ins": [], "outs": []}
      """
  }
}

@Suite(.enabled(if: KubernetesServer.obstacle == nil, "\(KubernetesServer.obstacle ?? "")"))
struct KubernetesSiteTests {
  private static let on = ["--on", "kubernetes", "--redis-listen", "127.0.0.1"]

  private func reasons(_ result: Program.Result) -> [String] {
    result.events.filter { $0["event"]?.string == "jobPending" }.compactMap { $0["reason"]?.string }
  }

  private func causes(_ result: Program.Result) -> [String] {
    result.events.filter { $0["event"]?.string == "jobFinished" }
      .map { "\($0["cause"]?.string ?? "") \($0["detail"]?.string ?? "")" }
  }

  @Test func `each job is a Job, with live lines, its native id, and nothing left`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 3, lines: 12, pause: "0.5"))
    let result = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      let live = eventually("a line arrives before the job's end") {
        server.output(of: Program.hflow, ["logs", "last", "job1"]).contains("line 1")
      }
      #expect(live)
      #expect(server.left.count { $0.hasPrefix("job.batch/job") } == 3)
      let all = ProcessTable.commandLines.values.flatMap(\.self).joined(separator: " ")
      let jobs = server.output(of: "kubectl", ["get", "jobs,pods", "-o", "json"])
      let listen = server.output(of: "kubectl", ["get", "secrets", "-o", "json"])
      #expect(listen.contains("redis://worker:"))
      #expect(!jobs.contains("worker:") || !jobs.contains("redis://worker"))
      #expect(!all.contains("redis://worker:"))
      #expect(jobs.contains("hflow-job-execute - -a -- "))
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...3 { #expect(server.marks("job\(number)") == 1) }
    let accepted = result.events.filter { $0["event"]?.string == "jobAccepted" }
    #expect(accepted.count == 3)
    #expect(
      accepted.allSatisfy { $0["nativeID"]?.string?.hasPrefix("default/job") == true })
    // One watch for all pods, and one call for each Job and for the end.
    let calls = server.calls
    #expect(calls["watch pods"] == 1 && calls["POST jobs"] == 3)
    server.expectNothingLeft()
  }

  /// In a pod of its own, and in that of a worker.
  @Test(arguments: ["k8sCommand", "amqpCommand"])
  func `declared files are looked for in the pod`(function: String) async throws {
    func job(_ name: String, _ script: String, _ ins: String, _ outs: String) -> String {
      """
      {"name": "\(name)", "function": "\(function)", "firingLimit": 1, "ins": [\(ins)],
       "outs": [\(outs)], "config": {"executor": {"executable": "sh", "args": ["-c", "\(script)"]}}}
      """
    }
    let text = """
      {"name": "files", "processes": [
        \(job("make", "echo a > a.txt", #""go""#, #""a.txt""#)),
        \(job("lie", "cat a.txt || cat > b.txt", #""a.txt""#, #""b.txt""#)),
        \(job("use", "cat b.txt || true", #""b.txt""#, ""))],
       "signals": [{"name": "go", "data": [{}]}, {"name": "a.txt"}, {"name": "b.txt"}],
       "ins": [], "outs": []}
      """
    let server = try KubernetesServer(text)
    let warned = try await server.run(["run", ".", "--headless"] + Self.on)
    #expect(warned.exitCode == 0, "\(warned.output) \(warned.errors)")
    #expect(warned.output.contains("succeeded  lie:1  warning: output missing: b.txt"))
    #expect(warned.output.contains("use:1  input missing: b.txt; task lie:1 should have made it"))
    #expect(!warned.output.contains("a.txt;"))
    let strict = try await server.run(
      ["run", ".", "--headless", "--new", "--check-files"] + Self.on)
    #expect(strict.exitCode == 1)
    #expect(strict.output.contains("failed     lie:1  missing file: output missing: b.txt"))
    server.expectNothingLeft()
  }

  @Test func `tasks of one name share Jobs, and the last group waits for its time`() async throws {
    let rules = #"[{"matchTask": ["part"], "size": 2, "timeoutMs": 1000}]"#
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 5, lines: 1, pause: "0.1", name: "part"),
      files: ["workflow.config.jobAgglomerations.json": rules])
    let result = try await server.run(["run", ".", "--json"] + Self.on)
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...5 { #expect(server.marks("job\(number)") == 1) }
    #expect(server.calls["POST jobs"] == 3)
    server.expectNothingLeft()
  }

  @Test func `an image that cannot be pulled fails its task soon, a full cluster only waits`()
    async throws
  {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 1, pause: "0.1"))
    server.play(#"{"op": "image", "job": "-job1-"}"#)
    server.play(#"{"op": "unschedulable", "job": "-job2-"}"#)
    let result = try await server.run(["run", ".", "--json"] + Self.on)
    #expect(result.exitCode == 1, "\(result.errors)")
    #expect(server.marks("job1") == 0 && server.marks("job2") == 1)
    #expect(causes(result).contains { $0.contains("ImagePullBackOff: Back-off pulling image") })
    #expect(reasons(result).contains("Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."))
    server.expectNothingLeft()
  }

  @Test(arguments: [
    ("delete-pod", "was deleted"), ("evict", "its pod was ended: TerminationByKubelet"),
  ])
  func `a pod that is taken away is replaced by a new Job`(fault: String, words: String)
    async throws
  {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 12, pause: "0.5"))
    let result = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      _ = eventually("both jobs have begun") { server.begun(2) == 2 }
      server.play(#"{"op": "\#(fault)", "job": "-job1-"}"#)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(server.marks("job1") == 2 && server.marks("job2") == 1)
    let causes = causes(result)
    #expect(causes.contains { $0.contains("lost") && $0.contains(words) }, "\(causes)")
    #expect(server.calls["POST jobs"] == 3)
    server.expectNothingLeft()
  }

  @Test func `memory, time and a missing executor are told apart`() async throws {
    let template = KubernetesServer.template.replacing(
      "  template:", with: "  activeDeadlineSeconds: ${seconds}\n  template:")
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 1, lines: 100, pause: "0.2"), template: template,
      files: ["workflow.config.jobvars.json": #"{"seconds": 60}"#])
    let memory = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      _ = eventually("the job has begun") { server.begun(1) == 1 }
      server.play(#"{"op": "oom"}"#)
    }
    #expect(memory.exitCode == 1)
    #expect(causes(memory).count == 1 && causes(memory)[0].hasPrefix("oom"), "\(causes(memory))")
    let jobvars = Files.join(server.workspace.path, "workflow.config.jobvars.json")
    try Files.write(Array(#"{"seconds": 1}"#.utf8), to: jobvars)
    let time = try await server.run(["run", ".", "--json", "--new"] + Self.on)
    #expect(causes(time).count == 1 && causes(time)[0].hasPrefix("timeout"), "\(causes(time))")
    let missing = #"{"seconds": 60, "command": "exec no-such-executor"}"#
    try Files.write(Array(missing.utf8), to: jobvars)
    let absent = try await server.run(["run", ".", "--json", "--new"] + Self.on)
    #expect(absent.exitCode == 1)
    #expect(causes(absent).allSatisfy { $0.contains("no-such-executor") }, "\(causes(absent))")
    server.expectNothingLeft()
  }

  @Test func `a full quota and a busy server are waited out with few calls`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 4, lines: 2, pause: "0.5"), options: ["--quota", "2"])
    server.play(#"{"op": "busy", "count": 1}"#)
    let result = try await server.run(["run", ".", "--json"] + Self.on)
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...4 { #expect(server.marks("job\(number)") == 1) }
    #expect(reasons(result).contains { $0.contains("exceeded quota") })
    #expect((server.calls["POST jobs"] ?? 0) < 16, "\(server.calls)")
    server.expectNothingLeft()
  }

  @Test func `a server that is away for a while costs nothing`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 6, pause: "0.5"))
    let result = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      _ = eventually("both jobs have begun") { server.begun(2) == 2 }
      server.play(#"{"op": "down", "seconds": 2}"#)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...2 { #expect(server.marks("job\(number)") == 1) }
    server.expectNothingLeft()
  }

  @Test func `the next engine finds its Jobs again and makes none`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 3, lines: 6, pause: "0.5"))
    _ = try await server.run(["run", ".", "--headless"] + Self.on) { engine in
      _ = eventually("all jobs have begun") { server.begun(3) == 3 }
      engine.send(SIGKILL)
    }
    let result = try await server.run(["resume", "--headless"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...3 { #expect(server.marks("job\(number)") == 1) }
    #expect(server.calls["POST jobs"] == 3)
    server.expectNothingLeft()
  }

  @Test func `a task can be held while its pod waits, and released`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 3, pause: "0.5"))
    server.play(#"{"op": "unschedulable", "job": "-job1-", "seconds": 600}"#)
    let result = try await server.run(["run", ".", "--json"] + Self.on) { _ in
      _ = eventually("the other job has begun") { server.marks("job2") == 1 }
      _ = server.output(of: Program.hflow, ["hold", "last", "job1"])
      let isHeld = eventually("the Job of the held task is deleted") {
        !server.left.contains { $0.hasPrefix("job.batch/") && $0.contains("-job1-") }
      }
      #expect(isHeld)
      _ = server.output(of: Program.hflow, ["release", "last", "job1"])
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(server.marks("job1") == 1 && server.marks("job2") == 1)
    server.expectNothingLeft()
  }

  @Test func `HyperFlow's own kind of executor in the image works, without a password`()
    async throws
  {
    let template = KubernetesServer.template.replacing(
      "'${command} ||", with: "'sh other ${command} ||")
    // As HyperFlow's executor does: it knows nothing of our reports and orders.
    let script = """
      shift; url=$1; shift 3
      for id in "$@"; do
        redis-cli -u $url INCR ${id}_acqCount
        redis-cli -u $url --raw LINDEX ${id}_msg 0 > message
        python3 -c 'import json, subprocess as s; m = json.load(open("message")); \
      s.run([m["executable"]] + m["args"])'
        wf=${id#*:}; wf=${wf%%:*}
        redis-cli -u $url SADD $id 0
        redis-cli -u $url SADD wf:$wf:tasksPendingCompletionHandling $id
      done
      """
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 1, pause: "0.1", name: "part"), template: template,
      files: [
        "other": script,
        "workflow.config.jobAgglomerations.json":
          #"[{"matchTask": ["part"], "size": 2, "timeoutMs": 1000}]"#,
      ])
    let port = server.freePort
    let redis = try GivenRedis(
      in: server.workspace.path, "--port", port, "--bind", "127.0.0.1")
    let result = try await server.run(
      ["run", ".", "--json", "--on", "kubernetes", "--redis", "redis://127.0.0.1:\(port)"])
    withExtendedLifetime(redis) {}
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(server.marks("job1") == 1 && server.marks("job2") == 1)
    #expect(server.calls["POST jobs"] == 1 && server.calls["POST secrets"] == nil)
    server.expectNothingLeft()
  }

  @Test func `a preview makes nothing`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 2, lines: 1, pause: "0.1"))
    let result = try await server.run(
      ["run", "."] + Self.on, adding: ["HF_VAR_K8S_TEST": "1"])
    let jobs = result.output.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
    #expect(jobs.count == 2 && jobs.allSatisfy { $0["kind"] == "Job" }, "\(result.output)")
    #expect(server.calls.isEmpty)
  }

  @Test func `workers and Jobs share a run, and a partition has its own namespace`() async throws {
    let partition = #", "partition": 2"#
    let workflow = KubernetesServer.workflow(jobs: 2, lines: 8, pause: "0.5")
      .replacing(#""job2"]}"#, with: #""job2"]\#(partition)}"#)
      .replacing(#""job1", "function": "k8sCommand""#, with: #""job1", "function": "command""#)
    let server = try KubernetesServer(
      workflow, files: ["workflow.config.jobvars2.json": #"{"k8sNamespace": "tests"}"#])
    // The image of the local job is for pods.
    let result = try await server.run(
      ["run", ".", "--json", "--container-tool", "none", "--on", "local:2"] + Self.on)
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(server.marks("job1") == 1 && server.marks("job2") == 1)
    let ids = result.events.compactMap { event in
      event["event"] == "jobAccepted" ? event["nativeID"]?.string : nil
    }
    #expect(ids.count == 1 && ids.allSatisfy { $0.hasPrefix("tests/job") }, "\(ids)")
    server.expectNothingLeft()
  }

  @Test(.enabled(if: Recipe.runsLongTests, "make test-sites"))
  func `an executor that falls silent loses its job, and says so before Kubernetes does`()
    async throws
  {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 1, lines: 100, pause: "1"))
    let result = try await server.run(["run", ".", "--json"] + Self.on) { engine in
      _ = eventually("the job has begun") { server.begun(1) == 1 }
      let runs = Files.join(server.workspace.path, ".hflow/runs")
      let run = Files.list(runs).first ?? "?"
      for (pid, words) in ProcessTable.commandLines
      where words.first?.hasSuffix("hflow-job-execute") == true
        && words.contains(where: { $0.hasPrefix(run) })
      {
        kill(Int32(pid), SIGSTOP)
      }
      _ = eventually("a second attempt begins") { server.marks("job1") == 2 }
      engine.send(SIGTERM)
    }
    #expect(causes(result).first?.contains("its executor sends no heartbeat") == true)
    server.expectNothingLeft()
  }

  @Test func `cancelled tasks and a stopped run leave no Job`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 3, lines: 100, pause: "0.2"))
    server.play(#"{"op": "image", "job": "nothing"}"#)
    let result = try await server.run(["run", ".", "--json"] + Self.on) { engine in
      _ = eventually("all jobs have begun") { server.begun(3) == 3 }
      _ = server.output(of: Program.hflow, ["cancel", "last", "job1"])
      engine.send(SIGTERM)
    }
    #expect(result.exitCode != 0)
    #expect(causes(result).allSatisfy { $0.hasPrefix("cancelled") }, "\(causes(result))")
    server.expectNothingLeft()
  }

  @Test func `what keeps a run from its start is said in one line`() async throws {
    let server = try KubernetesServer(
      KubernetesServer.workflow(jobs: 1, lines: 1, pause: "0.1"))
    let unreachable = try await server.run(["run", ".", "--headless", "--on", "kubernetes"])
    #expect(unreachable.errorLines.count == 1)
    #expect(unreachable.errors.contains("--redis-listen"))
    let unnamed = try await server.run(["run", ".", "--headless"])
    #expect(unnamed.errors.contains("with --on kubernetes each is a Job"))
    let check = try await server.run(["sites", "--check", "kubernetes"])
    #expect(check.exitCode == 0 && check.output.contains("kubernetes: ok; Kubernetes v1.32"))
    let elsewhere = try await server.run(
      ["sites", "--check", "kubernetes"], adding: ["HF_VAR_NAMESPACE": "nowhere"])
    #expect(elsewhere.errors.contains("there is no namespace nowhere"))
    let imageless = try await server.run(
      ["run", ".", "--headless"] + Self.on, adding: ["HF_VAR_WORKER_CONTAINER": ""])
    #expect(imageless.errorLines.count == 1)
    #expect(imageless.errors.contains("job-template.yaml:12: ${containerName} has no value"))
    server.play(#"{"op": "deny", "verb": "create"}"#)
    let denied = try await server.run(["run", ".", "--headless"] + Self.on)
    #expect(denied.errors.contains("you may not create jobs in namespace default"))
    server.expectNothingLeft()
  }
}
