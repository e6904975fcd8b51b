import Glibc
import JobProtocol
import Posix

/// A process and its descendants with their present resource use, from `/proc`. Processes may start
/// and exit while it is read, and a process whose parent has exited is not found.
struct ProcessTree: Equatable {
  private(set) var processes: [Int32] = []
  private(set) var residentKilobytes = 0
  /// User and system time, including children that have ended.
  private(set) var cpuMilliseconds = 0
  /// The smallest limit of address space or data of any of the processes, in kilobytes.
  private(set) var limit: Int?
  /// Whether one of the processes is running or waits for a disk.
  private(set) var isBusy = false

  private static let processLimit = 4096

  init(root: Int32) {
    var pending = [root]
    while let process = pending.popLast(), processes.count < ProcessTree.processLimit {
      guard let figures = ProcessFigures(statusLine: ProcessTree.read("/proc/\(process)/stat"))
      else { continue }
      processes.append(process)
      isBusy = isBusy || figures.isBusy
      residentKilobytes += figures.residentPages * (sysconf(Int32(_SC_PAGESIZE)) / 1024)
      cpuMilliseconds += figures.cpuTicks * 1000 / max(1, sysconf(Int32(_SC_CLK_TCK)))
      let limits = ProcessFigures.memoryLimits(ProcessTree.read("/proc/\(process)/limits"))
      limit = ([limit] + limits).compactMap { $0 }.min()
      pending += ProcessTree.children(of: process)
    }
  }

  var sample: UsageSample {
    UsageSample(residentKilobytes: residentKilobytes, cpuMilliseconds: cpuMilliseconds)
  }

  /// The name of a process; unprintable characters are replaced.
  static func name(of process: Int32) -> String {
    let name = read("/proc/\(process)/comm").filter { !$0.isNewline }
    return name.isEmpty ? "a process" : String(name.map { $0.isASCII && $0 >= " " ? $0 : "?" })
  }

  /// The children of all threads: `/proc` lists them by the thread that started them.
  private static func children(of process: Int32) -> [Int32] {
    Files.list("/proc/\(process)/task").flatMap { thread in
      read("/proc/\(process)/task/\(thread)/children").split(separator: " ")
        .compactMap { Int32($0) }
    }
  }

  private static func read(_ path: String) -> String {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return "" }
    let file = Descriptor(owning: number)
    var text: [UInt8] = []
    while let bytes = try? DescriptorIO.read(file.number, limit: 4096), !bytes.isEmpty {
      text += bytes
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Data of one process from `/proc`.
struct ProcessFigures: Equatable {
  let residentPages: Int
  let cpuTicks: Int
  let isBusy: Bool

  /// Parses the text of `/proc/<pid>/stat`; `nil` if it is incomplete, as when the process has
  /// gone. The name in parentheses may contain anything.
  init?(statusLine: String) {
    guard let name = statusLine.lastIndex(of: ")") else { return nil }
    let words = statusLine[name...].split(separator: " ").dropFirst()
    let fields = words.map { Int($0) ?? 0 }
    guard fields.count >= 22 else { return nil }
    isBusy = words.first == "R" || words.first == "D"
    cpuTicks = fields[11...14].reduce(0, +)
    residentPages = fields[21]
  }

  /// From `/proc/<pid>/limits`, in kilobytes.
  static func memoryLimits(_ text: String) -> [Int] {
    text.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("Max address space") || line.hasPrefix("Max data size") else {
        return nil
      }
      return line.split(separator: " ").lazy.compactMap { Int($0) }.first.map { $0 / 1024 }
    }
  }
}
