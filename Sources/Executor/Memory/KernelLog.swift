import Glibc
import Posix

/// The kernel's log of processes that it killed for memory. Usually only root can read it. Its
/// process ids are those of the initial namespace, so it is of no use in another one.
enum KernelLog {
  private static let path = "/dev/kmsg"
  private static let recordLimit = 100_000
  /// The initial process id namespace: the kernel names processes by their ids there.
  private static let initialNamespace = "pid:[4026531836]"

  /// The ids of processes killed since a time in microseconds since boot.
  static func kills(since: Int) -> Set<Int32> {
    guard readLink("/proc/self/ns/pid") == initialNamespace else { return [] }
    return kills(in: records(), since: since)
  }

  /// Records are `<priority>,<sequence>,<microseconds>,<flags>;<text>`.
  static func kills(in records: [String], since: Int) -> Set<Int32> {
    Set(records.compactMap { kill(in: $0, since: since) })
  }

  private static func kill(in record: String, since: Int) -> Int32? {
    guard let semicolon = record.firstIndex(of: ";") else { return nil }
    let head = record[..<semicolon].split(separator: ",")
    // Programs may write to this log, too, but not with the kernel's own facility, which is 0.
    guard head.count >= 3, let priority = Int(head[0]), priority < 8, let time = Int(head[2]),
      time >= since
    else { return nil }
    let text = record[semicolon...]
    guard let words = text.firstRange(of: "Killed process "), text.contains("ut of memory") else {
      return nil
    }
    return Int32(text[words.upperBound...].prefix(while: \.isNumber))
  }

  private static func records() -> [String] {
    let number = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard number >= 0 else { return [] }
    let log = Descriptor(owning: number)
    var records: [String] = []
    while records.count < recordLimit {
      // Each read returns one record. EPIPE means that the oldest records were overwritten; the
      // next read continues.
      do throws(PosixError) {
        guard let bytes = try DescriptorIO.read(log.number, limit: 8192), !bytes.isEmpty else {
          break
        }
        records.append(String(decoding: bytes, as: UTF8.self))
      } catch {
        if error.code != EPIPE { break }
      }
    }
    return records
  }

  private static func readLink(_ path: String) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = readlink(path, &buffer, buffer.count)
    return String(
      decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
