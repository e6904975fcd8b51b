import Glibc
public import Posix
public import Redis

/// A `redis-server` with the options that a test wants. It ends with this value.
public final class RedisProgram: Sendable {
  public let child: Child

  /// `options` as on the command line.
  public init(in directory: String, _ name: String, _ options: [String]) throws {
    let data = Files.join(directory, name)
    try Files.makeDirectory(data)
    var request = SpawnRequest("redis-server", options + ["--dir", data])
    request.group = .session
    request.directory = directory
    let log = try Files.openForAppending(Files.join(directory, "\(name).log"))
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    child = try Child.spawn(request)
  }

  deinit {
    child.send(SIGKILL)
    _ = child.wait()
  }
}

/// A Redis that speaks TLS at a port of 127.0.0.1, and nothing else at a socket.
public final class TLSRedis: Sendable {
  public let port: Int
  /// Without TLS, for the test itself.
  public let control: RedisURL
  public let program: RedisProgram

  public init(
    in directory: String, _ pair: TestAuthority.Pair, trusting authority: String,
    demandsCertificate: Bool = false, port: Int? = nil, _ options: String...
  ) throws {
    let chosen = try port ?? FreePort.find()
    let socket = Files.join(directory, "tls-\(chosen).sock")
    self.port = chosen
    control = RedisURL(.unix(path: socket))
    program = try RedisProgram(
      in: directory, "tls-\(chosen)-\(Clock.monotonicMilliseconds)",
      [
        "--port", "0", "--tls-port", "\(chosen)", "--bind", "127.0.0.1", "--unixsocket", socket,
        "--tls-cert-file", pair.certificate, "--tls-key-file", pair.key, "--tls-ca-cert-file",
        authority, "--tls-auth-clients", demandsCertificate ? "yes" : "no", "--save", "",
        "--appendonly", "yes",
      ] + options)
    _ = try RedisConnection.connect(control, withinMilliseconds: 30_000)
  }

  public func url(_ tls: RedisTLS) -> RedisURL {
    RedisURL(.tcp(host: "127.0.0.1", port: port), tls: tls)
  }
}

/// A master, its replicas and their sentinels on 127.0.0.1. A master without a replica writes
/// nothing, so a failover loses nothing that was acknowledged.
public final class SentinelSet: Sendable {
  public static let master = "jobs"
  public let ports: [Int]
  public let sentinelPorts: [Int]
  private let programs: [RedisProgram]

  /// - Parameters:
  ///   - options: of every server.
  ///   - sentinelLines: lines in the configuration of every sentinel.
  public init(
    in directory: String, replicas: Int = 1, sentinels: Int = 1, options: [String] = [],
    sentinelLines: [String] = [], password: String? = nil
  ) throws {
    let ports = try (0...replicas).map { _ in try FreePort.find() }
    let sentinelPorts = try (0..<sentinels).map { _ in try FreePort.find() }
    self.ports = ports
    self.sentinelPorts = sentinelPorts
    let login = password.map { ["--requirepass", $0, "--masterauth", $0] } ?? []
    var programs: [RedisProgram] = []
    for (index, port) in ports.enumerated() {
      let role = index == 0 ? [] : ["--replicaof", "127.0.0.1", "\(ports[0])"]
      programs.append(
        try RedisProgram(
          in: directory, "server-\(port)",
          [
            "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes",
            "--repl-diskless-sync-delay", "0", "--min-replicas-to-write", "1",
          ] + role + login + options))
    }
    for port in sentinelPorts {
      let file = Files.join(directory, "sentinel-\(port).conf")
      let lines =
        [
          "port \(port)", "bind 127.0.0.1",
          "sentinel monitor \(Self.master) 127.0.0.1 \(ports[0]) 1",
          "sentinel down-after-milliseconds \(Self.master) 2000",
          // Sentinels that voted for different ones vote again after twice this time.
          "sentinel failover-timeout \(Self.master) 3000",
        ] + (password.map { ["sentinel auth-pass \(Self.master) \($0)"] } ?? []) + sentinelLines
      try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: file, mode: 0o600)
      programs.append(
        try RedisProgram(in: directory, "sentinel-\(port)", [file, "--sentinel"]))
    }
    self.programs = programs
  }

  /// The process of the server that was the master at first.
  public var firstMaster: Child { programs[0].child }

  public var url: RedisURL {
    let addresses = sentinelPorts.map {
      RedisURL.Sentinels.Address(host: "127.0.0.1", port: $0)
    }
    return RedisURL(.sentinel(.init(addresses, master: Self.master)))
  }
}
