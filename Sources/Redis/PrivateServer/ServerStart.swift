import Glibc
import Posix

/// Starts a server and waits until it answers.
struct ServerStart {
  let options: PrivateRedis.Options

  /// How long the server may be silent. Loading a large file is not limited: the server answers
  /// LOADING.
  private let silenceMilliseconds = 20_000
  /// How long helper processes of a dead server may hold its lock.
  private let lockMilliseconds = 5000

  init(options: PrivateRedis.Options) { self.options = options }

  func start() throws(RedisError) -> PrivateRedis {
    let program = try ServerProgram.find()
    try checkSocketPath()
    let lock = try prepareDirectories()
    let former = formerPort
    var attempts = options.loopback && former == nil ? 5 : 1
    while true {
      attempts -= 1
      let port = try former == nil && options.loopback ? LoopbackPort.free() : former
      do throws(RedisError) {
        return try launch(program, port: port, lock: lock.number)
      } catch {
        // Another process has taken the port.
        if attempts == 0 || !error.isPortInUse { throw error }
      }
    }
  }

  private func launch(
    _ program: String, port: Int?, lock: Int32
  ) throws(RedisError) -> PrivateRedis {
    let former = options.formerLoopbackURL?.password
    let password = port.map { _ in former ?? Secret.random() }
    let configuration = ServerConfiguration(
      dataDirectory: options.dataDirectory, socketPath: options.socketPath, port: port,
      address: address, password: password, hasUntrustedData: options.hasUntrustedData)
    let logStart = Files.size(options.logFile) ?? 0
    let child: Child
    let end: Descriptor
    do throws(PosixError) {
      // The file at the old socket may belong to another server now.
      Files.remove(options.socketPath)
      child = try spawn(program, configuration, lock: lock)
      end = try child.endDescriptor()
    } catch {
      throw RedisError(.serverMissing, "cannot start \(program): \(error)")
    }
    var url = RedisURL(.unix(path: options.socketPath), password: password)
    if options.proof != .none { url.identity = ServerIdentity() }
    do throws(RedisError) {
      try waitForAnswer(at: url, end: end.number, logStart: logStart)
      try verifyToken(&url)
    } catch {
      child.send(SIGKILL)
      _ = child.wait()
      throw error
    }
    let loopback = port.map {
      RedisURL(.tcp(host: address ?? "127.0.0.1", port: $0), password: password)
    }
    return PrivateRedis(child: child, end: end, url: url, loopbackURL: loopback)
  }

  /// Verifies that the data have the token, which is created at the first start.
  private func verifyToken(_ url: inout RedisURL) throws(RedisError) {
    guard case .token(let expected) = options.proof else { return }
    if let expected {
      url.identity?.token = expected
      _ = try RedisConnection(url)
    } else {
      let token = try PrivateRedis.token(at: url)
      url.identity?.token = token
    }
  }

  private func spawn(
    _ program: String, _ configuration: ServerConfiguration, lock: Int32
  ) throws(PosixError) -> Child {
    let input = try Pipe()
    let log = open(options.logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else { throw PosixError("open", options.logFile) }
    defer { close(log) }
    // Files of the server must be private, whatever the umask.
    var request = SpawnRequest("/bin/sh", ["-c", "umask 077; exec \"$0\" -", program])
    // A session of its own: Ctrl-C in the terminal must not reach the server.
    request.group = .session
    request.standardInput = .descriptor(input.readEnd.number)
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    request.inheritedDescriptors = [lock: DataHolders.lockDescriptor]
    // Smaller than a pipe's capacity, so this never blocks.
    try DescriptorIO.write(configuration.text, to: input.writeEnd.number)
    return try Child.spawn(request)
  }

  private func waitForAnswer(
    at url: RedisURL, end: Int32, logStart: Int
  ) throws(RedisError) {
    var deadline = Clock.monotonicMilliseconds + silenceMilliseconds
    var pause = 1
    while true {
      if Poll.wait(for: end, POLLIN, milliseconds: pause) { throw earlyExit(logStart) }
      pause = min(20, pause + 1)
      guard Files.exists(options.socketPath) || Clock.monotonicMilliseconds > deadline else {
        continue
      }
      do throws(RedisError) {
        _ = try RedisConnection(url, timeoutMilliseconds: 5000)
        return
      } catch {
        if error.message.hasPrefix("LOADING") {
          deadline = Clock.monotonicMilliseconds + silenceMilliseconds
        }
        if !error.isConnectionLoss || Clock.monotonicMilliseconds > deadline { throw error }
      }
    }
  }

  private func earlyExit(_ logStart: Int) -> RedisError {
    let log = ((try? Files.read(options.logFile)) ?? []).dropFirst(logStart)
    let lines = String(decoding: log, as: UTF8.self).split(separator: "\n")
    let words =
      lines.last { $0.contains(where: \.isLetter) }.map(String.init) ?? "no reason in its log"
    return RedisError(
      .serverMissing, "the embedded Redis ended at once: \(words)",
      advice: "see \(options.logFile)")
  }
}

extension ServerStart {
  /// A restarted server listens at the address of the former one.
  private var address: String? {
    if case .tcp(let host, _) = options.formerLoopbackURL?.endpoint { return host }
    return options.address
  }

  private var formerPort: Int? {
    if case .tcp(_, let port) = options.formerLoopbackURL?.endpoint { return port }
    return nil
  }

  private func checkSocketPath() throws(RedisError) {
    let path = options.socketPath
    let length = path.utf8.count
    guard length > RedisURL.longestSocketPath else { return }
    throw RedisError(
      .connect,
      "a socket's path has at most \(RedisURL.longestSocketPath) bytes, "
        + "this one has \(length): \(path)",
      advice: "set XDG_RUNTIME_DIR or TMPDIR to a shorter directory")
  }

