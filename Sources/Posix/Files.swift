internal import CPosix
import Glibc

/// The file operations that the program needs, without Foundation.
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

  public static func openForReading(_ path: String) throws(PosixError) -> Descriptor {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PosixError("read", path) }
    return Descriptor(owning: descriptor)
  }

  /// Opens a file for appending, creating it if necessary; refuses a link. The caller closes
  /// the descriptor.
  public static func openForAppending(
    _ path: String, mode: UInt32 = FileMode.file
  ) throws(PosixError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw PosixError("write", path) }
    return descriptor
  }

  /// Creates the directory and its parents, if they do not exist.
  public static func makeDirectory(
    _ path: String, mode: UInt32 = FileMode.directory
  ) throws(PosixError) {
    if mkdir(path, mode) == 0 || isDirectory(path) { return }
    let parent = parent(of: path)
    guard errno == ENOENT, parent != path else { throw PosixError("create directory", path) }
    try makeDirectory(parent, mode: mode)
    guard mkdir(path, mode) == 0 || isDirectory(path) else {
      throw PosixError("create directory", path)
    }
  }

  /// Creates a private directory (mode 0700) whose name begins with `prefix`.
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

  /// Size in bytes; `nil` if there is no such file.
  public static func size(_ path: String) -> Int? {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : nil
  }

  /// The modification time in milliseconds since 1970; `nil` if there is no such file.
  public static func modified(_ path: String) -> Int? {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    return info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1_000_000
  }

  /// Whether other hosts may write to the file system, which may then show files late.
  public static func isShared(_ path: String) -> Bool {
    cposix_is_on_shared_file_system(path) != 0
  }

  /// The sorted names in a directory, without `.` and `..`; empty if it cannot be read.
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

  /// The absolute path without links; `nil` if it does not exist or is not UTF-8.
  public static func realPath(_ path: String) -> String? { try? resolve(path) }

  /// The absolute path without links. Throws if it is not UTF-8, because all paths in this
  /// program are.
  public static func resolve(_ path: String) throws(PosixError) -> String {
    guard let resolved = realpath(path, nil) else {
      let error = PosixError("find", path)
      // A name with U+FFFD was repaired and cannot be found.
      guard error.code == ENOENT, path.contains("\u{FFFD}") else { throw error }
      throw PosixError(
        "find", path, code: EILSEQ, because: "its name is not UTF-8 text; rename it")
    }
    defer { free(resolved) }
    guard let text = String(validatingCString: resolved) else {
      throw PosixError(
        "find", path, code: EILSEQ,
        because: "its absolute path is not UTF-8 text (\(String(cString: resolved))); rename the "
          + "directory whose name is not")
    }
    return text
  }

  /// The absolute path of the current directory; `.` if it is not UTF-8.
  public static var currentDirectory: String { realPath(".") ?? "." }

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

  /// `name` if it is absolute, else `name` in `directory`.
  public static func join(_ directory: String, _ name: String) -> String {
    if name.hasPrefix("/") { return name }
    return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  /// The path of an executable in `PATH`; a name with a slash is used as it is. Relative
  /// entries of `PATH` are ignored, because they depend on the current directory.
  public static func findExecutable(_ name: String) -> String? {
    if name.contains("/") { return isExecutableFile(name) ? name : nil }
    let folders = (Environment["PATH"] ?? "").split(separator: ":").map(String.init)
      .filter { $0.hasPrefix("/") }
    return folders.lazy.map { join($0, name) }.first { isExecutableFile($0) }
  }

  private static func kind(_ path: String) -> mode_t? {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_mode & S_IFMT : nil
  }
}
