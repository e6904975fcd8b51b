import Glibc

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
      let found = fromHere(path)
      if Files.isExecutableFile(found) { return path }
      if forbidden == nil, Files.exists(found), !Files.isDirectory(found) { forbidden = path }
    }
    if let forbidden { throw PosixError("start", forbidden, code: EACCES) }
    throw PosixError("start", executable, code: ENOENT)
  }

  /// A path of the child, relative to this process.
  public func fromHere(_ path: String) -> String {
    directory.map { Files.join($0, path) } ?? path
  }
}
