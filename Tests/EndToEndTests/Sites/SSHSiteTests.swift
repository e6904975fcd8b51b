import Glibc
import JSONValue
import Posix
import TestSupport
import Testing

extension Recipe {
  static let hostsObstacle = obstacle(
    programs: ["/usr/sbin/sshd", "ssh", "ip", "unshare"])

  func on(_ host: String, _ script: String) async throws -> String {
    try await Program.run(
      ["-o", "BatchMode=yes", host, script], of: Files.join(path, "bin/ssh")
    ).output
  }

  func setCable(of host: String, _ state: String) throws {
    let bytes = try Files.read(Files.join(path, "link.\(host)"))
    let link = String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
    _ = try Child.spawn(SpawnRequest("ip", ["link", "set", link, state])).wait()
  }

  /// Workers and directories of workers on a host.
  func left(on host: String) async throws -> [String] {
    let script = "ps ax -o args | grep '[j]ob-execute'; ls /tmp | grep hflow-ssh; true"
    return try await on(host, script).split(separator: "\n").map(String.init)
  }

  func expectNothingLeft(on hosts: [String]) async throws {
    for host in hosts { #expect(try await left(on: host).isEmpty, "\(host)") }
    #expect(processes.isEmpty)
    #expect(leftFiles.filter { $0.hasPrefix("hflow-ssh") || $0.hasPrefix("hflow-run") }.isEmpty)
  }
}

@Suite(.serialized, .enabled(if: Recipe.hostsObstacle == nil, "\(Recipe.hostsObstacle ?? "")"))
struct SSHSiteTests {
  @Test func `jobs run on two hosts, and their output arrives while they run`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 6, lines: 3, pause: "0.5")
    let result = try await hosts.run(["run", ".", "--json", "--on", "ssh:h1*2,h2*2"]) { _ in
      _ = eventually("all slots of both hosts are busy") { hosts.begun(6) >= 4 }
      let live = eventually("a line arrives before the job's end") {
        (try? awaitOutput(of: hosts, ["logs", "last", "job1"]).contains("line 1")) ?? false
      }
      #expect(live)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    for number in 1...6 { #expect(hosts.marks(number).count == 1) }
    #expect(Set((1...6).flatMap(hosts.marks)) == ["h1", "h2"])
    let places = result.events.filter { $0["event"]?.string == "allocationChanged" }
    #expect(
      Set(places.filter { $0["state"]?.string == "running" }.compactMap { $0["nativeID"]?.string })
        == ["h1", "h2"])
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  /// The hosts cannot reach the server themselves: TLS goes through the connection of ssh, and the
  /// certificate has the name of this side.
  @Test func `workers behind a tunnel speak TLS with a given Redis`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 4, lines: 1, pause: "0.1")
    let files = Files.join(hosts.path, "shared/tls")
    try Files.makeDirectory(files)
    let authority = try TestAuthority(in: files)
    let pair = try authority.sign("server", for: "IP:127.0.0.1")
    let client = try authority.sign("client", for: "DNS:client")
    let redis = try TLSRedis(in: files, pair, trusting: authority.file, demandsCertificate: true)
    let result = try await hosts.run([
      "run", ".", "--headless", "--on", "ssh:h1*2,h2*2", "--redis",
      "rediss://127.0.0.1:\(redis.port)", "--redis-ca", authority.file, "--redis-cert",
      client.certificate, "--redis-key", client.key,
    ])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...4 { #expect(hosts.marks(number).count == 1) }
  }

  @Test func `a host without network for some seconds loses no job`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 4, lines: 10, pause: "1")
    let result = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h1*2,h2*2"]) { _ in
      _ = eventually("all jobs have begun") { hosts.begun(4) == 4 }
      try? hosts.setCable(of: "h1", "down")
      var nothing: [pollfd] = []
      _ = Poll.wait(&nothing, milliseconds: 5000)
      try? hosts.setCable(of: "h1", "up")
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("connection lost"))
    for number in 1...4 { #expect(hosts.marks(number).count == 1) }
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  @Test func `the next engine finds the workers again`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 4, lines: 6, pause: "1")
    _ = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h1*2,h2*2"]) { engine in
      _ = eventually("all jobs have begun") { hosts.begun(4) == 4 }
      engine.send(SIGKILL)
    }
    let result = try await hosts.run(["resume", "--headless"])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    for number in 1...4 { #expect(hosts.marks(number).count == 1) }
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  @Test func `the jobs of a killed worker are retried, and the cause is named`() async throws {
    let hosts = try Recipe.hosts(1)
    try hosts.write(jobs: 1, lines: 2, pause: "1")
    let result = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h1"]) { _ in
      _ = eventually("the job has begun") { hosts.begun(1) == 1 }
      _ = try? Child.spawn(
        SpawnRequest(
          Files.join(hosts.path, "bin/ssh"), ["h1", "pkill -9 -f 'job-execute --worker'"])
      ).wait()
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(result.output.contains("its worker: it exited with 137"))
    #expect(hosts.marks(1).count == 2)
    try await hosts.expectNothingLeft(on: ["h1"])
  }

  @Test func `tasks run where they are routed`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 4, lines: 1, pause: "0.1")
    let sites = """
      [one]
      infrastructure = "ssh"
      hosts = ["h1"]
      [two]
      infrastructure = "ssh"
      hosts = ["h2"]
      """
    try Files.write(Array(sites.utf8), to: Files.join(hosts.workflow, "hflow-sites.toml"))
    let result = try await hosts.run([
      "run", ".", "--headless", "--on", "one", "--on", "two", "--on", "local:1", "--route",
      "job1=two", "--route", "job2=one", "--route", "job3=one",
    ])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect((1...3).map(hosts.marks) == [["h2"], ["h1"], ["h1"]])
    #expect(hosts.marks(4) == [Environment.hostName])
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  @Test func `a check reports each problem of a host in one line`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 1, lines: 1, pause: "0.1")
    let known = Files.join(hosts.path, "known_hosts")
    let text = String(decoding: try Files.read(known), as: UTF8.self)
    let first = text.split(separator: "\n").first.map { "\($0)\n" } ?? ""
    try Files.write(Array(first.utf8), to: known)
    let check = try await hosts.run(["sites", "--check", "ssh:h1,h2,nowhere"])
    #expect(check.exitCode == 3)
    #expect(check.output.hasPrefix("h1: ok"))
    #expect(check.errorLines.count == 2)
    #expect(check.errors.contains("h2: its host key is not known"))
    #expect(check.errors.contains("nowhere: there is no such host"))
    let refused = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h2"])
    #expect(refused.exitCode == 3)
    #expect(refused.errorLines.count == 1 && refused.errors.contains("ssh h2"))
    #expect(Files.list(Files.join(hosts.workflow, ".hflow/runs")).isEmpty)
    // A directory that exists only on this machine.
    let place = try Workspace(Samples.workflow([], signals: ""))
    let elsewhere = try await hosts.run(["sites", "--check", "ssh:h1", "-C", place.path])
    #expect(elsewhere.errors.contains("h1: there is no directory \(place.path)"))
    try await hosts.expectNothingLeft(on: ["h1"])
  }
}
