import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Foreign executors with our engine, and our executor with the original engine.
@Suite struct InteroperationTests {
  /// Sends the original executor's commands in its order, and stays alive as long as it does. `$1`
  /// is the task, `$2` the URL; the exit code is what follows `exit` in the message.
  static func standIn(report: String) -> String {
    """
    #!/bin/sh
    task=$1
    url=$2
    redis() { redis-cli --no-auth-warning -u "$url" "$@" >/dev/null || exit 9; }
    wf=$(echo "$task" | cut -d: -f2)
    hf=$(echo "$task" | cut -d: -f1)
    redis SADD hf_all_jobs "$task#node#undefined#undefined"
    redis INCR "${task}_acqCount"
    redis SISMEMBER "wf:$wf:completedTasks" "$task"
    message=$(redis-cli --no-auth-warning -u "$url" BRPOPLPUSH "${task}_msg" "${task}_msg" 0)
    code=0
    case $message in *'exit 3'*) code=3 ;; esac
    \(report)
    redis SREM hf_all_jobs "$task#node#undefined#undefined"
    sleep 1
    """
  }

  static let sets = """
    redis SADD "$task" "$code"
    redis SADD "wf:$wf:tasksPendingCompletionHandling" "$task"
    """
  static let stream = #"redis XADD "hf:$hf:completions" '*' taskId "$task" code "$code""#

