import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// Jobs run once, whatever is disconnected or killed.
@Suite(.serialized) struct ExactlyOnceTests {
  private func options(_ place: Workspace) -> PrivateRedis.Options {
    PrivateRedis.Options(
      dataDirectory: Files.join(place.path, "data"), socketDirectory: place.path,
      logFile: Files.join(place.path, "redis.log"))
  }

  private func marks(_ place: Workspace, _ line: String) -> Int {
    Files.list(Files.join(place.path, "marks")).filter {
      place.text("marks/\($0)").contains(line)
    }.count
  }

  private func expectOnce(_ place: Workspace, _ count: Int, _ text: String = "begun\n") {
    for number in 1...count { #expect(place.text("marks/\(number)") == text, "job \(number)") }
  }

  /// Executors of the run: not their guardians, which are their children.
  private func executors(_ place: Workspace) -> [Int32] {
    let all = place.processes().filter { pid in
      ProcessTable.commandLine(of: Int(pid)).first?.hasSuffix("hflow-job-execute") ?? false
    }
    return all.filter { pid in parent(of: pid).map { !all.contains($0) } ?? false }
  }

  private func parent(of pid: Int32) -> Int32? {
    let text = String(decoding: (try? Files.read("/proc/\(pid)/stat")) ?? [], as: UTF8.self)
    return text.split(separator: ")").last?.split(separator: " ").dropFirst().first
      .flatMap { Int32($0) }
  }

  @Test(arguments: ["pool", "oneshot"])
  func `jobs that end during an outage do not run again if their executor dies`(
    invoker: String
  ) async throws {
    let place = try Workspace(
      marks: 3, "; while ! test -e go; do sleep 0.05; done; echo ended >> ends")
    let server = try PrivateRedis.start(options: options(place))
    let options = options(place)
    let result = try await Program.run([
      "run", place.path, "--headless", "--slots", "3", "--redis", server.url.text,
      "--invoker", invoker,
    ]) { _ in
      _ = eventually("all have begun") { marks(place, "begun") == 3 }
      let started = { (try? RedisConnection(server.url)).map { starts(of: place, $0) } ?? 0 }
      _ = eventually("Redis knows") { started() == 3 }
      server.child.send(SIGKILL)
      _ = server.child.wait()
      try? place.write("", to: "go")
      _ = eventually("all have ended") { place.text("ends") == "ended\nended\nended\n" }
      _ = eventually("their ends are on disk") { keptEnds(place) == 3 }
      for pid in executors(place) { kill(pid, SIGKILL) }
      _ = eventually("no executor is left") { executors(place).isEmpty }
      _ = try? PrivateRedis.start(options: options)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place, 3)
    #expect(keptEnds(place) == 0)
    try? PrivateRedis.shutDown(server.url)
  }

  /// How many jobs have started, according to the journal.
  private func starts(of place: Workspace, _ redis: RedisConnection) -> Int {
    let run = Files.list(Files.join(place.path, ".hflow/runs")).first ?? ""
    let reply = try? redis.call(RedisCommand("XRANGE", "hf:\(run):events", "-", "+"))
    return RedisStreamReader.decodeRange(reply ?? .null, stream: "").reduce(0) { count, entry in
      let text = String(decoding: entry["e"] ?? [], as: UTF8.self)
      return count + text.split(separator: "\n").filter { $0.contains("jobStarted") }.count
    }
  }

  private func keptEnds(_ place: Workspace) -> Int {
    let runs = Files.join(place.path, ".hflow/runs")
    return Files.list(runs).flatMap { run in
      let folder = Files.join(runs, "\(run)/unreported")
      return Files.list(folder).map { Files.join(folder, $0) }
    }.reduce(0) { count, file in
      let text = String(decoding: (try? Files.read(file)) ?? [], as: UTF8.self)
      return count + text.split(separator: "\n").filter { $0.hasPrefix("+") }.count
    }
  }

  @Test func `jobs of a worker killed with its guardian do not keep running`()
    async throws
  {
    let place = try Workspace(
      marks:
        2, "; echo $$ >> pids; if test -e again; then exit 0; fi; exec sleep 1000")
    let result = try await Program.run(["run", place.path, "--headless", "--slots", "2"]) { _ in
      _ = eventually("both have begun") { place.text("pids").split(separator: "\n").count == 2 }
      let jobs = place.text("pids").split(separator: "\n").compactMap { Int32($0) }
      try? place.write("", to: "again")
      // Both are suspended first, so that neither sees the other's end.
      let all = place.processes().filter { pid in
        ProcessTable.commandLine(of: Int(pid)).contains("--worker")
      }
      #expect(all.count == 2, "a worker and its guardian")
      for pid in all { kill(pid, SIGSTOP) }
      for pid in all { kill(pid, SIGKILL) }
      _ = eventually("their jobs have ended") { jobs.allSatisfy { kill($0, 0) == -1 } }
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place, 2, "begun\nbegun\n")
  }

  @Test func `a job missing in its worker's list is lost with the worker`()
    async throws
  {
    let place = try Workspace(marks: 2, "; if test -e again; then exit 0; fi; exec sleep 1000")
    let server = try PrivateRedis.start(options: options(place))
    defer { server.stop() }
    let result = try await Program.run([
      "run", place.path, "--headless", "--slots", "2", "--redis", server.url.text,
    ]) { _ in
      guard let redis = try? RedisConnection(server.url) else { return }
      _ = eventually("both have started") { starts(of: place, redis) == 2 }
      let keys = (try? redis.call(RedisCommand("KEYS", "hf:pool:*:taken:*")))?.array ?? []
      #expect(keys.count == 1)
      for key in keys.compactMap(\.string) { _ = try? redis.call(RedisCommand("DEL", key)) }
      try? place.write("", to: "again")
      for pid in executors(place) { kill(pid, SIGKILL) }
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place, 2, "begun\nbegun\n")
  }

  @Test func `engine and executors give up a run whose Redis was emptied`()
    async throws
  {
    let place = try Workspace(marks: 2, "; exec sleep 1000")
    let server = try PrivateRedis.start(options: options(place))
    defer { server.stop() }
    let result = try await Program.run(
      ["run", place.path, "--headless", "--slots", "2", "--redis", server.url.text],
      environment: ["HFLOW_HEARTBEAT": "0.2"]
    ) { _ in
      _ = eventually("both have begun") { marks(place, "begun") == 2 }
      _ = try? RedisConnection(server.url).call(RedisCommand("FLUSHALL"))
    }
    #expect(result.exitCode == 3)
    #expect(result.errors.contains("has lost the run"), "\(result.errors)")
    #expect(result.errors.contains("hflow-tui run"), "\(result.errors)")
    #expect(!result.errors.contains("hflow-tui resume"), "\(result.errors)")
    #expect(
      eventually("the worker ends its jobs and leaves") {
        place.processes().allSatisfy { $0 == server.child.pid }
      })
    let keys = try RedisConnection(server.url).call(RedisCommand("KEYS", "*"))
    #expect(keys.array?.compactMap(\.string) == [])
    let resumed = try await Program.run(["resume", "--headless"], directory: place.path)
    #expect(resumed.exitCode != 0)
    #expect(resumed.errors.contains("hflow-tui run"), "\(resumed.errors)")
  }
}
