import Glibc
import Posix

/// The other processes of this host that have pipes open, from `/proc`, as far as this user may see
/// them. Empty without `/proc`.
struct PipeHolders {
  private var processes: [UInt: [Int32]] = [:]

  static func now() -> PipeHolders {
    var holders = PipeHolders()
    let own = getpid()
    for pid in Files.list("/proc").lazy.compactMap({ Int32($0) }) where pid != own {
      holders.add(pid)
    }
    return holders
  }

  /// The processes that hold any of the pipes, in ascending order.
  func processes(of pipes: [UInt]) -> [Int32] {
    Set(pipes.flatMap { processes[$0] ?? [] }).sorted()
  }

  /// The system's name of a pipe; `nil` for anything else.
  static func pipe(_ descriptor: Int32) -> UInt? {
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFIFO else { return nil }
    return info.st_ino
  }

  /// Reads links but never follows them: they may lead to a disk that does not answer.
  private mutating func add(_ pid: Int32) {
    guard let folder = opendir("/proc/\(pid)/fd") else { return }
    defer { closedir(folder) }
    var target = [CChar](repeating: 0, count: 64)
    while let entry = readdir(folder) {
      let length = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) {
          readlinkat(dirfd(folder), $0, &target, target.count)
        }
      }
      let text = target.prefix(max(0, length)).lazy.map { UInt8(bitPattern: $0) }
      guard text.starts(with: "pipe:[".utf8) else { continue }
      let number = String(decoding: text.dropFirst(6).prefix { $0 != 0x5D }, as: UTF8.self)
      if let pipe = UInt(number) { processes[pipe, default: []].append(pid) }
    }
  }
}