  @Test(arguments: [sets, stream])
  func `an executor with the original protocol completes a run`(
    report: String
  ) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    try place.write(Self.standIn(report: report), to: "executor", isExecutable: true)
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "./executor",
    ])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.events.last?["tasks"]?["succeeded"] == 3)
  }

  @Test(arguments: [sets, stream])
  func `exit codes of foreign executors are used`(report: String) async throws {
    let place = try Workspace(Samples.chain("true", "exit 3", "true"))
    try place.write(Self.standIn(report: report), to: "executor", isExecutable: true)
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "./executor",
    ])
    #expect(result.exitCode == 1)
    #expect(result.events.contains { $0["cause"] == "exit" && $0["detail"] == "3" })
  }

  @Test func `a job is lost if its executor dies without a report`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "false",
    ])
    #expect(result.exitCode == 1)
    #expect(result.events.last?["tasks"]?["lost"] == 1)
    #expect(result.events.contains { $0["cause"] == "lost" })
  }

  @Test func `a foreign executor whose job exceeds its time limit gets TERM`() async throws {
    let slow = Samples.job("slow", "true", ins: #""s""#, outs: "")
      .replacing(#""config": {"#, with: #""config": {"timeout": 1, "#)
    let place = try Workspace(
      Samples.workflow([slow], signals: #"{"name": "s", "data": [{}]}"#))
    // Like the original executor, it does not report after TERM; its child is in its process group.
    let script = """
      #!/bin/sh
      cd "$(dirname "$0")"
      (trap 'echo child >> ends; exit' TERM; while :; do sleep 0.1; done) &
      trap 'wait; echo executor >> ends; exit' TERM
      while :; do sleep 0.1; done
      """
    try place.write(script, to: "executor", isExecutable: true)
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "./executor", "--retries", "0",
    ])
    #expect(result.exitCode == 1)
    #expect(place.text("ends") == "child\nexecutor\n")
    #expect(result.events.contains { $0["cause"] == "timeout" }, "\(result.output)")
  }

  @Test func `the job of a killed executor ends before its next attempt`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [Samples.job("slow", "true", ins: #""s""#, outs: "")],
        signals: #"{"name": "s", "data": [{}]}"#))
    // The first attempt's job lives on when its executor is killed; the second looks for it.
    let script = """
      #!/bin/sh
      cd "$(dirname "$0")"
      if [ -e job ]; then
        if read state < "/proc/$(cat job)/stat"; then
          case $state in *') Z '*) ;; *) echo alive > both ;; esac
        fi
        echo "$HF_VAR_NUMBER_OF_RETRIES" > attempts
        exec sh rest "$@"
      fi
      sleep 1000 &
      echo $! > job
      kill -9 $$
      """
    try place.write(script, to: "executor", isExecutable: true)
    try place.write(Self.standIn(report: Self.stream), to: "rest", isExecutable: true)
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "./executor",
    ])
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(place.text("both") == "", "the first attempt's job still ran")
    #expect(place.text("attempts") == "1\n", "the engine alone retries")
    if let job = Int32(place.text("job").prefix { $0.isNumber }) { kill(job, SIGKILL) }
  }

  @Test func `the cause of an executor's end is read from its last lines`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let script = """
      #!/bin/sh
      echo 'Error: spawn mAdd ENOENT' >&2
      echo 'Node.js v20.19.2' >&2
      exit 1
      """
    try place.write(script, to: "executor", isExecutable: true)
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "./executor",
    ])
    #expect(result.exitCode == 1)
    let ends = result.events.filter { $0["event"] == "jobFinished" }
    #expect(ends.count == 1, "a program that is not there is not tried again")
    #expect(ends.first?["cause"] == "notFound" && ends.first?["detail"] == "mAdd")
  }

  @Test func `a task of a foreign executor has a run time`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    try place.write(
      Self.standIn(report: "sleep 0.3\n" + Self.stream), to: "executor", isExecutable: true)
    let result = try await Program.run([
      "run", place.path, "--headless", "--executor-command", "./executor",
    ])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(!result.output.contains("  0.0 s"), "\(result.output)")
  }

  @Test(arguments: [
    (["start-server"], "hflow-tui run DIR --detach"), (["send", "x"], "hflow-tui run DIR -s"),
  ])
  func `commands of HyperFlow that are not here name what does the same`(
    words: [String], advice: String
  ) async throws {
    let result = try await Program.run(words)
    #expect(result.exitCode == 2)
    #expect(result.errorLines.count == 1 && result.errors.contains(advice), "\(result.errors)")
  }

  @Test func `HF_VAR_REDIS_CMD_MAX_PARALLELISM is the number of jobs at a time`() async throws {
    let place = try Workspace(marks: 4, "; mkdir busy || exit 9; sleep 0.2; rmdir busy")
    let variable = ["HF_VAR_REDIS_CMD_MAX_PARALLELISM": "1"]
    let result = try await Program.run(["run", place.path, "--headless"], environment: variable)
    #expect(result.exitCode == 0, "\(result.output)")
  }

  @Test func `HF_VAR_WORKER_CONTAINER is the image of every job`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--headless"], environment: ["HF_VAR_WORKER_CONTAINER": "/no/image"])
    #expect(result.exitCode == 1)
    #expect(result.output.contains("no image: the image /no/image does not exist"))
  }

  @Test(arguments: [(["HFLOW_TRACES": "1"], [], 3), (["HFLOW_TRACES": "0"], ["--traces"], 0)])
  func `HFLOW_TRACES decides about traces`(
    environment: [String: String], options: [String], count: Int
  ) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await Program.run(
      ["run", place.path, "--headless"] + options, environment: environment.mapValues { $0 })
    let names = Files.list(Files.join(place.path, "logs-hf"))
    #expect(names.count { !$0.contains("__std") } == count, "\(names)")
  }

  @Test func `a relative HF_VAR_WORK_DIR is below the current directory`() async throws {
    let place = try Workspace(Samples.chain("pwd > where", "cat where", "true"))
    try Files.makeDirectory(Files.join(place.path, "jobs"))
    let result = try await Program.run(
      ["run", ".", "--headless"], environment: ["HF_VAR_WORK_DIR": "jobs"], directory: place.path)
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(place.text("jobs/where") == "\(Files.realPath(place.path) ?? "")/jobs\n")
  }

  @Test func `variables of HyperFlow work or are said to have no effect`() async throws {
    let place = try Workspace(Samples.chain("echo one", "exit 3", "true"))
    try Files.makeDirectory(Files.join(place.path, "jobs"))
    let result = try await Program.run(
      ["run", place.path, "--headless"],
      environment: [
        "HF_VAR_BACKOFF_LIMIT": "2", "HF_VAR_STOP_WORKFLOW_WHEN_JOB_FAILED": "1",
        "HF_VAR_WORK_DIR": Files.join(place.path, "jobs"),
        "HF_VAR_LOG_DIR": Files.join(place.path, "out"), "HFLOW_TRACES": "1",
      ])
    #expect(result.exitCode == 1)
    #expect(result.output.contains("HF_VAR_BACKOFF_LIMIT has no effect here"))
    let home = Files.realPath(place.path) ?? place.path
    #expect(result.output.contains("--failed -C \(home)\n"), "\(result.output)")
    #expect(result.output.contains("output: \(home)/out\n"), "\(result.output)")
    let names = Files.list(Files.join(place.path, "out"))
    #expect(names.contains { $0.hasSuffix("__stdout.log") })
    #expect(names.count { !$0.contains("__std") } == 2, "each job has a trace: \(names)")
    let logs = try await Program.run(["logs", "last", "a:1", "-C", place.path])
    #expect(logs.output == "one\n")
  }

  @Test func `each job has an executor of its own`() async throws {
    let place = try Workspace(Samples.chain("echo one", "echo $HFLOW_REDIS_URL > url", "true"))
    let result = try await Program.run(["run", place.path, "--json", "--invoker", "oneshot"])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(place.text("url") == "\n")
  }

  @Test func `the url given to a foreign executor reaches only what it needs`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let script = """
      #!/bin/sh
      run=$(echo "$1" | cut -d: -f1)
      try() { redis-cli --no-auth-warning -u "$url" "$@" 2>&1 | head -n 1 >> ../answers; }
      url=$2
      cd "$(dirname "$0")/inside" || exit 1
      try CONFIG GET dir
      try FLUSHALL
      try XADD "hf:$run:events" '*' e x
      try XADD "hf:$run:control" '*' c x
      try DEL "hf:$run:lease"
      try ACL LIST
      try SCAN 0
      try GET "hf:$run:info"
      try EVAL "return 1" 0
      try LPUSH "hf:pool:$run:queue" x
      """
    try place.write(script, to: "executor", isExecutable: true)
    try Files.makeDirectory(Files.join(place.path, "inside"))
    let result = try await Program.run([
      "run", place.path, "--json", "--executor-command", "./executor",
    ])
    #expect(result.exitCode == 1)
    let answers = place.text("answers").split(separator: "\n")
    // A lost job is retried three times.
    #expect(answers.count == 4 * 10)
    #expect(answers.allSatisfy { $0.contains("NOPERM") }, "\(answers)")
  }

  /// The original engine's side: `LPUSH <task>_msg`, then the executor's command line.
  @Test func `our executor completes a job of the original engine`() async throws {
    let place = try Workspace()
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: Files.join(place.path, "data"), socketDirectory: place.path,
        logFile: Files.join(place.path, "log")))
    defer { server.stop() }
    let redis = try RedisConnection(server.url)
    let tasks = ["kgHaNvFUm:7:1:1", "kgHaNvFUm:7:2:1"]
    for (task, code) in zip(tasks, [0, 4]) {
      let message = """
        {"executable":"sh","args":["-c","exit \(code)"],"inputs":[{"name":"start","_id":1,\
        "data":[1],"sigIdx":1}],"outputs":[],"redis_url":"\(server.url)","taskId":"\(task)",\
        "name":"job"}
        """
      _ = try redis.call(RedisCommand("LPUSH", "\(task)_msg", message))
    }
    let single = try await Program.run(
      [tasks[0], server.url.text], of: Program.executor, directory: place.path)
    #expect(single.exitCode == 0, "\(single.errors)")
    _ = try await Program.run(
      [server.url.text, "-a", "--", tasks[1]], of: Program.executor, directory: place.path)
    func members(_ key: String) throws -> Set<String> {
      Set((try redis.call(RedisCommand("SMEMBERS", key)).array ?? []).compactMap(\.string))
    }
    #expect(try members(tasks[0]) == ["0"])
    #expect(try members(tasks[1]) == ["4"])
    #expect(try members("wf:7:tasksPendingCompletionHandling") == Set(tasks))
    #expect(try members("hf_all_jobs") == [])
    #expect(try redis.call(RedisCommand("LLEN", "\(tasks[0])_msg")).integer == 1)
    #expect(try redis.call(RedisCommand("GET", "\(tasks[0])_acqCount")).string == "1")
    let keys = try redis.call(RedisCommand("KEYS", "hf:*")).array ?? []
    #expect(keys.isEmpty, "nothing of ours is left in the original's Redis")
  }
}
