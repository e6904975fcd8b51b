import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// A run's own Redis: killed, unreachable, and replaced by another user's server.
@Suite(.serialized, .timeLimit(.minutes(10))) struct OwnServerTests {
  /// A number of jobs. Each waits for the file `go` and records its start and its end.
  private func workspace(_ count: Int = 3) throws -> Workspace {
    let jobs = (1...count).map { number in
      Samples.job(
        "job",
        "echo begun >> marks/\(number); until [ -e go ]; do sleep 0.05; done; "
          + "echo ended >> marks/\(number)", ins: #""go""#, outs: "")
    }
    let place = try Workspace(Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}"#))
    try Files.makeDirectory(Files.join(place.path, "marks"))
    try Files.makeDirectory(Files.join(place.path, "tmp"))
    return place
  }

  private func environment(_ place: Workspace) -> [String: String?] {
    ["TMPDIR": "\(place.path)/tmp", "XDG_RUNTIME_DIR": nil]
  }

  private func hflow(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(arguments, environment: environment(place), directory: place.path)
  }

  /// Runs a command to its end, for closures that are not asynchronous.
  private func exitCode(_ place: Workspace, _ arguments: String...) -> Int {
    var request = SpawnRequest(Program.hflow, arguments)
    request.environment = Program.cleanEnvironment(environment(place))
    request.directory = place.path
    request.standardOutput = .null
    guard case .exited(let code) = (try? Child.spawn(request))?.wait()?.status else { return -1 }
    return code
  }

  private func begun(_ place: Workspace) -> Int {
    Files.list(Files.join(place.path, "marks")).count
  }

  private func expectOnce(_ place: Workspace, _ count: Int = 3) {
    for number in 1...count {
      #expect(place.text("marks/\(number)") == "begun\nended\n", "job \(number)")
    }
  }

  private func directory(_ place: Workspace) -> String {
    let runs = Files.join(place.path, ".hflow/runs")
    return Files.list(runs).map { Files.join(runs, $0) }.first ?? runs
  }

  private func description(_ place: Workspace) throws -> JSON {
    try JSON(parsing: Files.read(Files.join(directory(place), "run.json")))
  }

  private func socket(_ place: Workspace) throws -> String {
    let url = try RedisURL(parsing: try #require(try description(place)["redis"]?.string))
    guard case .unix(let path) = url.endpoint else { return "" }
    return path
  }

  private func servers(_ place: Workspace) -> [Child] {
    DataHolders(ofDataIn: Files.join(directory(place), "redis")).processes
  }

  private func answers(_ place: Workspace) -> Bool {
    (try? RedisConnection(RedisURL(.unix(path: try socket(place))))) != nil
  }

  private func state(_ place: Workspace) async throws -> String? {
    let list = try JSON(parsing: try await hflow(place, "list", "--json").output)
    return list.array?.first?["state"]?.string
  }

  // MARK: Killed

  @Test func `a Redis killed again while it starts costs no job`() async throws {
    let place = try workspace()
    let result = try await Program.run(
      ["run", place.path, "--headless", "--slots", "3"], environment: environment(place)
    ) { _ in
      _ = eventually("all have begun") { begun(place) == 3 }
      let first = servers(place)
      for server in first { server.send(SIGKILL) }
      _ = eventually("the next one is killed before it can answer") {
        guard let next = servers(place).first(where: { !first.contains($0) }) else { return false }
        next.send(SIGKILL)
        return true
      }
      _ = eventually("another one answers") { answers(place) }
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place)
  }

  @Test func `a Redis killed seven times in a row costs no job`() async throws {
    let place = try workspace()
    let result = try await Program.run(
      ["run", place.path, "--headless", "--slots", "3"], environment: environment(place)
    ) { _ in
      _ = eventually("all have begun") { begun(place) == 3 }
      for _ in 0..<7 {
        _ = eventually("one answers") { answers(place) }
        for server in servers(place) { server.send(SIGKILL) }
      }
      _ = eventually("one answers") { answers(place) }
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place)
  }

  @Test func `an engine without its Redis exits, and its jobs continue`() async throws {
    let place = try workspace()
    let result = try await Program.run(
      ["run", place.path, "--headless", "--slots", "3"], environment: environment(place)
    ) { _ in
      _ = eventually("all have begun") { begun(place) == 3 }
      rename("\(directory(place))/redis", "\(directory(place))/away")
      let away = DataHolders(ofDataIn: "\(directory(place))/away").processes
      #expect(!away.isEmpty)
      for server in away { server.send(SIGKILL) }
    }
    #expect(result.exitCode == 3)
    #expect(result.errors.contains("redis is gone"), "\(result.errors)")
    #expect(result.errorLines.last?.contains("hflow-tui resume") == true, "\(result.errors)")
    // The Redis is back.
    rename("\(directory(place))/away", "\(directory(place))/redis")
    try place.write("", to: "go")
    #expect(
      eventually("the jobs have ended") {
        (1...3).allSatisfy { place.text("marks/\($0)").contains("ended") }
      })
    #expect(try await hflow(place, "resume", "--headless").exitCode == 0)
    expectOnce(place)
  }

  // MARK: Hidden

  @Test func `a socket that was removed during a run is created again`() async throws {
    let place = try workspace()
    let result = try await Program.run(
      ["run", place.path, "--headless", "--slots", "3"], environment: environment(place)
    ) { _ in
      _ = eventually("all have begun") { begun(place) == 3 }
      let socket = (try? socket(place)) ?? "?"
      Files.removeTree(Files.parent(of: socket))
      // The test does not wait here: the commands wait for the engine.
      #expect(exitCode(place, "pause", "last") == 0)
      #expect(exitCode(place, "logs", "last", "job:1") == 0)
      #expect(exitCode(place, "continue", "last") == 0)
      #expect(Files.exists(socket))
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect((result.output + result.errors).contains("the socket of the run's Redis is gone"))
    expectOnce(place)
  }

  @Test func `a run whose socket is gone is neither interrupted nor resumed`() async throws {
    let place = try workspace()
    #expect(try await hflow(place, "run", ".", "--detach", "--slots", "3").exitCode == 0)
    _ = eventually("all have begun") { begun(place) == 3 }
    let engine = Child(pid: Int32(try #require(try description(place)["enginePid"]?.int)))
    let server = try #require(servers(place).first)
    // The engine cannot create the socket again.
    engine.send(SIGSTOP)
    Files.removeTree(Files.parent(of: try socket(place)))
    #expect(try await state(place) == "running")
    let resumed = try await hflow(place, "resume", "last", "--headless")
    #expect(resumed.exitCode == 3)
    #expect(resumed.errors.contains("its engine is process \(engine.pid)"), "\(resumed.errors)")
    #expect(try await hflow(place, "remove", "last").exitCode == 2)
    #expect(servers(place) == [server])
    engine.send(SIGCONT)
    #expect(eventually("the socket is there again") { answers(place) })
    try place.write("", to: "go")
    #expect(eventually("everything has ended") { place.processes().isEmpty })
    #expect(try await state(place) == "closed")
    expectOnce(place)
  }

  /// As when the last session of a user ends, and with it `$XDG_RUNTIME_DIR`.
  @Test func `a run survives the removal of the parent of its socket directory`() async throws {
    let place = try workspace()
    let runtime = Files.join(place.path, "runtime")
    try Files.makeDirectory(runtime, mode: 0o700)
    let environment = environment(place).merging(["XDG_RUNTIME_DIR": runtime]) { $1 }
    let result = try await Program.run(
      ["run", place.path, "--headless", "--slots", "3"], environment: environment
    ) { _ in
      _ = eventually("all have begun") { begun(place) == 3 }
      #expect((try? socket(place))?.hasPrefix(runtime) == true)
      Files.removeTree(runtime)
      // Nobody can create the directory again.
      try? place.write("", to: "runtime")
      #expect(exitCode(place, "pause", "last") == 0)
      #expect(exitCode(place, "continue", "last") == 0)
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place)
    #expect(Files.list("\(place.path)/tmp").isEmpty)
  }

  @Test func `an engine adopts a Redis that a command restarted meanwhile`()
    async throws
  {
    let place = try workspace()
    #expect(try await hflow(place, "run", ".", "--detach", "--slots", "3").exitCode == 0)
    _ = eventually("all have begun") { begun(place) == 3 }
    let engine = Child(pid: Int32(try #require(try description(place)["enginePid"]?.int)))
    engine.send(SIGSTOP)
    for server in servers(place) { server.send(SIGKILL) }
    // The command keeps the Redis that it has started while it follows.
    var request = SpawnRequest(Program.hflow, ["logs", "last", "job:1", "--follow"])
    request.environment = Program.cleanEnvironment(environment(place))
    request.directory = place.path
    request.standardOutput = .null
    let looker = try Child.spawn(request)
    #expect(eventually("somebody has revived it") { answers(place) })
    let revived = servers(place)
    engine.send(SIGCONT)
    #expect(
      eventually("the engine has it") {
        (try? description(place))?["revived"] == false
      })
    #expect(servers(place) == revived)
    try place.write("", to: "go")
    #expect(looker.wait()?.status == .exited(0))
    #expect(eventually("everything has ended") { place.processes().isEmpty })
    expectOnce(place)
  }

  // MARK: Counterfeited

  /// A Redis of another user at the former path of a run's socket, which claims to be that run's.
  private final class Squatter {
    let server: Child
    private let directory: String

    init(at socket: String) throws {
      let directory = Files.parent(of: socket)
      self.directory = directory
      let log = Files.join(directory, "log")
      #expect(eventually("the former server's directory is gone") { !Files.exists(directory) })
      try Files.makeDirectory(directory, mode: 0o755)
      #expect(chown(directory, 65534, 65534) == 0)
      var request = SpawnRequest(
        "setpriv",
        [
          "--reuid", "65534", "--regid", "65534", "--clear-groups", "redis-server", "--port", "0",
          "--unixsocket", socket, "--unixsocketperm", "777", "--save", "", "--dir", directory,
          "--logfile", log,
        ])
      request.standardOutput = .null
      server = try Child.spawn(request)
      let starts = eventually("the stranger's server answers") {
        (try? RedisConnection(RedisURL(.unix(path: socket)))) != nil
      }
      let said = String(decoding: (try? Files.read(log)) ?? [], as: UTF8.self)
      try #require(starts, "\(server.groupIsAlive) \(said)")
    }

    deinit {
      server.send(SIGKILL)
      _ = server.wait()
      Files.removeTree(directory)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs a second user"))
  func `another user's server at a run's socket is not trusted`() async throws {
    let place = try workspace(1)
    // The other user can enter the directory.
    #expect(chmod(place.path, 0o755) == 0)
    try place.write("", to: "go")
    #expect(try await hflow(place, "run", ".", "--headless").exitCode == 0)
    let socket = try socket(place)
    #expect(!Files.exists(socket))
    let squatter = try Squatter(at: socket)
    let run = try #require(try description(place)["run"]?.string)
    // A forged journal, and a job for any worker that connects.
    let theirs = try RedisConnection(RedisURL(.unix(path: socket)))
    let forged = """
      {"executable":"touch","args":["\(place.path)/forged"],"inputs":[],"outputs":[],\
      "taskId":"\(run):1:9:9","name":"x","hflow":{"directory":"\(place.path)"}}
      """
    let keys = try #require(RunID(run).map(RunKeys.init))
    _ = try theirs.run([
      RedisCommand("SET", keys.workflow, place.text("workflow.json")),
      RedisCommand("HSET", keys.info, "number", 1, "settings", "{}", "variables", "{}"),
      RedisCommand("LPUSH", PoolKeys(run).queue, forged),
      RedisCommand("CONFIG", "RESETSTAT"),
    ])
    #expect(try await state(place) == "closed")
    for words in [
      ["logs", "last", "job:1"], ["report", "last", "--json"], ["close", "last"],
      ["retry", "last", "job:1", "--only"],
    ] {
      let result = try await Program.run(
        words, environment: environment(place), directory: place.path)
      #expect(words[0] == "close" || result.exitCode == 0, "\(words): \(result.errors)")
    }
    #expect(
      eventually("the second attempt has ended") {
        place.text("marks/1") == "begun\nended\nbegun\nended\n"
      })
    #expect(
      eventually("the engine has ended") {
        (try? description(place))?["engine"]?.string?.isEmpty == true
      })
    // No client has sent anything to the other user's server.
    let commands = try theirs.call(RedisCommand("INFO", "commandstats")).string ?? ""
    for word in [
      "cmdstat_get", "cmdstat_auth", "cmdstat_ping", "cmdstat_exists", "cmdstat_evalsha",
    ] {
      #expect(!commands.contains(word), "\(commands)")
    }
    #expect(!Files.exists("\(place.path)/forged"))
    #expect(try await hflow(place, "remove", "last").exitCode == 0)
    #expect(squatter.server.groupIsAlive)
  }

  @Test func `the token of a run is only in its own files and its Redis`() async throws {
    let place = try workspace(1)
    #expect(
      try await hflow(place, "run", ".", "--detach", "--invoker", "oneshot").exitCode == 0)
    _ = eventually("it has begun") { begun(place) == 1 }
    let token = try #require(try description(place)["token"]?.string)
    for pid in Files.list("/proc").compactMap({ Int($0) }) {
      #expect(!ProcessTable.commandLine(of: pid).contains { $0.contains(token) })
    }
    let job = try #require(
      ProcessTable.commandLines.first { _, words in
        words.contains { $0.contains("echo begun >> marks/1") }
          && words.first?.hasSuffix("sh") == true
      }?.key)
    let environment = try Files.read("/proc/\(job)/environ")
    #expect(environment.firstRange(of: Array(token.utf8)) == nil)
    try place.write("", to: "go")
    #expect(eventually("everything has ended") { place.processes().isEmpty })
    expectOnce(place, 1)
  }

  /// A `run.json` as an earlier version wrote it.
  @Test func `a run without a token is opened and gets one`() async throws {
    let place = try workspace(1)
    try place.write("", to: "go")
    #expect(try await hflow(place, "run", ".", "--headless").exitCode == 0)
    let file = Files.join(directory(place), "run.json")
    let members = try #require(try description(place).object).members
    let old = members.filter { !["token", "engine", "host"].contains($0.key) }
    let text = JSON.object(JSONObject(old.map { ($0.key, $0.value) })).text
    try Files.write(Array(text.utf8), to: file, mode: 0o600)
    Files.remove(Files.join(directory(place), "socket"))
    #expect(try await state(place) == "closed")
    #expect(try await hflow(place, "logs", "last", "job:1").exitCode == 0)
    #expect(try description(place)["token"]?.string?.isEmpty == false)
    #expect(try await hflow(place, "retry", "last", "job:1", "--only").exitCode == 0)
    #expect(eventually("everything has ended") { place.processes().isEmpty })
  }
}
