import Glibc
import JSONValue
import Posix
import Redis
import TestSupport
import Testing

/// Whole runs on a Redis with TLS.
@Suite(.serialized) struct TLSTests {
  /// A server that demands certificates, and what its clients need.
  private struct Secured {
    let authority: TestAuthority
    let pair: TestAuthority.Pair
    let client: TestAuthority.Pair
    let redis: TLSRedis

    init(_ place: Workspace, password: String) throws {
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
    let password = "hidden-\(UInt64.random(in: .min ... .max))"
    let place = try MarkedJobs("sleep 0.2; cat /proc/[0-9]*/cmdline > seen/$$ 2>/dev/null || true")
    try Files.makeDirectory(Files.join(place.path, "seen"))
    let secured = try Secured(place.workspace, password: password)
    let url = "rediss://flow:\(password)@\(secured.address)"
    let result = try await Program.run(
      ["run", ".", "--headless", "--slots", "3", "--invoker", invoker] + secured.files,
      environment: ["REDIS_URL": url], directory: place.path)
    #expect(result.exitCode == 0, "\(result.errors)")
    place.expectOnce()
    let seen = Files.list(Files.join(place.path, "seen"))
    #expect(seen.count == MarkedJobs.count)
    for name in seen {
      let shows = place.workspace.text("seen/\(name)").contains(password)
      #expect(!shows, "the process list that a job saw")
    }
    // The directory knows the files; the password comes from the environment.
    let list = try await Program.run(
      ["list"], environment: ["REDIS_URL": url], directory: place.path)
    #expect(list.exitCode == 0 && list.output.contains("sample"), "\(list.output)\(list.errors)")
    let logs = try await Program.run(
      ["logs", "last", "job:1", "--redis", url] + secured.files, directory: place.path)
    #expect(logs.exitCode == 0, "\(logs.errors)")
    #expect(!place.workspace.text(".hflow/runs/\(Self.run(place))/run.json").contains(password))
  }

  private static func run(_ place: MarkedJobs) -> String {
    Files.list(Files.join(place.path, ".hflow/runs")).first { $0 != "last" } ?? ""
  }

  @Test func `a certificate that is missing or untrusted is one line`() async throws {
    let place = try MarkedJobs()
    let secured = try Secured(place.workspace, password: "x")
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
    let place = try MarkedJobs("sleep 0.3")
    let authority = try TestAuthority(in: place.path)
    let pair = try authority.sign("server", for: "IP:127.0.0.1")
    let redis = try TLSRedis(in: place.path, pair, trusting: authority.file)
    let control = try RedisConnection(redis.control)
    let run = try BackgroundProgram(
      [
        "run", ".", "--json", "--slots", "2", "--redis", redis.url(RedisTLS()).text,
        "--redis-ca", authority.file,
      ], in: place.workspace)
    _ = eventually("some jobs have begun") { place.begun >= 3 }
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
    place.expectOnce()
  }
}
