import Glibc
import JSONValue
import Posix
import Redis
import TestSupport
import Testing

/// Whole runs on a Redis that sentinels watch.
@Suite(.serialized) struct FailoverTests {
  /// A run on a set whose replicas have joined.
  private struct Watched {
    let place: MarkedJobs
    let set: SentinelSet
    let url: RedisURL
    let sentinel: RedisConnection

    init(replicas: Int = 1, job script: String = "sleep 1") throws {
      place = try MarkedJobs(script)
      set = try SentinelSet(
        in: place.path, replicas: replicas, sentinels: 2, password: "classified")
      var url = set.url
      url.password = "classified"
      self.url = url
      let first = try RedisConnection.connect(url, withinMilliseconds: 30_000)
      _ = try eventually("a replica has joined") {
        try first.run([RedisCommand("SET", "a", 1)])[0].string == "OK"
      }
      let sentinel = try RedisConnection(
        RedisURL(.tcp(host: "127.0.0.1", port: set.sentinelPorts[0])))
      let ask = ["REPLICAS", "SENTINELS"].map { RedisCommand("SENTINEL", $0, SentinelSet.master) }
      _ = try eventually("the sentinels know each other and the replicas") {
        try sentinel.run(ask).map { $0.array?.count } == [replicas, 1]
      }
      self.sentinel = sentinel
    }

    var master: Int? {
      let reply = try? sentinel.call(
        RedisCommand("SENTINEL", "get-master-addr-by-name", SentinelSet.master))
      return reply?.array?.last?.integer
    }

    func start(_ invoker: String) throws -> BackgroundProgram {
      let run = try BackgroundProgram(
        ["run", ".", "--json", "--slots", "2", "--invoker", invoker, "--redis", url.text],
        in: place.workspace)
      _ = eventually("some jobs have begun: \(run.text)") { place.begun >= 3 }
      return run
    }

    func expectSuccess(_ run: BackgroundProgram) async throws {
      let exit = try await onThread { try run.wait() }
      #expect(exit == 0, "\(run.text)")
      place.expectOnce()
      #expect(master != set.ports[0])
      let list = try await Program.run(["list", "--redis", url.text], directory: place.path)
      #expect(list.exitCode == 0 && list.output.contains("sample"), "\(list.errors)")
    }
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a run continues after a failover`(invoker: String) async throws {
    let watched = try Watched()
    let run = try watched.start(invoker)
    _ = try eventually("the failover begins") {
      try watched.sentinel.run([RedisCommand("SENTINEL", "FAILOVER", SentinelSet.master)])[0]
        .string == "OK"
    }
    try await watched.expectSuccess(run)
  }

  @Test func `a run continues after the death of the master`() async throws {
    let watched = try Watched(replicas: 2)
    let run = try watched.start("pool")
    watched.set.firstMaster.send(SIGKILL)
    try await watched.expectSuccess(run)
  }

  @Test func `sentinels that are away are said in one line`() async throws {
    let place = try MarkedJobs()
    let result = try await Program.run(
      ["list", "--redis", "redis+sentinel://127.0.0.1:1,127.0.0.1:2/jobs"], directory: place.path)
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("no sentinel names the master"))
  }

  @Test func `a master that writes without replicas is warned of`() async throws {
    let watched = try Watched(job: "true")
    _ = try RedisConnection(watched.url).call(
      RedisCommand("CONFIG", "SET", "min-replicas-to-write", 0))
    let result = try await Program.run(
      ["run", ".", "--headless", "--redis", watched.url.text], directory: watched.place.path)
    #expect(result.exitCode == 0)
    #expect(result.output.contains("set min-replicas-to-write 1"), "\(result.output)")
  }
}
