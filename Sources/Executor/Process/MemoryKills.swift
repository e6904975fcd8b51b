import Posix

/// How often the kernel has killed for memory in our control group; an increase beside a SIGKILL
/// names the killer.
struct MemoryKills {
  private let path: String?
  private var count: Int

  init() {
    path = MemoryKills.eventsPath()
    count = MemoryKills.read(path)
  }

  /// Whether there was a kill since the last look.
  mutating func hasIncreased() -> Bool {
    let now = MemoryKills.read(path)
    defer { count = now }
    return now > count
  }

  private static func eventsPath() -> String? {
    guard let bytes = try? Files.read("/proc/self/cgroup") else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard let group = lines.first(where: { $0.hasPrefix("0::") }) else { return nil }
    return "/sys/fs/cgroup\(group.dropFirst(3))/memory.events"
  }

  private static func read(_ path: String?) -> Int {
    guard let path, let bytes = try? Files.read(path) else { return 0 }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("oom_kill ") }
    return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
  }
}
