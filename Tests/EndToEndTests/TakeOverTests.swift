import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// What an engine that takes a run over finds, and what it must not do.
@Suite(.serialized) struct TakeOverTests {
  private func begun(_ place: Workspace) -> Int {
    Files.list(Files.join(place.path, "marks")).count
  }

  private func begunOnce(_ place: Workspace, _ count: Int) -> Bool {
    (1...count).allSatisfy { place.text("marks/\($0)") == "begun\n" }
  }

  /// Returns at once when an entry is trimmed from a stream, without pauses between two checks.
  private func waitUntilShorter(_ stream: String, _ url: RedisURL) {
    guard let redis = try? RedisConnection(url) else { return }
    let deadline = Clock.monotonicMilliseconds + Program.deadlineMilliseconds
    var length = 0
    while Clock.monotonicMilliseconds < deadline {
      let now = (try? redis.call(RedisCommand("XLEN", stream)).integer) ?? 0
      if now < length || now == 0 { return }
      length = now
    }
  }

  private func reportsAreRead(_ keys: RunKeys, _ url: RedisURL) -> Bool {
    (try? RedisConnection(url).call(RedisCommand("XLEN", keys.reports)).integer) == 0
  }

  /// How many finished reports wait to be read.
  private func ends(_ keys: RunKeys, _ url: RedisURL) -> Int {
    let reply = try? RedisConnection(url).call(RedisCommand("XRANGE", keys.reports, "-", "+"))
    let entries = reply.map { RedisStreamReader.decodeRange($0, stream: "") } ?? []
    // An entry may have several reports.
    return entries.flatMap(\.fields).count { $0.0 == "k" && $0.1 == Array("finished".utf8) }
  }

