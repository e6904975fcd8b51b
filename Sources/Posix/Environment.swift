internal import CPosix
import Glibc

/// The environment and identity of this process.
public enum Environment {
  public static subscript(name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// All variables. Bytes that are not UTF-8 are repaired.
  public static var all: [String: String] {
    var result: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text)
      if let equals = pair.firstIndex(of: "=") {
        result[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
      }
      entry += 1
    }
    return result
  }

  public static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  /// The user whose rights this process has; empty if the system does not know a name.
  public static var userName: String {
    guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return "" }
    return String(cString: name)
  }

  /// Sets a variable of this process and its children; only before there are other threads.
  public static func set(_ name: String, to value: String) { setenv(name, value, 1) }

  /// Removes a secret from the environment, so children do not inherit it, and overwrites it
  /// where the system shows the initial environment of this process.
  public static func withdraw(_ name: String) -> String? {
    guard let text = getenv(name) else { return nil }
    let value = String(cString: text)
    memset(text, Int32(UInt8(ascii: "*")), strlen(text))
    unsetenv(name)
    return value
  }

  /// The directory for users' state. A relative `given` (XDG_STATE_HOME) is ignored.
  public static func stateHome(given: String?, home: String?) -> String {
    // Text with U+FFFD was repaired and names another directory.
    func isUsable(_ path: String) -> Bool { path.hasPrefix("/") && !path.contains("\u{FFFD}") }
    if let given, isUsable(given) { return given }
    return Files.join(home.flatMap { isUsable($0) ? $0 : nil } ?? "/tmp", ".local/state")
  }

  /// The id of the current boot; empty if unknown.
  public static var bootID: String {
    let bytes = (try? Files.read("/proc/sys/kernel/random/boot_id")) ?? []
    return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
  }

  /// Keeps processes of the same user, such as jobs, from reading the memory of this process.
  public static func hideMemory() { cposix_hide_memory() }

  public static var processID: Int { Int(getpid()) }

  /// The number of processors that this process may use.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// The memory of this host in bytes; `nil` if unknown.
  public static var physicalMemory: Int? {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? pages * size : nil
  }

  /// The path of the running program. Without `/proc`, the path by which it was started.
  public static var executablePath: String? {
    Files.realPath("/proc/self/exe")
      ?? cposix_executed_path().flatMap { Files.realPath(String(cString: $0)) }
  }
}
