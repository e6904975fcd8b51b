import Glibc
import JSONValue
import Posix
import Redis
import Synchronization
import TestSupport
import Testing

/// Runs on a given Redis that refuses commands, is disconnected, or is unsuitable.
@Suite(.serialized) struct OutageTests {
  private static let count = 12

  /// Each job appends a line to its own file when it starts.
  private func workspace(_ more: String = "sleep 0.3") throws -> Workspace {
    let jobs = (1...Self.count).map { number in
      Samples.job(
        "job", "echo begun >> marks/\(number); \(more)", ins: #""go""#, outs: #""d\#(number)""#)
    }
    let signals = (1...Self.count).map { #"{"name": "d\#($0)"}"# }.joined(separator: ", ")
    let place = try Workspace(
      Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}, \#(signals)"#))
    try Files.makeDirectory(Files.join(place.path, "marks"))
    return place
  }

  private static func begun(_ place: Workspace) -> Int {
    Files.list(Files.join(place.path, "marks")).count
  }

  private func expectOnce(_ place: Workspace) {
    for number in 1...Self.count {
      #expect(place.text("marks/\(number)") == "begun\n", "job \(number)")
    }
  }

  /// How to make a server refuse commands, and how to end that.
  struct Refusal: Sendable, CustomTestStringConvertible {
    let word: String
    /// A part of the reported reason, if that lacks the error code: errors of scripts are worded by
    /// the server.
    var said: String?
    let begin: [[String]]
    let end: [String]
    var testDescription: String { word }
  }

  private static let cutOff = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]

  @Test(arguments: [
    Refusal(
      word: "READONLY", begin: [["REPLICAOF", "127.0.0.1", "1"]], end: ["REPLICAOF", "NO", "ONE"]),
    Refusal(
      word: "NOREPLICAS", begin: [["CONFIG", "SET", "min-replicas-to-write", "1"]],
      end: ["CONFIG", "SET", "min-replicas-to-write", "0"]),
    Refusal(
      word: "NOPERM", said: "can't run this command",
      begin: [["ACL", "SETUSER", "default", "-@write"]],
      end: ["ACL", "SETUSER", "default", "+@all"]),
    Refusal(
      word: "NOAUTH", begin: [["CONFIG", "SET", "requirepass", "x"], cutOff],
      end: ["CONFIG", "SET", "requirepass", ""]),
  ])
  func `errors that may pass are waited out and reported`(refusal: Refusal) async throws {
    let place = try workspace()
    let redis = try GivenRedis(in: place.path)
    let control = SendableConnection(try RedisConnection(redis.url))
    let run = try BackgroundProgram(
      ["run", place.path, "--json", "--slots", "2", "--redis", redis.url.text], in: place)
    let exit = try await onThread {
      _ = eventually("some jobs have begun") { Self.begun(place) >= 3 }
      for command in refusal.begin { try control.tell(command) }
      _ = eventually("the refusal is said: \(run.text)") {
        run.text.contains(refusal.said ?? refusal.word)
      }
      _ = try eventually("it was refused often") { try control.count(ofError: refusal.word) >= 6 }
      try control.tell(refusal.end)
      return try run.wait()
    }
    #expect(exit == 0, "\(run.text)")
    expectOnce(place)
    let events = run.text.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
    let lost = events.filter { $0["event"] == "redisLost" }
    let said = refusal.said ?? refusal.word
    #expect(lost.contains { $0["reason"]?.string?.contains(said) == true }, "\(run.text)")
    #expect(events.contains { $0["event"] == "redisBack" && $0["after"]?.int != nil })
    #expect(events.last?["tasks"]?["succeeded"] == .int(Self.count))
  }

  @Test func `a network that drops all packets stops nothing and the lease survives`()
    async throws
  {
    let place = try workspace()
    let redis = try GivenRedis(in: place.path)
    let proxy = try SwallowingProxy(to: redis.socketPath)
    defer { proxy.stop() }
    let run = try BackgroundProgram(
      [
        "run", place.path, "--headless", "--slots", "2", "--redis",
        "redis://127.0.0.1:\(proxy.port)",
      ], in: place)
    let exit = try await onThread {
      _ = eventually("some jobs have begun") { Self.begun(place) >= 3 }
      let leases = try redis.tell("KEYS", "hf:*:lease").array ?? []
      let lease = try #require(leases.first?.string)
      proxy.swallow()
      _ = try eventually("all jobs have begun: \(run.text)") {
        let isOver = Self.begun(place) == Self.count
        let isHeld = try redis.tell("EXISTS", lease).integer == 1
        #expect(isHeld || isOver)
        return isOver
      }
      return try run.wait()
    }
    #expect(exit == 0, "\(run.text)")
    #expect(run.text.contains("trying again: no answer"), "\(run.text)")
    #expect(run.text.contains("connected to Redis again after"), "\(run.text)")
    expectOnce(place)
  }

  @Test func `a Redis without free connections is reported until it has some`() async throws {
    let place = try workspace()
    // The connections of the engine and the worker, and one of the test.
    let redis = try GivenRedis(in: place.path, "--maxclients", "4")
    let control = SendableConnection(try RedisConnection(redis.url))
    let run = try BackgroundProgram(
      ["run", place.path, "--headless", "--redis", redis.url.text], in: place)
    let exit = try await onThread {
      _ = eventually("it is said: \(run.text)") {
        run.text.contains("max number of clients reached")
      }
      try control.tell(["CONFIG", "SET", "maxclients", "100"])
      return try run.wait()
    }
    #expect(exit == 0, "\(run.text)")
    expectOnce(place)
  }

  @Test func `a worker that cannot start is reported with its reason`() async throws {
    let place = try workspace()
    _ = try await Program.run(["run", place.path, "--headless", "--slots", "8"]) { child in
      _ = eventually("jobs run") { Self.begun(place) > 0 }
      child.send(SIGKILL)
      for pid in place.processes() { kill(pid, SIGKILL) }
    }
    let result = try await Program.run(
      ["-c", #"ulimit -n 64; exec "$0" resume -C "$1" --headless"#, Program.hflow, place.path],
      of: "/bin/sh")
    #expect(result.exitCode == 3)
    #expect(result.output.contains("the local worker exited with 3: "), "\(result.output)")
    #expect(result.output.contains("ulimit -n"), "\(result.output)")
    #expect(
      result.output.split(separator: "\n").count { $0.contains("the local worker") } == 1,
      "\(result.output)")
    let last = try #require(result.errorLines.last)
    #expect(last.contains("ulimit -n") && last.contains("hflow-tui resume "), "\(last)")
  }

  @Test func `a local worker that cannot start does not end other workers' jobs`()
    async throws
  {
    let place = try workspace("until test -e gate; do sleep 0.05; done")
    let elsewhere = try Workspace()
    let redis = try GivenRedis(in: elsewhere.path)
    _ = try await Program.run(
      ["run", place.path, "--headless", "--slots", "8", "--redis", redis.url.text]
    ) { child in
      _ = eventually("jobs run") { Self.begun(place) > 0 }
      child.send(SIGKILL)
      for pid in place.processes() { kill(pid, SIGKILL) }
    }
    let run = try #require(Files.list("\(place.path)/.hflow/runs").first)
    let other = try BackgroundProgram(
      ["worker", "--pool", run, "--slots", "12", "--redis", redis.url.text], in: place)
    let result = try await Program.run(
      [
        "-c", #"ulimit -n 64; exec "$0" resume -C "$1" --headless --redis "$2""#, Program.hflow,
        place.path, redis.url.text,
      ],
      of: "/bin/sh"
    ) { _ in
      _ = eventually("all have begun") { Self.begun(place) == Self.count }
      try? place.write("", to: "gate")
    }
    #expect(result.output.contains("6 times in a row"), "\(result)")
    #expect(result.output.contains("the other workers continue, another"), "\(result)")
    #expect(result.exitCode == 0, "\(result)")
    other.send(SIGTERM)
    #expect(try await onThread { try other.wait() } == 0)
  }

  /// The engine cannot see the processes of a host with another name.
  @Test(.enabled(if: geteuid() == 0, "unshare needs root"))
  func `jobs of a silent worker on another host are lost and run elsewhere`() async throws {
    let place = try workspace("until test -e gate; do sleep 0.05; done")
    let elsewhere = try Workspace()
    let redis = try GivenRedis(in: elsewhere.path)
    let engine = try BackgroundProgram(
      ["run", place.path, "--json", "--slots", "1", "--redis", redis.url.text], in: place)
    let ownNames = Files.linkTarget("/proc/self/ns/uts")
    let exit = try await onThread {
      _ = eventually("the local worker has a job") { Self.begun(place) == 1 }
      let run = try #require(Files.list("\(place.path)/.hflow/runs").first)
      var request = SpawnRequest(
        "unshare",
        [
          "--uts", "sh", "-c", #"hostname far; exec "$0" --worker --pool "$1" --slots 1"#,
          Program.executor, run,
        ])
      request.directory = place.path
      request.environment = Program.cleanEnvironment()
        .merging(["HFLOW_REDIS_URL": redis.url.text]) { _, new in new }
      let far = try Child.spawn(request)
      _ = eventually("the far worker has a job") { Self.begun(place) == 2 }
      for pid in place.processes() {
        guard Files.linkTarget("/proc/\(pid)/ns/uts") != ownNames else { continue }
        kill(pid, SIGKILL)
      }
      _ = far.wait()
      _ = eventually("the engine gives the far worker up: \(engine.text)") {
        engine.text.contains("its worker sends no heartbeat")
      }
      try place.write("", to: "gate")
      return try engine.wait()
    }
    #expect(exit == 0, "\(engine.text)")
    let marks = (1...Self.count).map { place.text("marks/\($0)") }
    #expect(marks.count { $0 == "begun\n" } == Self.count - 1, "only the lost job runs again")
    #expect(marks.count { $0 == "begun\nbegun\n" } == 1)
  }

  @Test func `an engine that gives up its Redis leaves the jobs running`() async throws {
    let place = try workspace("until test -e gate; do sleep 0.05; done; echo ended >> ends")
    let redis = try GivenRedis(in: place.path)
    let run = try BackgroundProgram(
      ["run", place.path, "--headless", "--slots", "2", "--redis", redis.url.text], in: place)
    let exit = try await onThread {
      _ = eventually("two jobs have begun") { Self.begun(place) == 2 }
      let keys = try redis.tell("KEYS", "hf:*:info").array ?? []
      let info = try #require(keys.first?.string)
      // An error that does not pass: each renewal of the lease writes to this key.
      try redis.tell("RENAME", info, "aside")
      try redis.tell("SET", info, "no hash")
      defer { _ = try? redis.tell("RENAME", "aside", info) }
      return try run.wait()
    }
    #expect(exit == 3, "\(run.text)")
    let last = try #require(run.text.split(separator: "\n").last)
    #expect(last.contains("WRONGTYPE") && last.contains("hflow-tui resume "), "\(last)")
    #expect(Self.begun(place) == 2)
    #expect(!place.text("out").contains("cancelled"))
    try place.write("", to: "gate")
    let resumed = try await Program.run([
      "resume", "-C", place.path, "--redis", redis.url.text, "--headless",
    ])
    #expect(resumed.exitCode == 0, "\(resumed.errors) \(resumed.output)")
    expectOnce(place)
  }

  @Test func `a Redis that is back without its last writes ends the engine, and resume continues`()
    async throws
  {
    let place = try workspace()
    let redis = try GivenRedis(
      in: place.path, options: ["--appendonly", "no", "--enable-debug-command", "yes"])
    let run = try BackgroundProgram(
      ["run", place.path, "--json", "--slots", "2", "--redis", redis.url.text], in: place)
    let finished: @Sendable () -> Set<Int> = {
      let events = run.text.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
      return Set(events.filter { $0["event"] == "jobFinished" }.compactMap { $0["process"]?.int })
    }
    let (kept, exit) = try await onThread {
      _ = eventually("some jobs are finished: \(run.text)") { finished().count >= 3 }
      let kept = finished()
      // A job that has just been reported is still in its worker's list.
      _ = eventually("two more jobs are finished: \(run.text)") {
        finished().count >= kept.count + 2
      }
      try redis.tell("SAVE")
      _ = eventually("more jobs are finished: \(run.text)") { finished().count >= kept.count + 4 }
      try redis.tell("DEBUG", "RELOAD", "NOSAVE")
      return (kept, try run.wait())
    }
    #expect(exit == 3, "\(run.text)")
    let last = try #require(run.text.split(separator: "\n").last)
    #expect(last.contains("hflow-tui resume "), "\(last)")
    let resumed = try await Program.run([
      "resume", "-C", place.path, "--redis", redis.url.text, "--headless",
    ])
    #expect(resumed.exitCode == 0, "\(resumed.errors) \(resumed.output)")
    for number in 1...Self.count {
      let marks = place.text("marks/\(number)")
      #expect(
        marks == "begun\n" || (!kept.contains(number) && marks == "begun\nbegun\n"),
        "job \(number), kept \(kept.sorted()): \(run.text) \(resumed.output)")
    }
  }