  /// Many more reports wait than one turn decides; the engine dies right after its first commit.
  @Test func `no message is lost when an engine dies while it reads messages`()
    async throws
  {
    let count = 800
    let place = try Workspace(marks: count, "")
    _ = try await Program.run(["run", place.path, "--headless", "--slots", "4"]) { engine in
      _ = eventually("some jobs have begun") { begun(place) >= 20 }
      engine.send(SIGKILL)
    }
    let (run, url) = try place.privateRedis()
    let keys = RunKeys(run)
    _ = eventually("the worker has done them all") {
      return begun(place) == count && ends(keys, url) >= count - 100
    }
    for _ in 0..<3 {
      _ = try await Program.run(["resume", "-C", place.path, "--headless"]) { engine in
        waitUntilShorter(keys.reports, url)
        engine.send(SIGKILL)
      }
    }
    let result = try await Program.run(["resume", "-C", place.path, "--headless"])
    // The kill may have come after the end.
    let isOver = result.errors.contains("is closed (succeeded)")
    #expect(result.exitCode == 0 || isOver, "\(result.errors)")
    #expect(begunOnce(place, count))
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a resumed paused run starts nothing until it is continued`(
    invoker: String
  ) async throws {
    let place = try Workspace(marks: 4, "; until [ -e go ]; do sleep 0.05; done")
    func hflow(_ arguments: String...) async throws -> Program.Result {
      try await Program.run(arguments, directory: place.path)
    }
    let start = ["run", place.path, "--headless", "--slots", "1", "--invoker", invoker]
    _ = try await Program.run(start) { engine in
      _ = eventually("the first has begun") { begun(place) == 1 }
      let pause = ["pause", "last", "-C", place.path]
      var request = SpawnRequest(Program.hflow, pause)
      request.environment = Program.cleanEnvironment()
      #expect((try? Child.spawn(request))?.wait()?.status == .exited(0))
      engine.send(SIGKILL)
    }
    let first = try #require(Files.list(Files.join(place.path, "marks")).first)
    try place.write("", to: "go")
    let (run, url) = try place.privateRedis()
    let keys = RunKeys(run)
    _ = eventually("the first has ended") { ends(keys, url) == 1 }
    #expect(try await hflow("resume", "--detach").exitCode == 0)
    _ = eventually("its report is read") { reportsAreRead(keys, url) }
    #expect(try await hflow("logs", "last", "job:\(first)").exitCode == 0)
    #expect(begun(place) == 1)
    #expect(try await hflow("continue", "last").exitCode == 0)
    #expect(eventually("all have begun") { begun(place) == 4 })
    #expect(eventually("everything has ended") { place.processes().isEmpty })
    #expect(begunOnce(place, 4))
  }

  @Test
  func `an engine finds a worker that was never recorded, and starts no other`()
    async throws
  {
    let place = try Workspace(marks: 3, "; until [ -e go ]; do sleep 0.05; done")
    _ = try await Program.run(["run", place.path, "--headless", "--slots", "1"]) { engine in
      _ = eventually("the first has begun") { begun(place) == 1 }
      engine.send(SIGKILL)
    }
    let (run, url) = try place.privateRedis()
    let keys = RunKeys(run)
    @Sendable func ask(_ words: String...) throws -> RedisValue {
      try RedisConnection(url).call(RedisCommand(words))
    }
    #expect(try ask("HDEL", keys.info, "worker").integer == 1)
    let pool = PoolKeys(keys.run.text)
    let before = try ask("SMEMBERS", pool.workers).array?.compactMap(\.string)
    #expect(before?.count == 1)
    let result = try await Program.run(["resume", "-C", place.path, "--headless"]) { _ in
      _ = eventually("it is announced again") {
        (try? ask("HEXISTS", keys.info, "worker").integer) == 1
      }
      let after = try? ask("SMEMBERS", pool.workers).array?.compactMap(\.string)
      #expect(after == before)
      let workers = ProcessTable.commandLines.values.filter {
        $0.contains("--worker") && $0.contains(keys.run.text)
      }
      #expect(workers.count == 2, "a worker and its guardian: \(workers)")
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(begunOnce(place, 3))
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a run whose engine died before it started begins with resume`(
    invoker: String
  ) async throws {
    for _ in 0..<3 {
      let place = try Workspace(marks: 3, "")
      let runs = Files.join(place.path, ".hflow/runs")
      _ = try await Program.run(
        ["run", place.path, "--headless", "--slots", "1", "--invoker", invoker]
      ) { engine in
        let deadline = Clock.monotonicMilliseconds + Program.deadlineMilliseconds
        while Clock.monotonicMilliseconds < deadline {
          let isThere = Files.list(runs).contains { Files.exists("\(runs)/\($0)/run.json") }
          if isThere { break }
        }
        engine.send(SIGKILL)
      }
      let result = try await Program.run(["resume", "-C", place.path, "--headless"])
      #expect(result.exitCode == 0, "\(result.errors)")
      #expect(begunOnce(place, 3))
      #expect(eventually("everything has ended") { place.processes().isEmpty })
    }
  }

  @Test func `the remains of a run that never started are removed`()
    async throws
  {
    let place = try Workspace(marks: 1, "")
    let directory = Files.join(place.path, ".hflow/runs/abcdefgh")
    let sockets = try Files.makeTemporaryDirectory(prefix: "hflow-")
    try Files.makeDirectory(directory, mode: 0o700)
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: Files.join(directory, "redis"), socketDirectory: sockets,
        logFile: Files.join(directory, "redis.log")))
    defer { server.stop() }
    let dead = try Child.spawn(SpawnRequest("sleep", ["1000"]))
    let identity = try #require(ProcessIdentity(of: Int(dead.pid)))
    let note = """
      {"host": "\(Environment.hostName)", "engine": "\(identity.text)",
       "socket": "\(sockets)/redis.sock"}
      """
    try Files.write(Array(note.utf8), to: Files.join(directory, "creation.json"))
    #expect(try await Program.run(["run", place.path, "--headless"]).exitCode == 0)
    #expect(Files.isDirectory(directory), "its engine lives")
    dead.send(SIGKILL)
    _ = dead.wait()
    #expect(try await Program.run(["run", place.path, "--headless"]).exitCode == 0)
    #expect(!Files.isDirectory(directory))
    #expect(!Files.isDirectory(sockets))
    #expect(server.hasEnded)
  }

  @Test(arguments: [SIGKILL, SIGSTOP])
  func `an engine whose given Redis does not answer can be stopped`(signal: Int32) async throws {
    let place = try Workspace(marks: 2, "; until [ -e go ]; do sleep 0.05; done")
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: Files.join(place.path, "data"), socketDirectory: place.path,
        logFile: Files.join(place.path, "redis.log")))
    defer { server.stop(graceMilliseconds: 100) }
    let url = server.url.text
    let result = try await Program.run(["run", place.path, "--headless", "--redis", url]) {
      engine in
      _ = eventually("a job has begun") { begun(place) >= 1 }
      server.child.send(signal)
      engine.send(SIGTERM)
    }
    #expect(result.exitCode == 3)
    #expect(result.errors.contains("hflow-tui resume"), "\(result.errors)")
  }
}
