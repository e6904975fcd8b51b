import Posix

/// The control group in which this executor and its jobs run, version 1 or 2: its limit of memory
/// and its count of kills.
struct ControlGroup: Equatable {
  /// Has a line `oom_kill <count>`; `nil` when there is none.
  let eventsFile: String?
  /// The group's own limit and those of the groups around it.
  let limitFiles: [String]

  /// `membership` is the text of `/proc/self/cgroup`, `root` where the groups are mounted.
  init(membership: String, root: String = "/sys/fs/cgroup") {
    let groups = membership.split(separator: "\n").compactMap { line -> (String, String)? in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return fields.count == 3 ? (String(fields[1]), String(fields[2])) : nil
    }
    let old = groups.first { $0.0.split(separator: ",").contains("memory") }
    if let old {
      let folders = ControlGroup.folders(of: old.1, in: "\(root)/memory")
      self.init(folders, events: "memory.oom_control", limit: "memory.limit_in_bytes")
    } else {
      let folders = ControlGroup.folders(of: groups.first { $0.0.isEmpty }?.1 ?? "/", in: root)
      self.init(folders, events: "memory.events", limit: "memory.max")
    }
  }

  static func ofThisProcess() -> ControlGroup {
    let bytes = (try? Files.read("/proc/self/cgroup")) ?? []
    return ControlGroup(membership: String(decoding: bytes, as: UTF8.self))
  }

  private init(_ folders: [String], events: String, limit: String) {
    eventsFile = folders.lazy.map { "\($0)/\(events)" }.first(where: Files.exists)
    limitFiles = folders.map { "\($0)/\(limit)" }
  }

  /// The group's folder and those above it. In a container the path may be that of the host, and
  /// only the mounted root exists.
  private static func folders(of path: String, in root: String) -> [String] {
    var names = path.split(separator: "/")
    var result: [String] = []
    while !names.isEmpty {
      let folder = "\(root)/\(names.joined(separator: "/"))"
      if Files.isDirectory(folder) { result.append(folder) }
      names.removeLast()
    }
    return result + [root]
  }

  /// How often the kernel has killed for memory in this group.
  var killCount: Int {
    guard let eventsFile, let bytes = try? Files.read(eventsFile) else { return 0 }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("oom_kill ") }
    return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
  }

  /// The smallest of the limits in kilobytes; `nil` without any.
  var limit: Int? {
    limitFiles.compactMap { path in
      let text = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) }
      // "max", and in version 1 a number beyond all memory.
      return text?.split(separator: "\n").first.flatMap { Int($0) }.map { $0 / 1024 }
    }.min()
  }
}
