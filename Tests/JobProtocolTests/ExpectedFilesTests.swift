import JSONValue
import JobProtocol
import Testing

struct ExpectedFilesTests {
  private static let files = ExpectedFiles(
    inputs: [.init(name: "a.txt", maker: "make:1"), .init(name: "b.txt")], outputs: ["c.txt"],
    isStrict: true)

  @Test func `they are read as they are written in a job message`() throws {
    var extras = JobExtras(directory: nil)
    extras.files = Self.files
    let message = JobMessage(members: JSONObject([("hflow", extras.json)]))
    #expect(message.extras?.files == Self.files)
    #expect(
      extras.json["files"]
        == ["in": [["a.txt", "make:1"], "b.txt"], "out": ["c.txt"], "strict": true])
  }

  @Test(arguments: [
    (["a.txt"], "input missing: a.txt; task make:1 should have made it"),
    (["b.txt"], "input missing: b.txt; no task makes it"),
    (["a.txt", "b.txt"], "inputs missing: a.txt, b.txt; task make:1 should have made them"),
  ])
  func `a missing input is named with the task that makes it`(names: [String], text: String) {
    #expect(Self.files.text(missingInputs: names) == text)
  }

  @Test func `a cause and a report keep what was missing`() throws {
    #expect(FailureCause(word: "file", argument: "x") == .file("x"))
    #expect(FailureCause.file("output missing: x").detail == "output missing: x")
    var usage = JobUsage()
    usage.missingFiles = "output missing: c.txt"
    usage.fileStamps = "m:-,aabbccdd;-"
    let report = JobReport.finished(job: "j", outcome: .succeeded, usage: usage, at: 1)
    #expect(JobReport(fields: report.fields) == report)
  }

  @Test func `stamps are read as they are written`() {
    let stamps = FileStamps(program: "00000001", inputs: ["aabbccdd", "-"], outputs: ["01020304"])
    #expect(stamps.text == "m:00000001,aabbccdd,-;01020304")
    #expect(FileStamps(stamps.text) == stamps)
    #expect(FileStamps("x") == nil && FileStamps("m:") == nil)
    let many = FileStamps(inSeconds: true, inputs: (0..<300).map { "0000\($0 + 1000)" })
    #expect(many.text.utf8.count < 32)
    #expect(many.written.inputs.count == 1)
    #expect(FileStamps(FileStamps().text) == FileStamps())
  }

  @Test func `a stamp differs with size and time`() {
    let stamps = [(1, 1), (1, 2), (2, 1)].map { FileStamps.stamp(size: $0, time: $1) }
    #expect(Set(stamps).count == 3)
    #expect(stamps.allSatisfy { $0.utf8.count == 8 })
  }
}