  @Test(arguments: [
    (["--rename-command", "BLMOVE", ""], "does not know BLMOVE"),
    (["--replicaof", "127.0.0.1", "1"], "is a read-only replica: use 127.0.0.1:1"),
    (["--min-replicas-to-write", "1"], "is not ready: NOREPLICAS"),
  ])
  func `an unsuitable Redis is refused in one line`(options: [String], words: String) async throws {
    let place = try workspace()
    let redis = try GivenRedis(in: place.path, options: options)
    let result = try await Program.run([
      "run", place.path, "--headless", "--redis", redis.url.text,
    ])
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains(words), "\(result.errors)")
    #expect(Self.begun(place) == 0)
  }

  @Test func `a doubtful Redis gets one note for each warning`() async throws {
    let place = try workspace("true")
    let redis = try GivenRedis(in: place.path, "--maxmemory-policy", "volatile-lru")
    try redis.tell("CONFIG", "SET", "appendonly", "no")
    let result = try await Program.run([
      "run", place.path, "--headless", "--redis", redis.url.text,
    ])
    #expect(result.exitCode == 0)
    let notes = result.output.split(separator: "\n").filter { $0.contains("note: Redis at") }
    #expect(notes.count == 2, "\(result.output)")
    #expect(result.output.contains("maxmemory-policy volatile-lru"))
    #expect(result.output.contains("keeps nothing on disk"))
  }

  @Test func `a message that is too long for Redis fails its task at once`() async throws {
    let long = String(repeating: "{{v}}", count: 16)
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("long", "true \(long)", ins: #""s""#, outs: ""),
          Samples.job("short", "true", ins: #""s""#, outs: ""),
        ], signals: #"{"name": "s", "data": [{}]}"#))
    let redis = try GivenRedis(in: place.path, "--proto-max-bulk-len", "1mb")
    let result = try await Program.run([
      "run", place.path, "--headless", "--redis", redis.url.text, "--var",
      "v=" + String(repeating: "x", count: 100_000),
    ])
    #expect(result.exitCode == 1, "\(result.errors)")
    #expect(result.output.contains("proto-max-bulk-len"), "\(result.output)")
    #expect(result.output.contains("1 succeeded, 1 failed"), "\(result.output)")
  }
}

/// A connection of a test that only one thread uses at a time.
private final class SendableConnection: Sendable {
  private let connection: Mutex<RedisConnection>

  init(_ connection: sending RedisConnection) { self.connection = Mutex(connection) }

  func tell(_ words: [String]) throws {
    _ = try connection.withLock { try $0.call(RedisCommand(words)) }
  }

  func count(ofError word: String) throws -> Int {
    let text = try connection.withLock { try $0.call(RedisCommand("INFO", "errorstats")) }.string
    let lines = text?.split(whereSeparator: \.isNewline) ?? []
    let line = lines.first { $0.hasPrefix("errorstat_\(word):") }
    return line?.split(separator: "=").last.flatMap { Int($0) } ?? 0
  }
}
