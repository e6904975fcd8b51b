import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// Runs with a Redis that is gone for a while or has no memory or disk, and with two engines at
/// once.
@Suite(.serialized) struct FaultTests {
  /// A number of jobs. Each appends a line to its own file.
  private static func workflow(_ count: Int, _ more: String = "") -> String {
    let processes = (1...count).map { number in
      """
      {"name": "job", "function": "command", "firingLimit": 1, "ins": ["go"],
       "outs": ["d\(number)"], "config": {"executor": {"executable": "sh",
       "args": ["-c", "echo begun >> marks/\(number); sleep 0.05\(more)"]}}}
      """
    }
    let signals = (1...count).map { #"{"name": "d\#($0)"}"# }.joined(separator: ", ")
    return """
      {"name": "faults", "processes": [\(processes.joined(separator: ", "))],
       "signals": [{"name": "go", "data": [{}]}, \(signals)], "ins": [], "outs": []}
      """
  }

  private func workspace(_ count: Int, _ more: String = "") throws -> Workspace {
    let place = try Workspace(Self.workflow(count, more))
    try Files.makeDirectory(Files.join(place.path, "marks"))
    return place
  }

  private func begun(_ place: Workspace) -> Int {
    Files.list(Files.join(place.path, "marks")).count
  }

  private func expectOnce(_ place: Workspace, _ count: Int) {
    for number in 1...count {
      #expect(place.text("marks/\(number)") == "begun\n", "job \(number)")
    }
  }

  private func options(_ place: Workspace, _ data: String = "data") -> PrivateRedis.Options {
    PrivateRedis.Options(
      dataDirectory: Files.join(place.path, data), socketDirectory: place.path,
      logFile: Files.join(place.path, "redis.log"))
  }

  /// Lets a stretch of time pass that belongs to what is tried, not to waiting for something.
  private func elapse(milliseconds: Int) {
    _ = Poll.wait(for: -1, POLLIN, milliseconds: milliseconds)
  }

  @Test func `of two engines that resume at once, one wins and the other exits`()
    async throws
  {
    // No job ends, and so no engine, before one of the two has given up.
    let place = try workspace(40, "; until test -e gate; do sleep 0.05; done")
    _ = try await Program.run(["run", place.path, "--headless", "--slots", "2"]) { engine in
      _ = eventually("some jobs have begun") { begun(place) >= 2 }
      engine.send(SIGKILL)
    }
    @Sendable func resume() async throws -> Program.Result {
      let result = try await Program.run(
        ["resume", "last", "-C", place.path, "--headless"])
      try place.write("", to: "gate")
      return result
    }
    async let first = resume()
    async let second = resume()
    let results = try await [first, second].sorted { $0.exitCode < $1.exitCode }
    #expect(results[0].exitCode == 0, "\(results[0].errors)")
    #expect(results[1].exitCode == 3)
    #expect(results[1].errors.contains("has an engine already"), "\(results[1].errors)")
    expectOnce(place, 40)
  }

  @Test func `a Redis outage of ten seconds under load costs only time`()
    async throws
  {
    let place = try workspace(150)
    let server = try PrivateRedis.start(options: options(place))
    let options = options(place)
    let result = try await Program.run([
      "run", place.path, "--headless", "--slots", "4", "--redis", server.url.text,
    ]) { _ in
      _ = eventually("some jobs have begun") { begun(place) >= 20 }
      server.child.send(SIGKILL)
      _ = server.child.wait()
      elapse(milliseconds: 10_000)
      _ = try? PrivateRedis.start(options: options)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place, 150)
    try? PrivateRedis.shutDown(server.url)
  }

  @Test func `a Redis without memory stops the run, which can be resumed`()
    async throws
  {
    let place = try workspace(60, "; head -c 2000 /dev/zero | tr '\\\\0' x")
    let server = try PrivateRedis.start(options: options(place))
    let url = server.url
    let stopped = try await Program.run([
      "run", place.path, "--headless", "--slots", "2", "--redis", url.text,
    ]) { _ in
      _ = eventually("some jobs have begun") { begun(place) >= 10 }
      _ = try? RedisConnection(url).call(RedisCommand("CONFIG", "SET", "maxmemory", "1mb"))
    }
    #expect(stopped.exitCode == 3)
    #expect(stopped.errors.contains("the journal of run"), "\(stopped.errors)")
    #expect(stopped.errors.contains("OOM"), "\(stopped.errors)")
    #expect(stopped.errors.contains("hflow-tui resume"), "\(stopped.errors)")
    _ = try RedisConnection(url).call(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
    let resumed = try await Program.run([
      "resume", "-C", place.path, "--redis", url.text, "--headless",
    ])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    expectOnce(place, 60)
    server.stop()
  }

  @Test func `a full disk stops the run, which can be resumed later`()
    async throws
  {
    let place = try workspace(60)
    let disk = Files.join(place.path, ".hflow")
    try Files.makeDirectory(disk)
    // Mounting needs privileges that CI has and a user may not have.
    let mount = try await Program.run(
      ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], of: "/bin/mount")
    guard mount.exitCode == 0 else { return print("no tmpfs to fill: \(mount.errors)") }
    defer { umount2(disk, Int32(MNT_DETACH)) }
    let ballast = Files.join(disk, "ballast")
    let stopped = try await Program.run(["run", place.path, "--headless", "--slots", "2"]) { _ in
      _ = eventually("some jobs have begun") { begun(place) >= 10 }
      // Page by page, until nothing more fits.
      let file = try? Files.openForAppending(ballast)
      while let file, write(file, [UInt8](repeating: 1, count: 4096), 4096) > 0 {}
      if let file { close(file) }
    }
    #expect(stopped.exitCode == 3)
    #expect(stopped.errors.contains("free some space"), "\(stopped.errors)")
    let early = try await Program.run(["resume", "-C", place.path, "--headless"])
    #expect(early.exitCode == 3)
    #expect(early.errors.contains("free some space"), "\(early.errors)")
    Files.remove(ballast)
    let resumed = try await Program.run(["resume", "-C", place.path, "--headless"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    expectOnce(place, 60)
  }

  /// This asserts the number of commits, not a time: with a pause of 5 ms after each commit, a
  /// given time has room for few of them. Without pauses there are almost two commits for each job.
  @Test func `reports are committed together while many jobs are queued`() async throws {
    let jobs = (1...1000).map { number in
      """
      {"name": "job", "function": "command", "firingLimit": 1, "ins": ["go"], "outs": [],
       "config": {"executor": {"executable": "/bin/true", "args": []}}}
      """
    }
    let place = try Workspace(
      Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}"#))
    let server = try PrivateRedis.start(options: options(place))
    defer { server.stop() }
    let start = Clock.monotonicMilliseconds
    let result = try await Program.run([
      "run", place.path, "--headless", "--slots", "2", "--redis", server.url.text,
    ])
    let elapsed = Clock.monotonicMilliseconds - start
    #expect(result.exitCode == 0, "\(result.errors)")
    let redis = try RedisConnection(server.url)
    let keys = try redis.call(RedisCommand("KEYS", "hf:*:events:commit")).array ?? []
    let key = try #require(keys.first?.string)
    let text = try redis.call(RedisCommand("GET", key)).string ?? ""
    let commits = try #require(text.split(separator: " ").first.flatMap { Int($0) })
    // The last sixteen jobs are handled without pauses, three reports each.
    #expect(commits <= elapsed / 5 + 100, "\(commits) commits in \(elapsed) ms")
  }
}
