import JSONValue

/// The host's processors and memory as HyperFlow's executor logs them, from the texts of `/proc`.
enum SystemInfo {
  static func text(processors: String, memory: String) -> String {
    let object: JSON = ["cpu": cpu(processors), "mem": mem(memory)]
    return "Sysinfo: \(TraceLine.json(object))"
  }

  /// Parses `/proc/cpuinfo`. Some architectures leave out most fields.
  private static func cpu(_ text: String) -> JSON {
    var first: [String: String] = [:]
    var cores = 0
    var physical: Set<String> = []
    var sockets: Set<String> = []
    var socket = ""
    for (key, value) in pairs(text) {
      if key == "processor" { cores += 1 }
      if key == "physical id" {
        socket = value
        sockets.insert(value)
      }
      if key == "core id" { physical.insert("\(socket)/\(value)") }
      if first[key] == nil { first[key] = value }
    }
    func known(_ key: String) -> JSON { .string(first[key] ?? "") }
    let megahertz = first["cpu MHz"].flatMap { Double($0) } ?? 0
    let hundredths = Int(megahertz / 10)
    let speed = "\(hundredths / 100).\(String(100 + hundredths % 100).dropFirst())"
    return [
      "manufacturer": .string(maker(first["vendor_id"] ?? "")), "brand": known("model name"),
      "vendor": known("vendor_id"), "family": known("cpu family"), "model": known("model"),
      "stepping": known("stepping"), "speed": .string(speed), "cores": .int(max(1, cores)),
      "physicalCores": .int(physical.isEmpty ? max(1, cores) : physical.count),
      "processors": .int(max(1, sockets.count)),
    ]
  }

  private static func maker(_ vendor: String) -> String {
    switch vendor {
    case "GenuineIntel": "Intel"
    case "AuthenticAMD": "AMD"
    default: vendor
    }
  }

  /// Parses `/proc/meminfo`; sizes are in bytes.
  private static func mem(_ text: String) -> JSON {
    var sizes: [String: Int] = [:]
    for (key, value) in pairs(text) {
      sizes[key] = value.split(separator: " ").first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    func size(_ key: String) -> Int { sizes[key] ?? 0 }
    let total = size("MemTotal")
    let available = sizes["MemAvailable"] ?? size("MemFree")
    let slab = size("Slab")
    return [
      "total": .int(total), "free": .int(size("MemFree")),
      "used": .int(total - size("MemFree")), "active": .int(total - available),
      "available": .int(available), "buffers": .int(size("Buffers")),
      "cached": .int(size("Cached")), "slab": .int(slab),
      "buffcache": .int(size("Buffers") + size("Cached") + slab),
      "swaptotal": .int(size("SwapTotal")),
      "swapused": .int(size("SwapTotal") - size("SwapFree")),
      "swapfree": .int(size("SwapFree")),
    ]
  }

  private static func pairs(_ text: String) -> [(String, String)] {
    text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      return (trimmed(parts[0]), trimmed(parts[1]))
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0 == " " || $0 == "\t" }
    let end = start.lastIndex { $0 != " " && $0 != "\t" }
    return end.map { String(start[...$0]) } ?? ""
  }
}
