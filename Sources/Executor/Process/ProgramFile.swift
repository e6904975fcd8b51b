import Glibc
import Posix

/// The type of a file that the kernel did not execute, from its first bytes.
enum ProgramFile: Equatable {
  /// A script with an interpreter in its first line. A final carriage return is part of the
  /// name.
  case script(interpreter: String)
  /// An ELF file: its machine and its loader.
  case program(machine: String, loader: String?)
  /// A text that a shell would run.
  case text
  case other
  case unreadable

  /// The kernel reads 256 bytes; program headers are longer.
  private static let length = 4096

  init(reading path: String) {
    guard let file = try? Files.openForReading(path),
      let bytes = try? DescriptorIO.read(file.number, limit: ProgramFile.length)
    else {
      self = .unreadable
      return
    }
    self.init(bytes)
  }

  init(_ bytes: [UInt8]) {
    if bytes.starts(with: [0x7F] + Array("ELF".utf8)) {
      self = Header(bytes).map { .program(machine: $0.machine, loader: $0.loader) } ?? .other
    } else if bytes.starts(with: "#!".utf8), let interpreter = ProgramFile.interpreter(bytes) {
      self = .script(interpreter: interpreter)
    } else {
      // As shells decide: text has no NUL in its first line.
      let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
      self = line.contains(0) ? .other : .text
    }
  }

  /// Why the kernel refused the format, as the end of a sentence.
  var refusal: String {
    switch self {
    case .program(let machine, _) where machine != ProgramFile.machineOfHost:
      "is a program for \(machine) and cannot run on this machine (\(ProgramFile.machineOfHost))"
    case .program: "is a damaged program, or one that this machine cannot run"
    case .script(let interpreter):
      "its interpreter \(interpreter.debugDescription) (first line) is no program that can run"
    case .text, .other, .unreadable: "is neither a program nor a script that can run"
    }
  }

  private static func interpreter(_ bytes: [UInt8]) -> String? {
    let line = bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let word = line.drop(while: isBlank).prefix { !isBlank($0) }
    return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
  }

  /// The name of `uname -m`.
  static var machineOfHost: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &name.machine) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

/// The header of an ELF file.
private struct Header {
  let machine: String
  let loader: String?

  private static let machines: [Int: String] = [
    3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64",
    183: "aarch64", 243: "riscv64", 258: "loongarch64",
  ]
  private static let loaderSegment = 3

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 52 else { return nil }
    let isWide = bytes[4] == 2
    let isLittle = bytes[5] == 1
    func number(_ offset: Int, _ size: Int) -> Int? {
      guard offset >= 0, offset <= bytes.count - size else { return nil }
      let digits = bytes[offset..<offset + size]
      let ordered = isLittle ? Array(digits.reversed()) : Array(digits)
      return Int(exactly: ordered.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
    let code = number(18, 2) ?? 0
    machine =
      Header.machines[code].map { Header.machineName($0, isLittle) } ?? "machine type \(code)"
    var loader: String?
    let word = isWide ? 8 : 4
    let table = number(isWide ? 32 : 28, word) ?? 0
    let size = number(isWide ? 54 : 42, 2) ?? 0
    for place in 0..<(number(isWide ? 56 : 44, 2) ?? 0) {
      let (entry, overflows) = table.addingReportingOverflow(place * size)
      guard !overflows, number(entry, 4) == Header.loaderSegment,
        let start = number(entry + (isWide ? 8 : 4), word), start < bytes.count
      else { continue }
      loader = String(decoding: bytes[start...].prefix { $0 != 0 }, as: UTF8.self)
    }
    self.loader = loader
  }

  private static func machineName(_ name: String, _ isLittle: Bool) -> String {
    name == "ppc64" && isLittle ? "ppc64le" : name
  }
}
