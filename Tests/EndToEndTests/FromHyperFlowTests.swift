import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Rows of docs/from-hyperflow.md that no other test tries.
@Suite(.timeLimit(.minutes(5))) struct FromHyperFlowTests {
  private func run(
    _ place: Workspace, _ environment: [String: String], _ options: String...
  ) async throws -> Program.Result {
    try await Program.run(
      ["run", place.path, "--headless"] + options, environment: environment.mapValues { $0 },
      directory: place.path)
  }

  // MARK: Variables

  /// Each job fails if another one runs.
  private static let alone = "; mkdir busy || exit 9; sleep 0.2; rmdir busy"

  @Test(arguments: [
    ("HF_VAR_CPU_REQUEST", "1500m", ["--slots", "2"]),
    ("HF_VAR_MEM_REQUEST", "60Mi", ["--slots", "4", "--memory", "100M"]),
  ])
  func `a worker books what each job requests`(
    variable: String, value: String, worker: [String]
  ) async throws {
    let place = try Workspace(marks: 4, Self.alone)
    let result = try await Program.run(
      ["run", place.path, "--headless", "--retries", "0"] + worker,
      environment: [variable: value])
    #expect(result.exitCode == 0, "\(result.output)")
  }

  @Test func `a request that no worker can fulfil fails its job, and an unreadable one is named`()
    async throws
  {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let large = try await run(place, ["HF_VAR_CPU_REQUEST": "3"], "--slots", "2", "--new")
    #expect(large.exitCode == 1)
    #expect(large.output.contains("asks for 3 cores; the largest worker has 2"), "\(large.output)")
    let odd = try await run(place, ["HF_VAR_CPU_REQUEST": "many"], "--new")
    #expect(odd.exitCode == 0)
    #expect(odd.output.contains("HF_VAR_CPU_REQUEST has no effect here"), "\(odd.output)")
  }

  @Test func `HF_VAR_PROBE_INTERVAL is the time between probes of a trace`() async throws {
    func probes(_ interval: String, _ script: String) async throws -> Int {
      let place = try Workspace(Samples.chain(script, "true", "true"))
      let result = try await run(place, ["HF_VAR_PROBE_INTERVAL": interval], "--traces")
      #expect(result.exitCode == 0, "\(result.output)")
      let first = Files.list("\(place.path)/logs-hf").filter { $0.contains("__1__1@") }
      return first.map { place.text("logs-hf/\($0)") }.joined()
        .split(separator: "\n").count { $0.contains("Procusage") }
    }
    let often = "until [ $(grep -h Procusage logs-hf/*__1__1@* | wc -l) -ge 5 ]; do sleep 0.1; done"
    #expect(try await probes("100", often) >= 5)
    #expect(try await probes("86400000", "sleep 0.5") < 5)
  }

  @Test(arguments: [([], 3), (["--retries", "0"], 1)])
  func `HF_VAR_NUMBER_OF_RETRIES is the number of attempts`(
    options: [String], attempts: Int
  ) async throws {
    let place = try Workspace(Samples.chain("echo x >> begun; exit 1", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--retry-delay", "0"] + options,
      environment: ["HF_VAR_NUMBER_OF_RETRIES": "3"])
    #expect(result.exitCode == 1)
    #expect(place.text("begun").count == 2 * attempts, "\(result.output)")
  }

  @Test(arguments: [(nil, 3), ("1", 1)])
  func `HF_VAR_STOP_WORKFLOW_WHEN_JOB_FAILED starts no further jobs`(
    value: String?, count: Int
  ) async throws {
    let place = try Workspace(
      """
      {"processes": [{"name": "p", "function": "command", "ins": ["n"], "outs": [],
       "config": {"executor": {"executable": "false", "args": []}}}],
       "signals": [{"name": "n", "data": [1, 2, 3]}], "ins": [], "outs": []}
      """)
    let result = try await Program.run(
      ["run", place.path, "--json", "--retries", "0"],
      environment: ["HF_VAR_STOP_WORKFLOW_WHEN_JOB_FAILED": value])
    #expect(result.exitCode == 1)
    #expect(result.events.count { $0["event"] == "taskFired" } == count)
  }

  @Test func `HF_VAR_INPUT_DIR and HF_VAR_OUTPUT_DIR are where files of the workflow are`()
    async throws
  {
    let job = """
      {"name": "copy", "function": "command", "firingLimit": 1, "ins": ["in.txt"],
       "outs": ["out.txt"],
       "config": {"executor": {"executable": "cp", "args": ["in.txt", "made/out.txt"]}}}
      """
    let place = try Workspace(
      Samples.workflow(
        [job],
        signals: #"{"name": "in.txt", "workflow_input": true, "data": [{}]}, "#
          + #"{"name": "out.txt", "workflow_output": true}"#))
    for name in ["given", "made"] { try Files.makeDirectory("\(place.path)/\(name)") }
    try place.write("text", to: "given/in.txt")
    let result = try await run(
      place,
      [
        "HF_VAR_INPUT_DIR": "\(place.path)/given", "HF_VAR_OUTPUT_DIR": "\(place.path)/made",
      ], "--check-files")
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(place.text("made/out.txt") == "text")
  }

  @Test func `HF_VAR_DRY_RUN runs the workflow without its programs`() async throws {
    let place = try Workspace(Samples.chain("touch a", "touch b", "exit 3"))
    let result = try await run(place, ["HF_VAR_DRY_RUN": "1"])
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(!Files.exists("\(place.path)/a"))
  }

  @Test func `HF_VAR_WAIT_FOR_INPUT_FILES waits for a file that comes late`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("read", "cat late.txt > copy", ins: #""late.txt""#, outs: ""),
          Samples.job("write", "sleep 0.5; echo text > late.txt", ins: #""s""#, outs: ""),
        ], signals: #"{"name": "late.txt", "data": [{}]}, {"name": "s", "data": [{}]}"#))
    // Every input counts as a file, as with HyperFlow.
    try place.write("", to: "s")
    let result = try await run(
      place, ["HF_VAR_WAIT_FOR_INPUT_FILES": "1", "HF_VAR_FILE_WATCH_NUM_RETRIES": "100"],
      "--slots", "2")
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(place.text("copy") == "text\n")
  }

  // MARK: Killed programs

  @Test(arguments: [SIGTERM, SIGKILL])
  func `an executor that ends leaves its job to the next one of HyperFlow's engine`(
    signal: Int32
  ) async throws {
    let place = try Workspace()
    let redis = try GivenRedis(in: place.path)
    let task = "kgHaNvFUm:7:1:1"
    try redis.tell(
      "LPUSH", "\(task)_msg",
      """
      {"executable":"sh","args":["-c","touch begun; until [ -e go ]; do sleep 0.1; done"],\
      "inputs":[],"outputs":[],"redis_url":"\(redis.url)","taskId":"\(task)","name":"job"}
      """)
    let arguments = [task, redis.url.text]
    let first = try await Program.run(arguments, of: Program.executor, directory: place.path) {
      _ = eventually("the job runs") { Files.exists("\(place.path)/begun") }
      $0.send(signal)
    }
    #expect(first.status != .exited(0))
    #expect(try redis.tell("EXISTS", task).integer == 0)
    #expect(try redis.tell("EXISTS", "wf:7:tasksPendingCompletionHandling").integer == 0)
    try place.write("", to: "go")
    let second = try await Program.run(arguments, of: Program.executor, directory: place.path)
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(try redis.tell("SISMEMBER", task, "0").integer == 1)
  }

  @Test func `resume keeps the running job of a foreign executor`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let report = """
      (cd "$(dirname "$0")"; echo "$task" >> begun; until [ -e go ]; do sleep 0.05; done)
      \(InteroperationTests.stream)
      """
    let script = InteroperationTests.standIn(report: report)
    try place.write(script, to: "executor", isExecutable: true)
    _ = try await Program.run(
      ["run", place.path, "--headless", "--executor-command", "./executor"]
    ) { engine in
      _ = eventually("the first job runs") { !place.text("begun").isEmpty }
      engine.send(SIGKILL)
    }
    try place.write("", to: "go")
    let result = try await Program.run(["resume", "-C", place.path, "--headless"])
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    #expect(place.text("begun").split(separator: "\n").count == 3, "each job has begun once")
  }

  @Test func `the job of a killed executor is retried`() async throws {
    let place = try Workspace(
      Samples.chain(
        "echo x >> begun; [ -e once ] || { touch once; kill -9 $PPID; sleep 1000; }", "true", "true"
      ))
    let result = try await run(place, [:], "--invoker", "oneshot", "--retry-delay", "0")
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(place.text("begun") == "x\nx\n")
  }
}
