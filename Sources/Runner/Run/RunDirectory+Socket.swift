import Glibc
import JobProtocol
import Posix
import Redis

/// Where the socket of a run's own Redis lies: in a private directory with a short path, for
/// workflow directories are often on network file systems, and socket paths end at 107 bytes.
///
/// That directory goes with the run's end, and something that cleans up may take it before. So
/// others may make one of that name; a directory is used only while it is ours and private.
extension RunDirectory {
  /// What names of such directories begin with, also of former versions.
  private static let anyPrefix = "hflow-"

  /// A link to the socket, wherever that is now: who has known it finds it again.
  public var socketLink: String { Files.join(path, "socket") }

  /// Whether a Redis may be one that belongs to a run. Where that is comes from a file, and nobody
  /// is to end another one by what a file says.
  static func isSocketPlace(_ url: RedisURL) -> Bool {
    guard let folder = socketDirectory(of: url) else { return false }
    return Files.name(of: folder).hasPrefix(anyPrefix) && isPrivate(folder)
  }

  static func socketDirectory(of url: RedisURL) -> String? {
    guard case .unix(let path) = url.endpoint else { return nil }
    return Files.parent(of: path)
  }

  /// A new private directory for a socket: where only this user can make one, if there is such a
  /// place. Each path is announced before the directory is made, so that whoever writes it down
  /// leaves no directory that nobody knows of.
  static func makeSocketDirectory(
    runtime: String? = Environment["XDG_RUNTIME_DIR"],
    temporary: String = Files.temporaryDirectory,
    announcing announce: (String) throws(RunnerError) -> Void = { _ throws(RunnerError) in }
  ) throws(RunnerError) -> String {
    let personal = runtime.flatMap { isPrivate($0) ? $0 : nil }
    let parents = [personal, temporary, "/tmp"]
    for parent in parents.compactMap({ $0 }) where parent.utf8.count < 70 {
      let name = RunID(randomBits: .random(in: .min ... .max)).text
      let path = "\(parent)/\(ServerIdentity.directoryPrefix)\(name)"
      try announce(path)
      if mkdir(path, 0o700) == 0 { return path }
    }
    throw RunnerError(
      .infrastructure,
      "no place for the socket of Redis: set TMPDIR to a writable directory with a short path")
  }

  /// The directory where the socket has been, made again where it is gone; a new one where that is
  /// not possible or somebody else has made one of that name.
  static func makeSocketDirectory(formerly url: RedisURL) throws(RunnerError) -> String {
    // Where that is comes from a file.
    if let former = socketDirectory(of: url), Files.name(of: former).hasPrefix(anyPrefix) {
      if isPrivate(former) || mkdir(former, 0o700) == 0 { return former }
    }
    return try makeSocketDirectory()
  }

  /// Leads the link to a socket. Where no link can be made, who has lost the socket finds the new
  /// one only in `run.json`.
  func link(to url: RedisURL) {
    guard case .unix(let target) = url.endpoint, Files.linkTarget(socketLink) != target else {
      return
    }
    let draft = "\(socketLink).\(Environment.processID)"
    unlink(draft)
    if symlink(target, draft) != 0 || rename(draft, socketLink) != 0 { unlink(draft) }
  }

  private static func isPrivate(_ path: String) -> Bool {
    path.hasPrefix("/") && (try? PrivateSocket.check(directory: path, owners: [geteuid()])) != nil
  }
}
