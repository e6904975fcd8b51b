import Glibc
import JSONValue
import Posix
import Redis
import TestSupport
import Testing

/// Whole runs on a Redis with TLS, and on one that sentinels watch.
@Suite(.serialized) struct TLSTests {
  private static let count = 12

  /// Jobs that each append a line to a file of their own when they begin.
  private func workspace(_ more: String = "true") throws -> Workspace {
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

  /// A server that demands certificates, and what its clients need.
  private struct Secured {
    let place: Workspace
    let authority: TestAuthority
    let pair: TestAuthority.Pair
    let client: TestAuthority.Pair
    let redis: TLSRedis

    init(_ place: Workspace, password: String) throws {
      self.place = place
      authority = try TestAuthority(in: place.path)
      pair = try authority.sign("server", for: "IP:127.0.0.1")
      client = try authority.sign("client", for: "DNS:client")
      redis = try TLSRedis(in: place.path, pair, trusting: authority.file, demandsCertificate: true)
      // At its socket, too, so that the test itself can still look.
      _ = try RedisConnection(redis.control).call(
        RedisCommand("ACL", "SETUSER", "flow", "on", ">\(password)", "~*", "&*", "+@all"))
    }

    var files: [String] {
      [
        "--redis-ca", authority.file, "--redis-cert", client.certificate, "--redis-key",
        client.key,
      ]
    }
    var address: String { "127.0.0.1:\(redis.port)" }
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a run over TLS has each job once, and no secret in process lists`(
    invoker: String
  ) async throws {
    let password = "classified"
    let place = try workspace("sleep 0.2; cat /proc/[0-9]*/cmdline > seen/$$ 2>/dev/null || true")
    try Files.makeDirectory(Files.join(place.path, "seen"))
    let secured = try Secured(place, password: password)
    let url = "rediss://flow:\(password)@\(secured.address)"
    let result = try await Program.run(
      ["run", ".", "--headless", "--slots", "3", "--invoker", invoker] + secured.files,
      environment: ["REDIS_URL": url], directory: place.path)
    #expect(result.exitCode == 0, "\(result.errors)")
    expectOnce(place)
    let seen = Files.list(Files.join(place.path, "seen"))
    #expect(seen.count == Self.count)
    for name in seen { #expect(!place.text("seen/\(name)").contains(password)) }
    // The directory knows the files; the password comes from the environment.
    let list = try await Program.run(
      ["list"], environment: ["REDIS_URL": url], directory: place.path)
    #expect(list.exitCode == 0 && list.output.contains("sample"), "\(list.output)\(list.errors)")
    let logs = try await Program.run(
      ["summary", "last", "--redis", url] + secured.files, directory: place.path)
    #expect(logs.exitCode == 0, "\(logs.errors)")
    #expect(!place.text(".hflow/runs/\(Self.run(place))/run.json").contains(password))
  }

  private static func run(_ place: Workspace) -> String {
    Files.list(Files.join(place.path, ".hflow/runs")).first { $0 != "last" } ?? ""
  }

  @Test func `a certificate that is missing or not trusted ends a run with one line`() async throws {
    let place = try workspace()
    let secured = try Secured(place, password: "x")
    let url = "rediss://\(secured.address)"
    func errors(_ more: [String], _ command: String = "run") async throws -> String {
      let result = try await Program.run(
        [command, ".", "--headless", "--redis", url] + more, directory: place.path)
      #expect(result.exitCode == 3)
      #expect(result.errorLines.count == 1, "\(result.errors)")
      return result.errors
    }
    let other = try TestAuthority("other", in: place.path)
    #expect(
      try await errors(["--redis-ca", other.file]).contains(
        "no authority in \(other.file) has signed the server's certificate"))
    #expect(
      try await errors(["--redis-ca", secured.authority.file]).contains(
        "the server demands a certificate of this client"))
    let executor = try await Program.run(
      ["--worker", "--redis", url], of: Program.executor,
      environment: ["HFLOW_REDIS_CA": other.file], directory: place.path)
    #expect(executor.exitCode == 3)
    #expect(executor.errors.contains("no authority in \(other.file) has signed"))
  }

  @Test func `a server that restarts with TLS is an outage`() async throws {
    let place = try workspace("sleep 0.3")
    let authority = try TestAuthority(in: place.path)
    let pair = try authority.sign("server", for: "IP:127.0.0.1")
    let redis = try TLSRedis(in: place.path, pair, trusting: authority.file)
    let control = try RedisConnection(redis.control)
    let run = try BackgroundProgram(
      [
        "run", ".", "--json", "--slots", "2", "--redis", redis.url(RedisTLS()).text,
        "--redis-ca", authority.file,
      ], in: place)
    _ = eventually("some jobs have begun") { Self.begun(place) >= 3 }
    // Everybody's connection ends, and for a while nobody gets a new one.
    let wrong = try TestAuthority("other", in: place.path).sign("server", for: "IP:127.0.0.1")
    _ = try control.run([
      RedisCommand(
        "CONFIG", "SET", "tls-cert-file", wrong.certificate, "tls-key-file", wrong.key),
      RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    ])
    _ = eventually("the refusal is said: \(run.text)") {
      run.text.contains("no authority in")
    }
    _ = try control.run([
      RedisCommand("CONFIG", "SET", "tls-cert-file", pair.certificate, "tls-key-file", pair.key)
    ])
    let exit = try await onThread { try run.wait() }
    #expect(exit == 0, "\(run.text)")
    expectOnce(place)
  }

  @Test(arguments: ["pool", "oneshot"])
  func `a run goes on after a failover`(invoker: String) async throws {
    let place = try workspace("sleep 1")
    let set = try SentinelSet(in: place.path, sentinels: 2, password: "classified")
    var url = set.url
    url.password = "classified"
    _ = try RedisConnection.connect(url, withinMilliseconds: 30_000)
    let sentinel = try RedisConnection(
      RedisURL(.tcp(host: "127.0.0.1", port: set.sentinelPorts[0])))
    _ = try eventually("the sentinel knows the replica") {
      try sentinel.call(RedisCommand("SENTINEL", "REPLICAS", SentinelSet.master)).array?.count == 1
    }
    let run = try BackgroundProgram(
      [
        "run", ".", "--json", "--slots", "2", "--invoker", invoker, "--redis", url.text,
      ], in: place)
    _ = eventually("some jobs have begun") { Self.begun(place) >= 3 }
    _ = try eventually("the failover begins") {
      try sentinel.run([RedisCommand("SENTINEL", "FAILOVER", SentinelSet.master)])[0].string == "OK"
    }
    let exit = try await onThread { try run.wait() }
    #expect(exit == 0, "\(run.text)")
    expectOnce(place)
    let now = try sentinel.call(
      RedisCommand("SENTINEL", "get-master-addr-by-name", SentinelSet.master))
    #expect(now.array?.last?.integer == set.ports[1])
    let list = try await Program.run(["list", "--redis", url.text], directory: place.path)
    #expect(list.exitCode == 0 && list.output.contains("sample"), "\(list.errors)")
  }

  @Test func `sentinels that are away are said in one line`() async throws {
    let place = try workspace()
    let result = try await Program.run(
      ["list", "--redis", "redis+sentinel://127.0.0.1:1,127.0.0.1:2/jobs"], directory: place.path)
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("no sentinel names the master"))
  }
}
