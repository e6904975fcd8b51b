import Glibc

/// Identifies a process of this host even if its id is reused: by its start time and the boot
/// of the machine.
public struct ProcessIdentity: Sendable, Equatable {
  public var pid: Int
  /// The start time in clock ticks since the boot.
  public var startTicks: Int
  public var bootID: String

  /// `nil` if there is no such process. Without `/proc`, the start time is unknown.
  public init?(of pid: Int) {
    guard pid > 0 else { return nil }
    guard let bytes = try? Files.read("/proc/\(pid)/stat") else {
      guard !Files.exists("/proc/self/stat"), kill(pid_t(pid), 0) == 0 || errno == EPERM else {
        return nil
      }
      self.init(pid: pid, startTicks: 0, bootID: Environment.bootID)
      return
    }
    let text = String(decoding: bytes, as: UTF8.self)
    // The name is in parentheses and may contain anything.
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", let ticks = Int(fields[19]) else { return nil }
    self.init(pid: pid, startTicks: ticks, bootID: Environment.bootID)
  }

  private init(pid: Int, startTicks: Int, bootID: String) {
    self.pid = pid
    self.startTicks = startTicks
    self.bootID = bootID
  }

  /// Parses `pid start boot`, the form of `text`; `nil` if invalid.
  public init?(parsing text: some StringProtocol) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, let pid = Int(words[0]), let ticks = Int(words[1]) else { return nil }
    self.pid = pid
    startTicks = ticks
    bootID = String(words[2])
  }

  public var text: String { "\(pid) \(startTicks) \(bootID)" }

  /// Whether this process still runs.
  public var isAlive: Bool { ProcessIdentity(of: pid) == self }
}

/// The processes of this host, as far as they are visible.
public enum ProcessTable {
  /// The command line of each process, by its id.
  public static var commandLines: [Int: [String]] {
    var lines: [Int: [String]] = [:]
    for pid in Files.list("/proc").compactMap({ Int($0) }) {
      let words = commandLine(of: pid)
      if !words.isEmpty { lines[pid] = words }
    }
    return lines
  }

  /// The command line of one process; empty if it has ended.
  public static func commandLine(of pid: Int) -> [String] {
    guard let bytes = try? Files.read("/proc/\(pid)/cmdline"), !bytes.isEmpty else { return [] }
    return bytes.split(separator: 0, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
