import Posix

/// The server program of this machine.
enum ServerProgram {
  /// The environment variable that overrides the search: a path, or a name in `PATH`.
  static let variable = "HFLOW_REDIS_SERVER"
  static let names = ["redis-server", "valkey-server"]

  /// Throws `serverMissing`.
  static func find(
    override: String? = Environment[variable], folders: [String]? = nil
  ) throws(RedisError) -> String {
    if let override, !override.isEmpty {
      if let path = Files.findExecutable(override) { return path }
      throw RedisError(
        .serverMissing, "\(variable)=\(override) is no program that can be run",
        advice: "correct it or unset it")
    }
    // A relative entry would run a program of the current directory.
    let places = (folders ?? usualFolders).filter { $0.hasPrefix("/") }
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
  private static var usualFolders: [String] {
    let path = (Environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let packages = Files.list("/opt").flatMap { ["/opt/\($0)", "/opt/\($0)/bin"] }
    return path + ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin"]
      + packages
  }
}
