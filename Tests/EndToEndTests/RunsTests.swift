import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Runs that have been: listed, read and removed.
@Suite(.timeLimit(.minutes(5))) struct RunsTests {
  private func hflow(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(
      arguments, environment: ["XDG_STATE_HOME": "\(place.path)/state"], directory: place.path)
  }

  private func ids(_ place: Workspace) async throws -> [String] {
    let list = try JSON(parsing: try await hflow(place, "list", "--json").output)
    return (list.array ?? []).compactMap { $0["run"]?.string }
  }

  @Test func `runs are listed newest first, with how they ended`() async throws {
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
    // Nobody was started for it.
    #expect(place.processes().isEmpty)
  }

  @Test func `a list reads no long journal`() async throws {
    let place = try Workspace(Samples.chain("true", "test -e good", "true"))
    let server = try EmbeddedRedis.start(
      options: .init(
        dataDirectory: "\(place.path)/data", socketDirectory: place.path,
        logFile: "\(place.path)/log"))
    defer { server.stop() }
    let url = server.url.text
    _ = try await hflow(place, "run", ".", "--headless", "--redis", url)
    let run = try #require(try await ids(place).first)
    let redis = try RedisConnection(server.url)
    // Neither of these is read: the run could not be told from them.
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

  @Test func `output that Redis keeps no more comes from the executor's files`() async throws {
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

  @Test func `a closed run is removed with all that belongs to it`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let run = try #require(try await ids(place).first)
    let removed = try await hflow(place, "remove", String(run.prefix(4)))
    #expect(removed.output == "removed run \(run)\n")
    #expect(Files.list("\(place.path)/.hflow/runs").isEmpty)
    #expect(try await hflow(place, "remove", "last").exitCode == 2)
  }

  @Test func `a closed run that was opened again and killed is interrupted`() async throws {
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
    // Again and again: an engine may bring its Redis back before its own turn comes.
    let areGone = eventually("all are gone") {
      for pid in place.processes() { kill(pid, SIGKILL) }
      return place.processes().isEmpty
    }
    #expect(areGone)
    #expect(try await state() == "interrupted")
    #expect(try await hflow(place, "pause", "last").errors.contains("is interrupted"))
    #expect(try await hflow(place, "remove", "last").exitCode == 0)
  }

  @Test func `pruning keeps the newest and leaves live ones alone`() async throws {
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
    #expect(try await hflow(place, "remove", "last").errors.contains("only runs that have ended"))
    #expect(try await hflow(place, "prune", "--keep", "1").exitCode == 0)
    #expect(try await ids(place) == Array(before.prefix(2)))
    _ = try await hflow(place, "stop", "last")
    #expect(eventually("the run has ended") { place.processes().isEmpty })
  }

  @Test func `runs on a shared Redis are listed, read and removed there`() async throws {
    let place = try Workspace(Samples.chain("echo hello", "true", "true"))
    let redis = try EmbeddedRedis.start(
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
}
