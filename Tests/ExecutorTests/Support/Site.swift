import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// A Redis of its own, a working directory, and the real executor program.
final class Site {
  let directory: String
  let work: String
  let redis: RedisConnection
  private(set) var server: PrivateRedis
  private var started: [Child] = []

  static let program = Files.join(
    Files.parent(of: Environment.executablePath ?? ""), "hflow-job-execute")

  init() throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hx")
    work = Files.join(directory, "work")
    try Files.makeDirectory(work)
    server = try PrivateRedis.start(options: Site.options(directory))
    redis = try RedisConnection(server.url)
  }

  deinit {
    for child in started { child.send(SIGKILL) }
    server.child.send(SIGKILL)
    _ = server.child.wait()
    Files.removeTree(directory)
  }

  private static func options(_ directory: String) -> PrivateRedis.Options {
    PrivateRedis.Options(
      dataDirectory: Files.join(directory, "data"), socketDirectory: directory,
      logFile: Files.join(directory, "redis.log"))
  }

  var url: String { server.url.text }
  var stateHome: String { Files.join(directory, "state") }

  /// A login of its own for one executor, whose connections can be cut and kept away.
  func separateURL(user: String = "far") throws -> String {
    _ = try redis.call(
      RedisCommand("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all"))
    var url = server.url
    url.user = user
    url.password = "secret"
    return url.text
  }

  func cutOff(user: String = "far") throws {
    _ = try redis.call(RedisCommand("ACL", "SETUSER", user, "off"))
    _ = try redis.call(RedisCommand("CLIENT", "KILL", "USER", user))
  }

  func reconnect(user: String = "far") throws {
    _ = try redis.call(RedisCommand("ACL", "SETUSER", user, "on"))
  }

  func killServer() {
    server.child.send(SIGKILL)
    _ = server.child.wait()
  }

  /// The same data, or none, on the same socket; returns a fresh connection.
  func restartServer(empty: Bool = false) throws -> RedisConnection {
    if empty { Files.removeTree(Files.join(directory, "data")) }
    server = try PrivateRedis.start(options: Site.options(directory))
    return try RedisConnection(server.url)
  }

  func start(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Child {
    var request = SpawnRequest(Site.program, arguments)
    request.directory = work
    // No user's own state directory.
    request.additionalEnvironment = ["XDG_STATE_HOME": stateHome].merging(environment) { $1 }
    let log = open(Files.join(directory, "stderr"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    let child = try Child.spawn(request)
    started.append(child)
    return child
  }

  /// What the programs wrote to their own output.
  var messages: String { text("../stderr") }

  func text(_ name: String) -> String {
    String(decoding: (try? Files.read(Files.join(work, name))) ?? [], as: UTF8.self)
  }

  /// `nil` when it does not end in time.
  func end(of child: Child) throws -> Posix.ExitStatus? {
    let descriptor = try child.endDescriptor()
    guard Poll.wait(for: descriptor.number, POLLIN, milliseconds: 120_000) else { return nil }
    started.removeAll { $0 == child }
    return child.wait()?.status
  }

  func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Posix.ExitStatus?
  {
    try end(of: start(arguments, environment))
  }
}

/// Waits for a fact, at most half a minute.
func eventually(_ fact: () throws -> Bool) rethrows -> Bool {
  let deadline = Clock.monotonicMilliseconds + 120_000
  while Clock.monotonicMilliseconds < deadline {
    if try fact() { return true }
    _ = Poll.wait(for: -1, 0, milliseconds: 5)
  }
  return false
}
