import JSONValue

/// The figures of one process as HyperFlow's executor logs them, from the texts of `/proc`.
struct ProcessProbe {
  let pid: Int
  /// The name of the job.
  let name: String

  /// Parses `/proc/<pid>/cmdline`; `nil` if the process has ended.
  func command(_ text: String) -> String? {
    let words = text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    guard !text.isEmpty else { return nil }
    let shown = words.last == "" ? words.dropLast() : words[...]
    let object: JSON = [
      "pid": .int(pid), "name": .string(name), "command": .array(shown.map(JSON.string)),
    ]
    return "command: \(TraceLine.json(object))"
  }

  private static let counters = [
    ("rchar", "read"), ("wchar", "write"), ("syscr", "readSyscalls"), ("syscw", "writeSyscalls"),
    ("read_bytes", "readReal"), ("write_bytes", "writeReal"),
    ("cancelled_write_bytes", "writeCancelled"),
  ]

  /// Parses `/proc/<pid>/io`; `nil` if it cannot be read.
  func inputOutput(_ text: String) -> String? {
    var values: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: ":")
      if words.count == 2 { values[words[0]] = Int(words[1].drop { $0 == " " }) }
    }
    guard !values.isEmpty else { return nil }
    var members = JSONObject()
    for (kernel, shown) in Self.counters { members[shown] = .int(values[kernel[...]] ?? 0) }
    members["pid"] = .int(pid)
    members["name"] = .string(name)
    return "IO: \(TraceLine.json(.object(members)))"
  }

  private static let received = [
    "Bytes", "Packets", "Errors", "Drop", "Fifo", "Frame", "Compressed", "Multicast",
  ]
  private static let sent = [
    "Bytes", "Packets", "Errors", "Drop", "Fifo", "Colls", "Carrier", "Compressed",
  ]

  /// Parses `/proc/<pid>/net/dev`; `nil` with fewer than two interfaces, because `log-parser` reads
  /// the second one.
  func network(_ text: String) -> String? {
    var interfaces: [JSON] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let numbers = parts[1].split(separator: " ").map { Int($0) ?? 0 }
      guard numbers.count >= 16 else { continue }
      var members = JSONObject()
      members["name"] = .string(String(parts[0].drop { $0 == " " }))
      for (place, key) in Self.received.enumerated() { members["rx" + key] = .int(numbers[place]) }
      for (place, key) in Self.sent.enumerated() { members["tx" + key] = .int(numbers[8 + place]) }
      interfaces.append(.object(members))
    }
    guard interfaces.count >= 2 else { return nil }
    return "NetDev: pid: \(pid) \(TraceLine.json(.array(interfaces)))"
  }

  /// The time of a process at a probe.
  struct Usage: Equatable {
    /// User and system time in clock ticks, and when it started, in ticks since boot.
    var ticks: Int
    let started: Int
    let parent: Int
    let residentPages: Int

    /// Parses `/proc/<pid>/stat`; `nil` if the process has ended.
    init?(_ text: String) {
      guard let name = text.lastIndex(of: ")") else { return nil }
      let fields = text[name...].split(separator: " ").dropFirst().map { Int($0) ?? 0 }
      guard fields.count >= 22 else { return nil }
      parent = fields[1]
      ticks = fields[11] + fields[12]
      started = fields[19]
      residentPages = fields[21]
    }
  }

  /// The clocks of the host at a probe.
  struct Moment: Equatable {
    /// Milliseconds since 1970.
    let time: Int
    /// Milliseconds since boot.
    let uptime: Int
    let pageSize: Int
    let ticksPerSecond: Int
  }

  /// - Parameter last: the usage at the last probe, and that moment's uptime.
  func usage(_ now: Usage, at moment: Moment, since last: (usage: Usage, uptime: Int)?) -> String {
    func milliseconds(_ ticks: Int) -> Int { ticks * 1000 / max(1, moment.ticksPerSecond) }
    let elapsed = max(0, moment.uptime - milliseconds(now.started))
    let used = milliseconds(now.ticks - (last?.usage.ticks ?? 0))
    let span = last.map { moment.uptime - $0.uptime } ?? elapsed
    let percent = span > 0 ? Double(used) * 100 / Double(span) : 0
    let object: JSON = [
      "cpu": JSON(number: (percent * 100).rounded() / 100),
      "memory": .int(now.residentPages * moment.pageSize),
      "ctime": .int(milliseconds(now.ticks)), "elapsed": .int(elapsed),
      "timestamp": .int(moment.time), "pid": .int(pid), "ppid": .int(now.parent),
    ]
    return "Procusage: pid: \(pid) \(object.text)"
  }
}
