import Glibc
import JobProtocol
import Posix
package import Redis

/// The socket of a run's own Redis is in a private directory with a short path, because workflow
/// directories are often on network file systems, and socket paths are limited to 107 bytes.
///
/// That directory is deleted at the run's end, and a clean-up of temporary files may delete it
/// earlier. Then another user may make a directory with that name, so a directory is used only
/// while it is ours and private.
extension RunDirectory {
  /// The prefix of such directories, also in earlier versions.
  private static let anyPrefix = "hflow-"

  /// A symbolic link to the present socket, by which clients find it after it has moved.
  public var socketLink: String { Files.join(path, "socket") }

  /// Whether a Redis may be a run's own. Its path comes from a file, and the content of a file must
  /// not make us stop another server.
  static func isSocketPlace(_ url: RedisURL) -> Bool {
    guard let folder = socketDirectory(of: url) else { return false }
    return Files.name(of: folder).hasPrefix(anyPrefix) && isPrivate(folder)
  }

  package static func socketDirectory(of url: RedisURL) -> String? {
    guard case .unix(let path) = url.endpoint else { return nil }
    return Files.parent(of: path)
  }

  /// Makes a new private directory for a socket, preferably where only this user can make one. Each
  /// path is announced before the directory is made, so that a recorded path exists for every
  /// directory.
  package static func makeSocketDirectory(
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

  /// The former directory of the run's socket, restored if it is missing; a new directory if that
  /// is not possible or another user has taken the name. A copy always gets a new one, because the
  /// former one is the original's.
  package func makeSocketDirectory(formerly url: RedisURL) throws(RunnerError) -> String {
    // The path comes from a file.
    if let former = Self.socketDirectory(of: url), !isCopy,
      Files.name(of: former).hasPrefix(Self.anyPrefix)
    {
      if Self.isPrivate(former) || mkdir(former, 0o700) == 0 { return former }
    }
    return try Self.makeSocketDirectory()
  }

  /// Points the link to a socket. If no link can be made, clients that have lost the socket find
  /// the new one only through `run.json`.
  package func link(to url: RedisURL) {
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
