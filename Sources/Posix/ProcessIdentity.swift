import Glibc

/// A process of this host, told apart from later ones with the same id: by when it started, and in
/// which boot of the machine.
public struct ProcessIdentity: Sendable, Equatable {
  public var pid: Int
  /// In clock ticks since the boot.
  public var startTicks: Int
  public var bootID: String

  /// `nil` when there is no such process (any more). Without `/proc` nothing tells when it started.
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
    // The name stands in parentheses and may hold anything.
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

  /// `pid start boot`, the form of `text`; `nil` for what is none.
  public init?(parsing text: some StringProtocol) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, let pid = Int(words[0]), let ticks = Int(words[1]) else { return nil }
    self.pid = pid
    startTicks = ticks
    bootID = String(words[2])
  }

  public var text: String { "\(pid) \(startTicks) \(bootID)" }

  /// Whether this very process still runs.
  public var isAlive: Bool { ProcessIdentity(of: pid) == self }
}

/// The processes of this host that one may look at.
public enum ProcessTable {
  /// The words of each process's command line, by its id.
  public static var commandLines: [Int: [String]] {
    var lines: [Int: [String]] = [:]
    for pid in Files.list("/proc").compactMap({ Int($0) }) {
      let words = commandLine(of: pid)
      if !words.isEmpty { lines[pid] = words }
    }
    return lines
  }

  /// Empty for a process that is gone.
  public static func commandLine(of pid: Int) -> [String] {
    guard let bytes = try? Files.read("/proc/\(pid)/cmdline"), !bytes.isEmpty else { return [] }
    return bytes.split(separator: 0, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
