import Glibc

/// The few file operations that the product needs, without Foundation.
public enum Files {
  public static func read(_ path: String) throws(PosixError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PosixError("read", path) }
    defer { close(descriptor) }
    do {
      return try DescriptorIO.readToEnd(descriptor)
    } catch {
      throw PosixError("read", path, code: error.code)
    }
  }

  /// Writes a whole file beside the old one, then puts it in its place.
  public static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = 0o644
  ) throws(PosixError) {
    let draft = "\(path).\(getpid()).tmp"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw PosixError("write", path) }
    defer { close(descriptor) }
    do {
      try DescriptorIO.write(bytes, to: descriptor)
    } catch {
      unlink(draft)
      throw PosixError("write", path, code: error.code)
    }
    // Else a power cut could leave the new name with nothing in it.
    _ = fdatasync(descriptor)
    guard rename(draft, path) == 0 else { throw PosixError("write", path) }
  }

  public static func openForReading(_ path: String) throws(PosixError) -> Descriptor {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PosixError("read", path) }
    return Descriptor(owning: descriptor)
  }

  /// A descriptor, to be closed by the caller, that appends to a file, made when missing.
  public static func openForAppending(
    _ path: String, mode: UInt32 = 0o644
  ) throws(PosixError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw PosixError("write", path) }
    return descriptor
  }

  /// Makes the directory and its parents. One that is there already is fine.
  public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(PosixError) {
    if mkdir(path, mode) == 0 || isDirectory(path) { return }
    let parent = parent(of: path)
    guard errno == ENOENT, parent != path else { throw PosixError("create directory", path) }
    try makeDirectory(parent, mode: mode)
    guard mkdir(path, mode) == 0 || isDirectory(path) else {
      throw PosixError("create directory", path)
    }
  }

  /// A new private directory (mode 0700) whose name begins with `prefix`.
  public static func makeTemporaryDirectory(
    prefix: String, in parent: String = temporaryDirectory
  ) throws(PosixError) -> String {
    var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw PosixError("create directory", parent) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  public static var temporaryDirectory: String {
    let given = Environment["TMPDIR"] ?? ""
    return given.isEmpty ? "/tmp" : given
  }

  public static func isDirectory(_ path: String) -> Bool { kind(path) == S_IFDIR }
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
  public static func isExecutableFile(_ path: String) -> Bool {
    kind(path) == S_IFREG && access(path, X_OK) == 0
  }

  /// Size in bytes, `nil` when there is no such file.
  public static func size(_ path: String) -> Int? {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : nil
  }

  /// When a file was written last, in milliseconds since 1970; `nil` when there is no such file.
  public static func modified(_ path: String) -> Int? {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    return info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1_000_000
  }

  /// Names in a directory, sorted, without `.` and `..`; empty when it cannot be read.
  public static func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  public static func remove(_ path: String) { unlink(path) }

  /// Removes a directory with everything in it; links are removed, not followed.
  public static func removeTree(_ path: String) {
    for name in list(path) {
      let entry = "\(path)/\(name)"
      if linkKind(entry) == S_IFDIR { removeTree(entry) } else { unlink(entry) }
    }
    rmdir(path)
  }

  /// The absolute path without links, `nil` when it does not exist.
  public static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  public static var currentDirectory: String { realPath(".") ?? "/" }

  /// `/a/b/c` → `/a/b`, `a` → `.`
  public static func parent(of path: String) -> String {
    let parts = path.split(separator: "/")
    if path.hasPrefix("/") { return "/" + parts.dropLast().joined(separator: "/") }
    return parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
  }

  /// `/a/b/c` → `c`
  public static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// `name` itself when it is absolute, else inside `directory`.
  public static func join(_ directory: String, _ name: String) -> String {
    if name.hasPrefix("/") { return name }
    return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  /// Where `PATH` has an executable of that name; a name with a slash is looked at as it is.
  public static func findExecutable(_ name: String) -> String? {
    if name.contains("/") { return isExecutableFile(name) ? name : nil }
    let folders = (Environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return folders.lazy.map { join($0, name) }.first { isExecutableFile($0) }
  }

  private static func kind(_ path: String) -> mode_t? {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_mode & S_IFMT : nil
  }

  private static func linkKind(_ path: String) -> mode_t? {
    var info = stat()
    return lstat(path, &info) == 0 ? info.st_mode & S_IFMT : nil
  }
}
