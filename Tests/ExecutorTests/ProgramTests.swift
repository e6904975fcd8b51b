import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// Which program a job runs, and the error if it cannot run.
struct ProgramTests {
  let site: Site
  private let host = Environment.hostName

  init() throws { site = try Site() }

  private func write(_ bytes: [UInt8], to name: String, mode: UInt32 = 0o755) throws {
    try Files.write(bytes, to: "\(site.work)/\(name)", mode: mode)
  }

  private func write(_ text: String, to name: String, mode: UInt32 = 0o755) throws {
    try write(Array(text.utf8), to: name, mode: mode)
  }

  /// Why a job of this program was not started.
  private func refusal(
    _ program: String, env: JSON = [:], extras: JSON = ["protocol": 2]
  ) throws -> String {
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    let job = try site.job(["executable": .string(program), "env": env], extras: extras)
    #expect(job.kinds == ["taken", "finished"])
    guard case .failed(.notFound(let text)) = job.outcome else {
      Issue.record("\(String(describing: job.outcome))")
      return ""
    }
    return text
  }

  private func output(of program: String, env: JSON = [:]) throws -> String {
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    return try site.job(["executable": .string(program), "env": env]).output
  }

  @Test func `a program is looked up in the task's PATH`() throws {
    try Files.makeDirectory("\(site.work)/tools")
    try write("#!/bin/sh\necho mytool ran\n", to: "tools/mytool")
    for path in ["\(site.work)/tools:/usr/bin:/bin", "/nowhere:tools", "/usr/bin:./tools/"] {
      #expect(try output(of: "mytool", env: ["PATH": .string(path)]) == "mytool ran\n", "\(path)")
    }
    try write("#!/bin/sh\necho here\n", to: "mytool")
    #expect(try output(of: "mytool", env: ["PATH": "/nowhere:"]) == "here\n", "empty is here")
    try write("no program", to: "tools/sh", mode: 0o644)
    try write("#!/bin/sh\necho $0\n", to: "tools/ls")
    let mixed: JSON = ["PATH": .string("\(site.work)/tools:/usr/bin:/bin")]
    #expect(try output(of: "ls", env: mixed) == "\(site.work)/tools/ls\n", "the first one counts")
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
  }

  @Test func `a missing program is named with the PATH that was searched`() throws {
    #expect(
      try refusal("no-such-program")
        == "no-such-program: not found on \(host) in the executor's PATH: "
        + (Environment["PATH"] ?? ""))
    #expect(
      try refusal("sh", env: ["PATH": "/a:/b\u{1B}"])
        == "sh: not found on \(host) in the PATH that the task's env gives: \"/a:/b\\u{1B}\"")
    #expect(try refusal("./no-such") == "./no-such: no such file on \(host)")
    #expect(
      try refusal("true", extras: ["directory": "/no/such"])
        == "directory /no/such: no such directory on \(host)")
  }

  @Test func `a file that is not executable is named`() throws {
    try write("echo ran\n", to: "plain", mode: 0o644)
    let hint = "may not be executed on \(host); check its mode (chmod +x)"
    #expect(try refusal("./plain") == "./plain: \(hint)")
    #expect(
      try refusal("plain", env: ["PATH": .string(site.work)]) == "\(site.work)/plain: \(hint)")
  }

  @Test func `an interpreter that cannot run is named, and no shell runs the script`() throws {
    try write("#!/no/interpreter -x\ntouch ran\n", to: "missing")
    try write("#!/bin/sh\r\ntouch ran\r\n", to: "windows")
    try write("#! plain\ntouch ran\n", to: "forbidden")
    try write("touch ran\n", to: "plain", mode: 0o644)
    try write("#!\(site.work)/text\ntouch ran\n", to: "nested")
    try write([0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 1, count: 100), to: "text")
    let lead = "its interpreter"
    #expect(
      try refusal("./missing")
        == "./missing: \(lead) \"/no/interpreter\" (first line) is missing on \(host)")
    #expect(
      try refusal("./windows")
        == "./windows: \(lead) \"/bin/sh\\r\" (first line) is missing on \(host); the line ends in "
        + "a carriage return, as in a file from Windows")
    #expect(
      try refusal("./forbidden")
        == "./forbidden: \(lead) \"plain\" (first line) may not be executed on \(host)")
    #expect(
      try refusal("./nested")
        == "./nested: \(lead) \"\(site.work)/text\" (first line) is no program that can run on"
        + " \(host)")
    #expect(!Files.exists("\(site.work)/ran"))
  }

  /// The header of a program for another machine, with the loader that it needs.
  private func elf(machine: UInt8, loader: String = "/lib/ld-none.so.1") -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 120)
    bytes.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
    bytes[16] = 2
    bytes[18] = machine
    bytes[20] = 1
    bytes[32] = 64
    bytes[52] = 64
    bytes[54] = 56
    bytes[56] = 1
    bytes[64] = 3
    bytes[72] = 120
    bytes[96] = UInt8(loader.utf8.count + 1)
    return bytes + Array(loader.utf8) + [0]
  }

  @Test func `a program for another machine or with a missing loader is named`() throws {
    let here = ProgramFile.machineOfHost
    let (other, name): (UInt8, String) = here == "s390x" ? (62, "x86_64") : (22, "s390x")
    try write(elf(machine: other), to: "foreign")
    #expect(
      try refusal("./foreign")
        == "./foreign: is a program for \(name) and cannot run on this machine (\(here)) on \(host)"
    )
    #expect(
      ProgramFile(elf(machine: 62)) == .program(machine: "x86_64", loader: "/lib/ld-none.so.1"))
    try write(Array("\0PE echo ran".utf8), to: "binary")
    #expect(
      try refusal("./binary")
        == "./binary: is neither a program nor a script that can run on \(host)")
    let own: [String: UInt8] = ["x86_64": 62, "aarch64": 183]
    guard let machine = own[here] else { return }
    try write(elf(machine: machine), to: "strange")
    #expect(
      try refusal("./strange")
        == "./strange: its loader \"/lib/ld-none.so.1\" is missing on \(host)"
    )
  }

  @Test func `a text file without a shebang runs as a shell script`() throws {
    try write("echo ran\n", to: "bare")
    #expect(try output(of: "./bare") == "ran\n")
    #expect(try output(of: "bare", env: ["PATH": .string("\(site.work):/bin")]) == "ran\n")
    try write("#!\necho ran\n", to: "blank")
    #expect(try output(of: "./blank") == "ran\n")
    try write("", to: "empty")
    #expect(try output(of: "./empty") == "")
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
  }

  @Test func `damaged program headers are read without harm`() {
    let whole = elf(machine: 62)
    for length in 0..<whole.count { _ = ProgramFile(Array(whole.prefix(length))) }
    for place in 4..<64 {
      var bytes = whole
      bytes[place] = 0xFF
      _ = ProgramFile(bytes)
    }
    var wild = whole
    wild.replaceSubrange(32..<40, with: [UInt8](repeating: 0xFF, count: 8))
    wild.replaceSubrange(54..<58, with: [UInt8](repeating: 0xFF, count: 4))
    _ = ProgramFile(wild)
    wild[39] = 0x7F
    _ = ProgramFile(wild)
  }
}
