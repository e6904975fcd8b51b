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
  var distrusts = false

  /// Commands that are not needed and could reach beyond the data: code, files, other hosts.
  /// An append-only file is a list of commands.
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
    for command in Self.forbidden + (distrusts ? Self.forbiddenInCopies : []) {
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
