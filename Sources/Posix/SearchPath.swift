import Glibc

/// Finds risky entries of `PATH`: directories in which others can put programs.
public enum SearchPath {
  private static let system: Set<String> = [
    "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
  ]

  /// One line; `nil` if nothing is risky. Risky are entries that mean the current directory,
  /// and entries before the system's that others can write.
  public static func risk(in path: String) -> String? {
    guard !path.isEmpty else { return nil }
    let entries = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let first = entries.firstIndex { system.contains($0) } ?? entries.count
    var seen: Set<String> = []
    let risks = entries.indices.compactMap { place -> String? in
      let entry = entries[place]
      guard seen.insert(entry).inserted else { return nil }
      if entry.isEmpty { return "an empty entry (the current directory)" }
      if !entry.hasPrefix("/") { return "\"\(entry)\" (below the current directory)" }
      guard place < first, let writers = otherWriters(entry) else { return nil }
      return "\(entry) before the system's (\(writers))"
    }
    guard !risks.isEmpty else { return nil }
    return "PATH has \(risks.joined(separator: ", and ")): jobs may run programs that others put "
      + "there; take it out of PATH"
  }

  /// A group is trusted if it is root's or the user's own.
  private static func otherWriters(_ directory: String) -> String? {
    var info = stat()
    guard stat(directory, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return nil }
    if info.st_uid != geteuid(), info.st_uid != 0 { return "uid \(info.st_uid) can write to it" }
    if info.st_mode & 0o002 != 0 { return "every user can write to it" }
    let isSharedGroup = info.st_uid != 0 && info.st_gid != getegid()
    return info.st_mode & 0o020 != 0 && isSharedGroup ? "its group can write to it" : nil
  }
}

/// Finds the program of a request as a shell in the child's directory with the child's
/// environment would.
extension SpawnRequest {
  /// The `PATH` of the child, or the system's default.
  public var searchPath: String {
    if let added = additionalEnvironment["PATH"] { return added }
    let given = environment.map { $0["PATH"] } ?? Environment["PATH"]
    return given ?? "/bin:/usr/bin"
  }

  /// The path to execute: `executable` itself if it has a slash, else the first program of
  /// that name in `searchPath`. Relative to the child's directory.
  ///
  /// Throws `ENOENT` if there is none, `EACCES` if there are only files that are not
  /// executable; the error names the first of them.
  public func program() throws(PosixError) -> String {
    guard !executable.utf8.contains(UInt8(ascii: "/")) else { return executable }
    guard !executable.isEmpty else { throw PosixError("start", executable, code: ENOENT) }
    var forbidden: String?
    for folder in searchPath.split(separator: ":", omittingEmptySubsequences: false) {
      // An empty element is the child's directory.
      let path = Files.join(folder.isEmpty ? "." : String(folder), executable)
      let found = pathFromParent(path)
      if Files.isExecutableFile(found) { return path }
      if forbidden == nil, Files.exists(found), !Files.isDirectory(found) { forbidden = path }
    }
    if let forbidden { throw PosixError("start", forbidden, code: EACCES) }
    throw PosixError("start", executable, code: ENOENT)
  }

  /// A path of the child, relative to this process.
  public func pathFromParent(_ path: String) -> String {
    directory.map { Files.join($0, path) } ?? path
  }
}
