/// The configuration text of an embedded server, given on its standard input: a command line could
/// be read by everybody.
struct ServerConfiguration {
  var dataDirectory: String
  var socketPath: String
  /// `nil` listens on the socket only.
  var port: Int?
  /// Of Redis' default user; needed as soon as there is a port, which other users can reach.
  var password: String?
  /// The data are another user's: they may command what they like when they are loaded.
  var distrusts = false

  /// Nobody needs them here. An append-only file is a list of commands, and these reach beyond the
  /// data: code, files, other hosts.
  private static let forbidden = ["MODULE", "DEBUG", "REPLICAOF", "SLAVEOF"]
  /// Needed by engines, but not by who looks at a copy.
  private static let forbiddenInCopies = ["CONFIG", "SAVE", "BGSAVE", "MIGRATE"]

  var text: String {
    var lines = [
      "daemonize no", "supervised no", "databases 1",
      "dir \(quoted(dataDirectory))",
      "unixsocket \(quoted(socketPath))", "unixsocketperm 700",
      "port \(port ?? 0)", "bind 127.0.0.1", "protected-mode yes",
      // Written before it is answered, whatever the disk does: see DiskSync.
      "appendonly yes", "appendfsync no", "aof-load-truncated yes", "save \"\"",
      "maxmemory-policy noeviction",
      // Completions of foreign executors are seen through their SADD.
      "notify-keyspace-events Ks",
      "always-show-logo no",
    ]
    for command in Self.forbidden + (distrusts ? Self.forbiddenInCopies : []) {
      lines.append("rename-command \(command) \"\"")
    }
    if let password { lines.append("requirepass \(quoted(password))") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// As Redis reads it: in double quotes, everything unusual as `\xHH`.
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
