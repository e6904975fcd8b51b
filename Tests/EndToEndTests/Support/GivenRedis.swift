import Glibc
import Posix
import Redis

/// A Redis as a user would give it, with options for the test, on a socket in a directory.
final class GivenRedis: Sendable {
  let url: RedisURL
  let socketPath: String
  private let child: Child

  convenience init(in directory: String, _ options: String...) throws {
    try self.init(in: directory, options: options)
  }

  /// `options` are as on the command line. Returns when the server answers.
  init(in directory: String, options: [String]) throws {
    socketPath = Files.join(directory, "given.sock")
    url = RedisURL(.unix(path: socketPath))
    let data = Files.join(directory, "given")
    try Files.makeDirectory(data)
    var request = SpawnRequest(
      "redis-server",
      [
        "--port", "0", "--unixsocket", socketPath, "--dir", data, "--save", "", "--appendonly",
        "yes",
      ] + options)
    request.group = .session
    let log = try Files.openForAppending(Files.join(directory, "given.log"))
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    child = try Child.spawn(request)
    _ = try RedisConnection.connect(url, withinMilliseconds: 30_000)
  }

  deinit {
    child.send(SIGKILL)
    _ = child.wait()
  }

  @discardableResult
  func tell(_ words: String...) throws -> RedisValue {
    try RedisConnection(url).call(RedisCommand(words))
  }

  /// How often the server has answered with an error that begins with this text.
  func count(ofError word: String) throws -> Int {
    let lines = try tell("INFO", "errorstats").string?.split(whereSeparator: \.isNewline) ?? []
    let line = lines.first { $0.hasPrefix("errorstat_\(word):") }
    return line?.split(separator: "=").last.flatMap { Int($0) } ?? 0
  }
}

/// A program in the background whose output can be read while it runs.
final class BackgroundProgram: Sendable {
  private let child: Child
  private let place: Workspace
  private let file: String

  init(_ arguments: [String], in place: Workspace, output file: String = "out") throws {
    self.place = place
    self.file = file
    var request = SpawnRequest(Program.hflow, arguments)
    request.directory = place.path
    request.environment = Program.cleanEnvironment()
    let output = try Files.openForAppending(Files.join(place.path, file))
    defer { close(output) }
    request.standardOutput = .descriptor(output)
    request.standardError = .descriptor(output)
    child = try Child.spawn(request)
  }

  /// The output so far, of both streams.
  var text: String { place.text(file) }

  func send(_ signal: Int32) { child.send(signal) }

  /// The exit code; -1 if a signal ended the program, or if it had to be killed.
  func wait() throws -> Int {
    let end = try child.endDescriptor()
    if !Poll.wait(for: end.number, POLLIN, milliseconds: Program.deadlineMilliseconds) {
      child.send(SIGKILL)
    }
    if case .exited(let code) = child.wait()?.status { return code }
    return -1
  }
}
