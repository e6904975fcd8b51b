import Posix

/// The control group (version 1 or 2) of this executor and its jobs: its memory limit and its
/// count of kills.
struct ControlGroup: Equatable {
  /// The file with the line `oom_kill <count>`; `nil` if there is none.
  let eventsFile: String?
  /// The limits of the group and of its parents.
  let limitFiles: [String]

  /// - Parameters: `membership` is the text of `/proc/self/cgroup`, `root` is the mount
  ///   point.
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

  static func forThisProcess() -> ControlGroup {
    let bytes = (try? Files.read("/proc/self/cgroup")) ?? []
    return ControlGroup(membership: String(decoding: bytes, as: UTF8.self))
  }

  private init(_ folders: [String], events: String, limit: String) {
    eventsFile = folders.lazy.map { "\($0)/\(events)" }.first(where: Files.exists)
    limitFiles = folders.map { "\($0)/\(limit)" }
  }

  /// The group's directory and its parents. In a container the path may be that of the host,
  /// and only the mounted root exists.
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

  /// The smallest limit in kilobytes; `nil` without a limit.
  var limit: Int? {
    limitFiles.compactMap { path in
      let text = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) }
      // "max", or in version 1 a number beyond all memory.
      return text?.split(separator: "\n").first.flatMap { Int($0) }.map { $0 / 1024 }
    }.min()
  }
}
