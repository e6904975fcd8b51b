import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

@testable import Report

/// The figures, and their JSON and CSV.
struct FiguresTests {
  private func mixed() throws -> Story {
    var story = try Story(
      [
        Story.process("a", ins: [0], outs: [1], more: #", "firingLimit": 3, "parlevel": 0"#),
        Story.process("b", ins: [1, 2]),
      ].joined(separator: ","), signals: Story.signals(3))
    story.send(0, 1, count: 3)
    for number in 1...3 { story.fire(0, task(1, number)) }
    var usage = JobUsage()
    usage.userMilliseconds = 40
    usage.systemMilliseconds = 10
    usage.maxResidentKilobytes = 2000
    usage.bytesWritten = 512
    story.run(task(1, 1), at: (0, 10, 110), usage: usage)
    usage.maxResidentKilobytes = 9000
    usage.lastLine = "no overlap between images 17 and 18"
    story.run(task(1, 2), at: (0, 10, 60), .failed(.exit(1)), usage: usage)
    usage.lastLine = "no overlap between images 93 and 94"
    story.run(task(1, 3), at: (0, 60, 70), .failed(.exit(1)), usage: usage)
    story.tell(
      200,
      .runSettled(
        .failed,
        blocked: [
          BlockedProcess(
            process: ProcessID(number: 2),
            missingInputs: [.init(signal: SignalID(number: 3), have: 0, need: 1)])
        ]))
    return story
  }

  @Test func `figures of the whole run are computed`() throws {
    let run = try mixed().report().summary
    #expect(run.shortID == "k7f2")
    #expect(run.status == .failed)
    #expect(run.elapsedMilliseconds == 200)
    #expect(run.attemptCount == 3)
    #expect(run.cpuMilliseconds == 150)
    #expect(run.bytesWritten == 1536)
    #expect(run.largest?.task == "a:2")
    #expect(run.largest?.kilobytes == 9000)
    #expect(run.phases[.run] == 160)
    #expect(run.phases[.queue] == 80)
    #expect(run.jobsAtOnce == .init(mean: 0.8, maximum: 2, slots: 2))
    #expect(run.hosts == ["node-a"])
  }

  @Test func `failures are grouped, with the output of one task`() throws {
    let story = try mixed()
    let tail = OutputTail(lines: ["line 1", "line 2"], isStandardError: true)
    #expect(FailureFigures.examples(in: story.state) == [task(1, 2), task(1, 3)])
    let failures = story.report(tails: [task(1, 3): tail]).failures
    #expect(failures.count == 1)
    #expect(failures[0].cause == "exit 1")
    #expect(failures[0].signature == "no overlap between images # and #")
    #expect(failures[0].tasks == ["a:2", "a:3"])
    #expect(failures[0].example == "a:3")
    #expect(failures[0].tail == tail)
    #expect(failures[0].waitingBehind == 1)
  }

  @Test func `blocked processes are listed with their missing inputs`() throws {
    let blockages = try mixed().report().blockages
    #expect(blockages.map(\.task) == ["b:1"])
    #expect(blockages.first?.missingInputs == [.init(signal: "s2", have: 0, need: 1)])
  }

  @Test func `stages have the distribution of their run times`() throws {
    let stages = try mixed().report().stages
    #expect(stages.map(\.name) == ["a", "b"])
    #expect(stages[0].run == Distribution([100, 50, 10]))
    #expect(stages[0].run?.median == 50)
    #expect(stages[0].run?.maximum == 100)
    #expect(stages[0].maxResidentKilobytes == 9000)
    #expect(stages[1].run == nil)
  }

  @Test func `the JSON report has all figures`() throws {
    let json = try JSON(parsing: mixed().report().json.text)
    #expect(json["run"]?.string == "k7f2abcd")
    #expect(json["status"]?.string == "failed")
    #expect(json["counts"]?["failed"]?.int == 2)
    #expect(json["failures"]?.array?.first?["tasks"]?.array?.count == 2)
    #expect(json["blocked"]?.array?.first?["lacks"]?.array?.first?["signal"]?.string == "s2")
    let tasks = try #require(json["tasks"]?.array)
    #expect(tasks.compactMap { $0["task"]?.string } == ["a:1", "a:2", "a:3"])
    let attempt = tasks[1]["attempts"]?.array?.first
    #expect(attempt?["cause"]?.string == "exit")
    #expect(attempt?["run"]?.int == 50)
    #expect(attempt?["lastLine"]?.string == "no overlap between images 17 and 18")
    #expect(json["criticalPath"]?["total"]?.int == 110)
  }

  @Test func `the CSV report has one line for each attempt`() throws {
    let lines = try mixed().report().csv.components(by: "\r\n")
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix("task,process,firing,stage,state,critical,attempt"))
    #expect(lines[1].hasPrefix("a:1,1,1,a,succeeded,1,1,,succeeded,,node-a,w1,"))
    #expect(lines[2].hasPrefix("a:2,1,2,a,failed,0,1,,failed,exit 1,node-a,w1,"))
    #expect(lines[2].hasSuffix(",no overlap between images 17 and 18"))
    #expect(lines[4].isEmpty)
    let columns = RunReport.columns.count
    for line in lines.dropLast() { #expect(line.components(by: ",").count == columns) }
  }

  @Test(arguments: [
    ("plain", "plain"), ("a,b", #""a,b""#), (#"say "no""#, #""say ""no""""#),
    ("=1+1", #""'=1+1""#), ("@cmd", #""'@cmd""#), ("-x", #""'-x""#), ("two\nlines", #"two\nlines"#),
    ("", ""),
  ])
  func `a CSV cell stays one cell and is never a formula`(text: String, cell: String) {
    #expect(CSVCell.text(text) == cell)
  }
}

extension String {
  fileprivate func components(by separator: String) -> [String] {
    var parts: [String] = []
    var rest = Substring(self)
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
