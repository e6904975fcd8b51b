import Glibc
import Posix

/// The load of this host.
struct HostLoad: Equatable {
  /// The one-minute load average times 100.
  var loadPercent = 0
  /// The used memory in kilobytes; 0 if unknown.
  var memoryUsed = 0
  var memoryTotal = 0

  static func now() -> HostLoad {
    let text = (try? Files.read("/proc/meminfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    var host = HostLoad(memoryInfo: text)
    var load = [0.0]
    if getloadavg(&load, 1) == 1 { host.loadPercent = Int(load[0] * 100) }
    return host
  }
}

extension HostLoad {
  /// Parses the text of `/proc/meminfo`.
  init(memoryInfo text: String) {
    var values: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == ":" }
      if words.count >= 2 { values[words[0]] = Int(words[1]) }
    }
    memoryTotal = values["MemTotal"] ?? 0
    if let available = values["MemAvailable"] { memoryUsed = max(0, memoryTotal - available) }
  }
}
