import JSONValue
import JobProtocol
import Posix
import Testing

@testable import Executor

/// The files that jobs declare, with the real executor.
struct FileCheckTests {
  let site: Site

  init() throws { site = try Site() }

  private func extras(_ files: JSON) -> JSON { ["protocol": 2, "files": files] }

  @Test func `a job without a declared output succeeds with a warning`() throws {
    let record = try site.script("echo ran", extras: extras(["out": ["out.txt"]]))
    #expect(record.outcome == .succeeded)
    #expect(record.usage.missingFiles == "output missing: out.txt")
    #expect(record.error == "hflow-job-execute: warning: output missing: out.txt\n")
    #expect(record.usage.fileStamps == "m:-;-")
  }

  @Test func `a strict job without a declared output fails`() throws {
    let record = try site.script(
      "echo ran", extras: extras(["out": ["out.txt"], "strict": true]))
    #expect(record.outcome == .failed(.file("output missing: out.txt")))
    #expect(record.output == "ran\n")
    #expect(record.usage.missingFiles == "")
  }

  @Test func `a strict job without a declared input does not start`() throws {
    let record = try site.script(
      "echo ran", extras: extras(["in": [["in.txt", "make:1"]], "strict": true]))
    #expect(
      record.outcome
        == .failed(.file("input missing: in.txt; task make:1 should have made it")))
    #expect(record.kinds == ["taken", "finished"])
  }

  @Test func `a job without a declared input starts with a warning`() throws {
    let record = try site.script("echo ran", extras: extras(["in": ["in.txt"]]))
    #expect(record.outcome == .succeeded && record.output == "ran\n")
    #expect(record.usage.missingFiles == "input missing: in.txt; no task makes it")
  }

  @Test func `a job with all its files has their stamps and no warning`() throws {
    try Files.write(Array("x".utf8), to: "\(site.work)/in.txt", mode: 0o600)
    let record = try site.script(
      "cat in.txt > out.txt", extras: extras(["in": ["in.txt"], "out": ["out.txt"]]))
    #expect(record.outcome == .succeeded && record.usage.missingFiles == "")
    let stamper = FileStamper(directory: site.work, inSeconds: false)
    #expect(
      record.usage.fileStamps
        == "m:-,\(stamper.stamp("in.txt"));\(stamper.stamp("out.txt"))")
  }

  @Test func `a file that appears late is waited for`() throws {
    // The output is written by a process that the job leaves behind.
    let record = try site.script(
      "(read x <> gate; echo late > out.txt) > log 2>&1 & mkfifo gate; echo > gate",
      extras: extras(["out": ["out.txt"], "strict": true]),
      environment: ["HFLOW_FILE_WAIT": "100"])
    #expect(record.outcome == .succeeded)
  }

  @Test func `a cancelled job does not wait for its files`() throws {
    try site.push(
      "abcd:1:1:1", ["executable": "true"],
      extras: extras(["in": ["in.txt"], "strict": true]))
    let child = try site.start(["abcd:1:1:1", site.url], ["HFLOW_FILE_WAIT": "1000"])
    #expect(
      try eventually {
        try site.reports().contains { if case .taken = $0 { true } else { false } }
      })
    child.send(15)
    _ = try site.end(of: child)
    #expect(try site.finished()["abcd:1:1:1"] != .succeeded)
  }

  @Test func `pauses grow until the wait is over`() {
    var check = JobFileCheck(ExpectedFiles(inputs: [], outputs: ["x"], isStrict: false), wait: 400)
    check.begin(.after, [.init(name: "x", path: "/x"), .init(name: "y", path: "/y")])
    func look(_ there: [String]) -> JobFileCheck.Finding {
      check.check(exists: there.contains, isShared: { _ in false })
    }
    #expect(look([]) == .again(afterMilliseconds: 50))
    #expect(look(["/y"]) == .again(afterMilliseconds: 100))
    #expect(look([]) == .again(afterMilliseconds: 200))
    #expect(look([]) == .again(afterMilliseconds: 50))
    #expect(look([]) == .missing(["x"]))
    #expect(look(["/x"]) == .complete)
  }

  @Test(arguments: [true, false])
  func `only file systems that hosts share are waited for`(isShared: Bool) {
    var check = JobFileCheck(ExpectedFiles(inputs: [], outputs: ["x"], isStrict: false))
    check.begin(.after, [.init(name: "x", path: "/x")])
    let finding = check.check(exists: { _ in false }, isShared: { _ in isShared })
    #expect(finding == (isShared ? .again(afterMilliseconds: 50) : .missing(["x"])))
  }
}