  /// Creates and locks the data directory. The server inherits the lock and holds it as long
  /// as it lives: two servers on the same file would destroy it.
  private func prepareDirectories() throws(RedisError) -> Descriptor {
    do throws(PosixError) {
      try Files.makeDirectory(options.dataDirectory, mode: 0o700)
      let number = open(
        DataHolders.lock(ofDataIn: options.dataDirectory), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard number >= 0 else {
        throw PosixError("open", DataHolders.lock(ofDataIn: options.dataDirectory))
      }
      let lock = Descriptor(owning: number)
      let deadline = Clock.monotonicMilliseconds + lockMilliseconds
      // Other errors mean that the file system has no locks (some Lustre mounts).
      while flock(lock.number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
        guard Clock.monotonicMilliseconds < deadline else {
          throw PosixError("lock", options.dataDirectory, code: EWOULDBLOCK)
        }
        _ = Poll.wait(for: -1, POLLIN, milliseconds: 20)
      }
      return lock
    } catch {
      guard error.code == EWOULDBLOCK else {
        throw RedisError(.io, "cannot prepare the embedded Redis: \(error)")
      }
      throw RedisError(
        .connect, "another Redis server already uses \(options.dataDirectory)",
        advice: "stop it, or connect to it instead")
    }
  }
}

extension RedisError {
  /// Whether a server could not start because another process uses its port.
  package var isPortInUse: Bool { message.contains("in use") || message.contains("listening") }
}

/// The configuration of a private server, passed on standard input: everybody can read a
/// command line.
struct ServerConfiguration {
  var dataDirectory: String
  var socketPath: String
  /// The loopback port; `nil` to listen on the socket only.
  var port: Int?
  /// Another address to listen on; `nil` for 127.0.0.1 alone.
  var address: String?
  /// The password of Redis' default user; needed if there is a port, which other users can
  /// reach.
  var password: String?
  /// Whether the data are another user's: loading them executes their commands.
  var hasUntrustedData = false

  /// Commands that are not needed and have effects outside the data: code, files, other hosts. An
  /// append-only file is a list of commands, which loading executes.
  private static let forbidden = ["MODULE", "DEBUG", "REPLICAOF", "SLAVEOF"]
  /// Commands that engines need, but not viewers of a copy.
  private static let forbiddenInCopies = ["CONFIG", "SAVE", "BGSAVE", "MIGRATE"]

  var text: String {
    var lines = [
      "daemonize no", "supervised no", "databases 1",
      "dir \(quoted(dataDirectory))",
      "unixsocket \(quoted(socketPath))", "unixsocketperm 700",
      "port \(port ?? 0)", "bind \(addresses)", "protected-mode yes",
      // Written before it is acknowledged: see DiskSync.
      "appendonly yes", "appendfsync no", "aof-load-truncated yes", "save \"\"",
      "maxmemory-policy noeviction",
      // Announces the completions of original executors (SADD).
      "notify-keyspace-events Ks",
      "always-show-logo no",
    ]
    for command in Self.forbidden + (hasUntrustedData ? Self.forbiddenInCopies : []) {
      lines.append("rename-command \(command) \"\"")
    }
    if let password { lines.append("requirepass \(quoted(password))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var addresses: String {
    guard let address, address != "127.0.0.1" else { return "127.0.0.1" }
    return "127.0.0.1 \(quoted(address))"
  }

  /// The value in double quotes, with unusual bytes as `\xHH`.
  private func quoted(_ value: String) -> String {
    var result = "\""
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<32, 127...:
        let digits = String(byte, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      default: result.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return result + "\""
  }
}

/// The server program of this machine.
package enum ServerProgram {
  /// The environment variable that overrides the search: a path, or a name in `PATH`.
  static let variable = "HFLOW_REDIS_SERVER"
  static let names = ["redis-server", "valkey-server"]

  /// Throws `serverMissing`.
  package static func find(
    override: String? = Environment[variable], folders: [String]? = nil
  ) throws(RedisError) -> String {
    if let override, !override.isEmpty {
      if let path = Files.findExecutable(override) { return path }
      throw RedisError(
        .serverMissing, "\(variable)=\(override) is no program that can be run",
        advice: "correct it or unset it")
    }
    // A relative entry would run a program of the current directory.
    let places = (folders ?? defaultFolders).filter { $0.hasPrefix("/") }
    for name in names {
      if let path = places.map({ Files.join($0, name) }).first(where: Files.isExecutableFile) {
        return path
      }
    }
    throw RedisError(
      .serverMissing, "found neither \(names[0]) nor \(names[1]) on this machine",
      advice: "install redis-server (Debian: apt install redis-server) or give --redis URL")
  }

  /// `PATH`, and other directories in which servers are installed.
  private static var defaultFolders: [String] {
    let path = (Environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let packages = Files.list("/opt").flatMap { ["/opt/\($0)", "/opt/\($0)/bin"] }
    return path + ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin"]
      + packages
  }
}

enum LoopbackPort {
  /// A port of 127.0.0.1 that is free at this moment.
  static func free() throws(RedisError) -> Int {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { throw failure() }
    let probe = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(probe.number, $0, length) == 0 ? getsockname(probe.number, $0, &length) : -1
      }
    }
    guard code == 0 else { throw failure() }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func failure() -> RedisError {
    RedisError(.connect, "no free port on 127.0.0.1: \(PosixError("bind").reason)")
  }
}
