import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Finished runs are listed, read and removed.
@Suite(.timeLimit(.minutes(5))) struct RunsTests {
  private func hflow(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(
      arguments, environment: ["XDG_STATE_HOME": "\(place.path)/state"], directory: place.path)
  }

  private func ids(_ place: Workspace) async throws -> [String] {
    let list = try JSON(parsing: try await hflow(place, "list", "--json").output)
    return (list.array ?? []).compactMap { $0["run"]?.string }
  }

  @Test func `runs are listed newest first, with their final status`() async throws {
    let place = try Workspace(Samples.chain("true", "test -e good", "true"))
    #expect(try await hflow(place, "list").errors.contains("no runs"))
    _ = try await hflow(place, "run", ".", "--headless")
    try place.write("", to: "good")
    _ = try await hflow(place, "run", ".", "--headless")
    let lines = try await hflow(place, "list").output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("run "))
    #expect(lines[1].contains("✔ succeeded  3/3"))
    #expect(lines[2].contains("✘ failed     1/3 ✘1"))
    // No process was started for it.
    #expect(place.processes().isEmpty)
  }

  @Test func `a list does not read long journals`() async throws {
    let place = try Workspace(Samples.chain("true", "test -e good", "true"))
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place.path)/data", socketDirectory: place.path,
        logFile: "\(place.path)/log"))
    defer { server.stop() }
    let url = server.url.text
    _ = try await hflow(place, "run", ".", "--headless", "--redis", url)
    let run = try #require(try await ids(place).first)
    let redis = try RedisConnection(server.url)
    // `list` must read neither of these: they say nothing about the run any more.
    _ = try redis.call(RedisCommand("SET", "hf:\(run):workflow", "nothing"))
    for _ in 0..<600 { _ = try redis.call(RedisCommand("XADD", "hf:\(run):events", "*", "e", "?")) }
    let list = try JSON(parsing: try await hflow(place, "list", "--redis", url, "--json").output)
    let entry = try #require(list.array?.first)
    #expect(entry["state"] == "closed")
    #expect(entry["status"] == "failed")
    #expect(entry["tasks"]?["succeeded"] == 1)
    #expect(entry["tasks"]?["failed"] == 1)
  }

  @Test func `output is printed as it was written`() async throws {
    let place = try Workspace(
      Samples.chain("printf 'out\\n\\033[31mred'; echo err >&2", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let all = try await hflow(place, "logs", "last", "a:1")
    #expect(all.exitCode == 0)
    #expect(
      Set(all.output.split(separator: "\n")) == ["out", "\u{1B}[31mrederr"]
        || all.output.contains("\u{1B}[31mred") && all.output.contains("err\n"))
    #expect(try await hflow(place, "logs", "last", "1:1", "--stderr").output == "err\n")
    #expect(place.processes().isEmpty)
  }

  @Test func `if there is no output, the command says why`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("a", "true", ins: #""s""#, outs: #""x""#),
          #"""
          {"name": "b", "function": "command", "firingLimit": 1, "ins": ["x"], "outs": [],
           "config": {"executor": {"executable": "no-such-command", "args": []}}}
          """#,
        ], signals: #"{"name": "s", "data": [{}]}, {"name": "x"}"#))
    _ = try await hflow(place, "run", ".", "--headless")
    let quiet = try await hflow(place, "logs", "last", "a:1")
    #expect(quiet.exitCode == 0)
    #expect(quiet.output.isEmpty)
    #expect(quiet.errors == "a:1, attempt 1: no output\n")
    let missing = try await hflow(place, "logs", "last", "b:1")
    #expect(missing.exitCode == 1)
    #expect(missing.output.isEmpty)
    #expect(missing.errorLines.count == 1)
    #expect(missing.errors.contains("never started: not found: no-such-command"))
  }

  @Test func `resume without a name does not resume a stopped run`() async throws {
    let place = try Workspace(
      Samples.chain("until [ -e go ]; do sleep 0.05; done", "true", "true"))
    _ = try await hflow(place, "run", ".", "--detach")
    let live = try await hflow(place, "resume", "--headless")
    #expect(live.exitCode == 2)
    #expect(live.errors.contains("is running"))
    #expect(try await hflow(place, "stop", "last").exitCode == 0)
    #expect(eventually("the run has ended") { place.processes().isEmpty })
    // Cancelled tasks have not failed.
    #expect(try await hflow(place, "list").output.contains("⊘ stopped  0/3 ⊘1"))
    let run = try #require(try await ids(place).first)
    let refused = try await hflow(place, "resume", "--headless")
    #expect(refused.exitCode == 2)
    #expect(refused.errors.contains("\(run.prefix(4)) is closed (stopped)"))
    #expect(refused.errors.contains("hflow-tui resume \(run.prefix(4))"))
    #expect(place.processes().isEmpty)
    try place.write("", to: "go")
    #expect(try await hflow(place, "resume", "last", "--headless").exitCode == 0)
  }

  @Test func `output that Redis no longer has comes from the executor's files`() async throws {
    let place = try Workspace(
      Samples.chain("for i in $(seq 60000); do echo line $i of many; done", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let lines = try await hflow(place, "logs", "last", "a:1").output.split(separator: "\n")
    #expect(lines.count == 60_000)
    #expect(lines.first == "line 1 of many")
    #expect(lines.last == "line 60000 of many")
  }

  @Test func `output of a live job is followed to its end`() async throws {
    let place = try Workspace(
      Samples.chain("echo begun; until [ -e go ]; do sleep 0.05; done; echo done", "true", "true"))
    _ = try await hflow(place, "run", ".", "--detach")
    let follow = try await Program.run(
      ["logs", "last", "a:1", "--follow"], directory: place.path
    ) { _ in
      try? place.write("", to: "go")
    }
    #expect(follow.exitCode == 0)
    #expect(follow.output == "begun\ndone\n")
  }

  @Test func `removing a closed run removes everything that belongs to it`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let run = try #require(try await ids(place).first)
    let removed = try await hflow(place, "remove", String(run.prefix(4)))
    #expect(removed.output == "removed run \(run)\n")
    #expect(Files.list("\(place.path)/.hflow/runs").isEmpty)
    #expect(try await hflow(place, "remove", "last").exitCode == 2)
  }

  @Test func `a reopened run whose engine was killed is interrupted`() async throws {
    let place = try Workspace(
      Samples.chain("true", "test -e go && until [ -e never ]; do sleep 0.05; done", "true"))
    #expect(try await hflow(place, "run", ".", "--headless").exitCode == 1)
    func state() async throws -> String? {
      let list = try JSON(parsing: try await hflow(place, "list", "--json").output)
      return list.array?.first?["state"]?.string
    }
    #expect(try await state() == "closed")
    try place.write("", to: "go")
    #expect(try await hflow(place, "retry", "last", "--failed").exitCode == 0)
    #expect(try await state() == "running")
    place.killAll()
    #expect(try await state() == "interrupted")
    // Its Redis is gone, so only what its first engine wrote to files is known.
    let list = try await hflow(place, "list").output
    #expect(list.contains("1/3 ✘1 ("))
    #expect(list.contains(" ago)"))
    let run = try #require(try await ids(place).first)
    for command in ["pause", "stop", "close"] {
      let errors = try await hflow(place, command, "last").errors
      #expect(errors.contains("is interrupted"))
      #expect(errors.contains("to resume it: hflow-tui resume \(run.prefix(4))"))
    }
    #expect(try await hflow(place, "remove", "last").exitCode == 0)
  }

  @Test func `a damaged run is listed and can be removed`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let sound = try #require(try await ids(place).first)
    let runs = "\(place.path)/.hflow/runs"
    for name in ["pipe2345", "text2345", "none2345", "dirs2345"] {
      try Files.makeDirectory("\(runs)/\(name)")
    }
    mkfifo("\(runs)/pipe2345/run.json", 0o600)
    try place.write("{", to: ".hflow/runs/text2345/run.json")
    try place.write("", to: ".hflow/runs/none2345/engine.log")
    try Files.makeDirectory("\(runs)/dirs2345/run.json")
    try place.write("", to: ".hflow/runs/file2345")
    // A run that is being created, also by an earlier version, is not listed, nor is a directory
    // without a run's name.
    try Files.makeDirectory("\(runs)/born2345")
    try place.write("{}", to: ".hflow/runs/born2345/creation.json")
    try Files.makeDirectory("\(runs)/form2345")
    try place.write("{}", to: ".hflow/runs/form2345/birth.json")
    try place.write("", to: ".hflow/runs/.hidden")
    let names = ["dirs2345", "file2345", "none2345", "pipe2345", "text2345"]
    let list = try await hflow(place, "list")
    #expect(list.exitCode == 0)
    #expect(list.output.split(separator: "\n").count == 2 + names.count)
    #expect(list.errorLines.count == names.count)
    #expect(try await ids(place) == [sound] + names)
    #expect(try await hflow(place, "watch", "pipe2345").errors.contains("hflow-tui remove"))
    for name in names {
      let removed = try await hflow(place, "remove", name)
      #expect(removed.exitCode == 0, "\(removed.errors)")
      #expect(!Files.exists("\(runs)/\(name)"))
    }
    #expect(try await ids(place) == [sound])
    #expect(try await hflow(place, "list").errors.isEmpty)
    // A damaged run alone is reported, not an empty list.
    #expect(try await hflow(place, "remove", "last").exitCode == 0)
    try place.write("", to: ".hflow/runs/file2345")
    let last = try await hflow(place, "watch", "last")
    #expect(last.exitCode == 3)
    #expect(last.errors.contains("but 1 damaged"))
  }

  /// Root may read everything.
  @Test(.enabled(if: geteuid() != 0)) func `unreadable runs are listed as unreadable`()
    async throws
  {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    try Files.makeDirectory("\(place.path)/.hflow/runs")
    chmod("\(place.path)/.hflow", 0)
    defer { chmod("\(place.path)/.hflow", 0o700) }
    for command in [["list"], ["watch", "last"]] {
      let result = try await Program.run(
        command, environment: ["XDG_STATE_HOME": "\(place.path)/state"], directory: place.path)
      #expect(result.exitCode == 3)
      #expect(result.errors.contains("cannot be read"))
    }
  }

  /// The Redis of the newest run, as a killed process leaves it.
  private func leftRedis(of run: String, in place: Workspace, isLookers: Bool) throws
    -> PrivateRedis
  {
    let directory = "\(place.path)/.hflow/runs/\(run)"
    var description = try JSON(parsing: Files.read("\(directory)/run.json"))
    let url = try RedisURL(parsing: #require(description["redis"]?.string))
    guard case .unix(let socket) = url.endpoint, case .object(var members) = description else {
      throw RedisError(.connect, "no run of its own Redis")
    }
    members["revived"] = .bool(isLookers)
    description = .object(members)
    try Files.write(description.bytes, to: "\(directory)/run.json")
    try Files.makeDirectory(Files.parent(of: socket), mode: 0o700)
    return try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(directory)/redis", socketDirectory: Files.parent(of: socket),
        logFile: "\(directory)/redis.log"))
  }

  @Test(arguments: ["close", "resume", "logs", "remove"])
  func `a Redis left by a dead engine is reported and can be stopped`(
    command: String
  ) async throws {
    let place = try Workspace(Samples.chain("echo hi", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let run = try #require(try await ids(place).first)
    let directory = "\(place.path)/.hflow/runs/\(run)"
    // As a killed engine leaves it: the end is in the journal, but not yet in the status file.
    Files.remove("\(directory)/status.json")
    let server = try leftRedis(of: run, in: place, isLookers: false)
    defer { server.stop() }
    let list = try await hflow(place, "list")
    #expect(list.output.contains("✔ succeeded"))
    #expect(list.errors.contains("hflow-tui close \(run.prefix(4))"))
    let arguments = [command, "last"] + (command == "logs" ? ["a:1"] : [])
    let result = try await Program.run(arguments, directory: place.path)
    #expect(result.exitCode == (command == "resume" ? 2 : 0), "\(result.errors)")
    #expect(server.hasEnded)
    if command == "remove" { return #expect(!Files.exists(directory)) }
    let after = try await hflow(place, "list")
    #expect(after.output.contains("✔ succeeded"))
    #expect(after.errors.isEmpty)
  }

  @Test func `a Redis left by a dead viewer is reported once nobody views the run`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let run = try #require(try await ids(place).first)
    let server = try leftRedis(of: run, in: place, isLookers: true)
    defer { server.stop() }
    do {
      let looker = try RedisConnection(server.url)
      #expect(try await hflow(place, "list").errors.isEmpty)
      _ = try looker.call(RedisCommand("PING"))
    }
    #expect(try await hflow(place, "list").errors.contains("hflow-tui close \(run.prefix(4))"))
    #expect(try await hflow(place, "close", "last").exitCode == 0)
    #expect(server.hasEnded)
  }

  @Test func `a Redis is not reported as orphaned while the run is viewed`()
    async throws
  {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let run = try #require(try await ids(place).first)
    let server = try leftRedis(of: run, in: place, isLookers: true)
    defer { server.stop() }
    let file = "\(place.path)/.hflow/runs/\(run)"
    let looker = try FileLock("\(file)/lookers.lock")
    looker.share()
    #expect(try await hflow(place, "list").errors.isEmpty)
    var description = try JSON(parsing: Files.read("\(file)/run.json"))
    if case .object(var members) = description {
      members["revived"] = .bool(false)
      description = .object(members)
    }
    try Files.write(description.bytes, to: "\(file)/run.json")
    let close = try await hflow(place, "close", "last")
    #expect(close.output.contains("stops when the last viewer leaves"), "\(close.errors)")
    #expect(!server.hasEnded)
    looker.release()
    #expect(try await hflow(place, "close", "last").output.contains("stopped its Redis"))
    #expect(server.hasEnded)
  }

  @Test func `prune keeps the newest runs and does not touch live ones`() async throws {
    let place = try Workspace(
      Samples.chain("until [ -e go ]; do sleep 0.05; done", "true", "true"))
    try place.write("", to: "go")
    for _ in 0..<3 { _ = try await hflow(place, "run", ".", "--headless") }
    Files.remove("\(place.path)/go")
    _ = try await hflow(place, "run", ".", "--detach")
    let before = try await ids(place)
    #expect(before.count == 4)
    let plan = try await hflow(place, "prune", "--keep", "1", "--dry-run")
    #expect(plan.output.split(separator: "\n").count == 2)
    #expect(try await ids(place) == before)
    #expect(try await hflow(place, "remove", "last").errors.contains("cannot be deleted"))
    #expect(try await hflow(place, "prune", "--keep", "1").exitCode == 0)
    #expect(try await ids(place) == Array(before.prefix(2)))
    _ = try await hflow(place, "stop", "last")
    #expect(eventually("the run has ended") { place.processes().isEmpty })
  }

  @Test func `runs on a shared Redis are listed, read and removed there`() async throws {
    let place = try Workspace(Samples.chain("echo hello", "true", "true"))
    let redis = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place.path)/shared", socketDirectory: place.path,
        logFile: "\(place.path)/redis.log"))
    defer { redis.stop() }
    let url = redis.url.text
    #expect(try await hflow(place, "run", ".", "--headless", "--redis", url).exitCode == 0)
    let list = try JSON(parsing: try await hflow(place, "list", "--json", "--redis", url).output)
    #expect(list.array?.first?["status"] == "succeeded")
    #expect(try await hflow(place, "logs", "last", "a", "--redis", url).output == "hello\n")
    #expect(try await hflow(place, "remove", "last", "--redis", url).exitCode == 0)
    let connection = try RedisConnection(redis.url)
    let keys = try connection.call(RedisCommand("KEYS", "*")).array?.compactMap(\.string) ?? []
    #expect(keys == ["wfglobal:nextId"])
    #expect(Files.list("\(place.path)/.hflow/runs").isEmpty)
  }

  @Test func `the files of a run whose shared Redis is gone can be removed`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let redis = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place.path)/shared", socketDirectory: place.path,
        logFile: "\(place.path)/redis.log"))
    _ = try await hflow(place, "run", ".", "--headless", "--redis", redis.url.text)
    redis.stop()
    _ = try await hflow(place, "run", ".", "--headless")
    let lost = try #require(try await ids(place).last)
    // Everything that can be pruned is pruned.
    let pruned = try await hflow(place, "prune", "--keep", "0")
    #expect(pruned.exitCode == 3)
    #expect(pruned.errorLines.count == 1)
    #expect(pruned.errors.contains("hflow-tui remove --files-only \(lost.prefix(4))"))
    #expect(try await ids(place) == [lost])
    #expect(try await hflow(place, "remove", "last").exitCode == 3)
    #expect(try await hflow(place, "remove", "last", "--files-only").exitCode == 0)
    #expect(try await ids(place).isEmpty)
  }

  @Test(arguments: ["pool", "oneshot"], [true, false])
  func `removing a run ends everything that a killed engine has left`(
    invoker: String, redisLives: Bool
  ) async throws {
    let place = try Workspace(Samples.chain("echo ok > begun; sleep 1000", "true", "true"))
    let run = ["run", place.path, "--headless", "--invoker", invoker]
    _ = try await Program.run(run) { engine in
      _ = eventually("the job has begun") { place.text("begun") == "ok\n" }
      engine.send(SIGKILL)
    }
    if !redisLives {
      for (pid, words) in ProcessTable.commandLines
      where words.joined().contains("redis-server") && place.processes().contains(Int32(pid)) {
        kill(Int32(pid), SIGKILL)
      }
    }
    #expect(try await hflow(place, "remove", "last").exitCode == 0)
    #expect(eventually("nothing is left") { place.processes().isEmpty })
  }

  @Test(arguments: ["list -C", "run --headless", "run --json"])
  func `incomplete output is an error`(command: String) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    #expect(try await Program.run(["run", place.path, "--headless"]).exitCode == 0)
    let command = "'\(Program.hflow)' \(command) '\(place.path)' > /dev/full"
    let result = try await Program.run(["-c", command], of: "/bin/sh")
    #expect(result.exitCode == 3)
    #expect(
      result.errorLines == [
        "the output is incomplete: No space left on device"
      ])
  }
}
