import JSONValue
import JobProtocol
import Redis
import Testing

@testable import Executor

struct InvocationTests {
  private let url = "redis://host:1"

  private func parse(_ words: String..., environment: String? = nil) throws -> Invocation {
    try Invocation(words, environmentURL: environment, processors: 4)
  }

  @Test func `the original's two forms of arguments are parsed with any task ids`() throws {
    let redis = try RedisURL(parsing: url)
    #expect(try parse("a:1:2:3", url) == .tasks(["a:1:2:3"], redis))
    #expect(try parse("-x:1:2:3", url) == .tasks(["-x:1:2:3"], redis))
    #expect(try parse(url, "-a", "t1", "t2") == .tasks(["t1", "t2"], redis))
    #expect(try parse(url, "-a", "--", "-t", "--worker") == .tasks(["-t", "--worker"], redis))
    #expect(try parse("t", "-", environment: url) == .tasks(["t"], redis))
  }

  @Test func `a worker uses the Redis of the environment if none is named`() throws {
    var options = WorkerOptions(url: try RedisURL(parsing: url), slots: 4)
    #expect(try parse("--worker", environment: url) == .worker(options))
    options.pool = "p"
    options.slots = 2
    options.name = "n"
    let words = try parse("--worker", "--redis", url, "--pool=p", "--slots", "2", "--name", "n")
    #expect(words == .worker(options))
  }

  @Test func `the option of the signing key may be anywhere before task ids`() throws {
    let option = "--signing-key-file"
    let forms: [([String], [String], String?)] = [
      ([option, "f", "t", url], ["t", url], "f"), (["t", url, option, "f"], ["t", url], "f"),
      (["--worker", "\(option)=f", "--pool", "p"], ["--worker", "--pool", "p"], "f"),
      ([url, "-a", "--", option, "f"], [url, "-a", "--", option, "f"], nil),
      ([option, "f", url, "-a", "t"], [url, "-a", "t"], "f"), (["t", url], ["t", url], nil),
    ]
    for (given, rest, file) in forms {
      var words = given
      #expect(try Invocation.takeKeyFile(from: &words) == file, "\(given)")
      #expect(words == rest)
    }
    for wrong in [[option], [option, ""], ["\(option)="], ["t", url, option]] {
      var words = wrong
      #expect(throws: UsageError.self) { try Invocation.takeKeyFile(from: &words) }
    }
  }

  @Test func `wrong usage is reported`() {
    for words in [
      [], ["one"], ["a", "b", "c"], [url, "-a"], [url, "-a", "-t"], ["t", "-"], ["t", "http://x"],
      ["--worker"], ["--worker", "--redis"], ["--worker", "--redis", url, "--slots", "0"],
      ["--worker", "--redis", url, "x"], ["--worker", "--redis", url, "--name", "*"],
      ["--worker", "--redis", url, "--name", "a\nb"],
    ] {
      #expect(throws: UsageError.self) {
        try Invocation(words, environmentURL: nil, processors: 4)
      }
    }
  }
}

struct SettingsTests {
  @Test func `the pause after a failed attempt is the original's`() {
    let settings = ExecutorSettings { $0 == "HF_VAR_BACKOFF_SEED" ? "4" : nil }
    #expect(settings.retryDelayMilliseconds(afterAttempt: 2, random: 0.5) == 4000)
    #expect(settings.retryDelayMilliseconds(afterAttempt: 9, random: 0.9) == 18_000)
  }

  @Test func `heartbeats are sent every five seconds or as the environment says`() {
    for (text, milliseconds) in [
      ("", 5000), ("0.5", 500), ("x", 5000), ("-1", 50), ("1e9", 3_600_000),
    ] {
      let settings = ExecutorSettings { $0 == "HFLOW_HEARTBEAT" ? text : nil }
      #expect(settings.heartbeat == milliseconds)
    }
  }

  @Test func `unknown values are written as the original writes them`() {
    let settings = ExecutorSettings { $0 == "HF_LOG_NODE_NAME" ? "n1" : nil }
    #expect(settings.allJobsMember(task: "t") == "t#n1#undefined#undefined")
  }
}

struct OutputPumpTests {
  @Test func `chunks are in order, numbered from 1, with an end mark`() {
    var pump = OutputPump()
    pump.add(Array("a\n".utf8), from: .standardOutput, now: 1000)
    pump.add(Array("b\n".utf8), from: .standardError, now: 1000)
    pump.add(Array("c\n".utf8), from: .standardError, now: 1001)
    let chunks = pump.flush(now: 1002, time: 7) + pump.end(now: 1003, time: 8)
    #expect(chunks.map(\.sequence) == [1, 2, 3])
    #expect(chunks.map(\.stream) == [.standardOutput, .standardError, .end])
    #expect(chunks.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a\n", "b\nc\n", ""])
  }

  @Test func `the first bytes are sent at once, later ones by interval or chunk size`() {
    var pump = OutputPump()
    #expect(pump.dueAt == nil)
    pump.add([65], from: .standardOutput, now: 1000)
    #expect(pump.dueAt.map { $0 <= 1000 } == true)
    _ = pump.flush(now: 1000, time: 0)
    pump.add([65], from: .standardOutput, now: 1001)
    #expect(pump.dueAt == 1050)
    pump.add([UInt8](repeating: 65, count: OutputPump.chunkSize), from: .standardOutput, now: 1001)
    #expect(pump.dueAt == 0)
  }

  @Test func `lines dropped at the end are counted`() {
    var pump = OutputPump()
    pump.add(Array("a\nb\n".utf8), from: .standardOutput, now: 1000)
    pump.add(UsageSample(residentKilobytes: 1, cpuMilliseconds: 1))
    pump.add(Array("c\nd".utf8), from: .standardError, now: 1000)
    pump.dropGathered()
    let chunks = pump.end(now: 1001, time: 8)
    #expect(chunks.map(\.stream) == [.standardOutput, .standardError, .end])
    #expect(chunks.map(\.droppedLines) == [2, 2, 0])
  }

  @Test func `a silent job sends nothing`() {
    var pump = OutputPump()
    #expect(pump.end(now: 1, time: 1).isEmpty)
  }

  @Test func `every line is either sent or counted, however fast they come`() {
    var pump = OutputPump()
    let block = [UInt8](repeating: 10, count: 1000)
    var sent = 0
    var dropped = 0
    func take(_ chunks: [LogChunk]) {
      sent += chunks.reduce(0) { $0 + $1.bytes.count }
      dropped += chunks.reduce(0) { $0 + $1.droppedLines }
      #expect(chunks.allSatisfy { $0.bytes.count <= OutputPump.chunkSize })
    }
    for round in 0..<10_000 {
      pump.add(block, from: .standardOutput, now: 1000)
      if round % 20 == 0 { take(pump.flush(now: 1000, time: 0)) }
    }
    take(pump.end(now: 1000, time: 0))
    #expect(sent <= OutputPump.burst + block.count, "the last read is sent in any case")
    #expect(dropped > 0)
    #expect(sent + dropped == 10_000_000)
  }

  @Test func `output after a gap begins on a new line`() {
    var pump = OutputPump()
    let flood = [UInt8](repeating: 65, count: OutputPump.bufferLimit + 10)
    pump.add(flood, from: .standardOutput, now: 1000)
    _ = pump.flush(now: 1000, time: 0)
    pump.add(Array("rest\nnext\n".utf8), from: .standardOutput, now: 1001)
    let chunk = pump.flush(now: 1100, time: 0)
    #expect(chunk.map(\.droppedLines) == [1])
    // The line feed ends the line that was cut.
    #expect(chunk.map { String(decoding: $0.bytes, as: UTF8.self) } == ["\nnext\n"])
  }

  private let flood = String(repeating: "0123456789\n", count: OutputPump.burst / 11 + 1)

  private func text(_ chunks: [LogChunk]) -> String {
    String(decoding: chunks.flatMap(\.bytes), as: UTF8.self)
  }

  @Test func `the last lines before a pause are sent after a flood`() {
    var pump = OutputPump()
    pump.add(Array(flood.utf8), from: .standardError, now: 1000)
    pump.add(Array("lost for want of room\n".utf8), from: .standardError, now: 1000)
    pump.add(Array("finished\n".utf8), from: .standardError, now: 1000)
    _ = pump.flush(now: 1000, time: 0)
    #expect(pump.dueAt != nil)
    let later = pump.flush(now: 1050, time: 0)
    #expect(text(later).hasSuffix("finished\n"))
    #expect(later.first.map { $0.droppedLines > 0 } == true)
    #expect(pump.dueAt == nil)
  }

  @Test func `the last lines before the end are sent after a flood`() {
    var pump = OutputPump()
    pump.add(Array(flood.utf8), from: .standardOutput, now: 1000)
    pump.add(Array("finished\n".utf8), from: .standardOutput, now: 1000)
    #expect(text(pump.end(now: 1000, time: 0)).hasSuffix("\nfinished\n"))
  }

  @Test func `deferred lines are counted if nobody takes them`() {
    var pump = OutputPump()
    pump.add(Array(flood.utf8), from: .standardOutput, now: 1000)
    pump.add(Array("a\nb\n".utf8), from: .standardOutput, now: 1000)
    pump.dropGathered()
    let dropped = pump.end(now: 1000, time: 0).reduce(0) { $0 + $1.droppedLines }
    #expect(dropped == OutputPump.burst / 11 + 1 + 2)
  }

  /// The sent text of each stream, in order, and the chunks.
  private func pumped(
    _ writes: [(LogChunk.Stream, String)], flood: LogChunk.Stream, after: Int
  ) -> [LogChunk] {
    var pump = OutputPump()
    var chunks: [LogChunk] = []
    for (place, write) in writes.enumerated() {
      pump.add(Array(write.1.utf8), from: write.0, now: 1000)
      if place == after {
        // The buffer is full until the next flush.
        let full = String(repeating: "0123456789\n", count: OutputPump.bufferLimit / 11)
        pump.add(Array(full.utf8), from: flood, now: 1000)
        pump.add(Array("0123456".utf8), from: flood, now: 1000)
      } else if place > after + 1 {
        chunks += pump.flush(now: 1000, time: 0)
      }
    }
    return chunks + pump.end(now: 1000, time: 0)
  }

  @Test func `a gap in one stream does not affect the other`() {
    let chunks = pumped(
      [
        (.standardOutput, "half"), (.standardError, "x"), (.standardError, "lost\n"),
        (.standardOutput, " whole\n"), (.standardError, "rest\nnext\n"),
      ], flood: .standardError, after: 1)
    let output = chunks.filter { $0.stream == .standardOutput }
    #expect(output.flatMap(\.bytes) == Array("half whole\n".utf8))
    #expect(output.allSatisfy { $0.droppedLines == 0 })
    #expect(chunks.filter { $0.stream == .standardError }.map(\.droppedLines).contains { $0 > 0 })
  }

  @Test func `dropped states of a progress bar do not join other text`() {
    var pump = OutputPump()
    var sent: [UInt8] = []
    var dropped = 0
    var written: Set<String> = []
    // Nearly twice the burst, accepted before the buffer is full.
    for number in 0..<20_000 {
      let state = "\r\(number) items processed, please wait" + String(repeating: ".", count: 150)
      written.insert(String(state.dropFirst()))
      pump.add(Array(state.utf8), from: .standardError, now: 1000 + number / 200)
      guard number % 300 == 0 else { continue }
      for chunk in pump.flush(now: 1000 + number / 200, time: 0) {
        sent += chunk.bytes
        dropped += chunk.droppedLines
      }
    }
    pump.add(Array("\nfinished\n".utf8), from: .standardError, now: 9000)
    for chunk in pump.flush(now: 9000, time: 0) + pump.end(now: 9000, time: 0) {
      sent += chunk.bytes
      dropped += chunk.droppedLines
    }
    #expect(dropped > 0)
    let lines = sent.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    #expect(lines.last == "finished")
    for state in lines.dropLast().joined(separator: "\r").split(separator: "\r") {
      #expect(written.contains(String(state)), "\(state) was never written")
    }
  }

  @Test func `chunks end with a line`() {
    var pump = OutputPump()
    let line = "a line of some length\n"
    pump.add(
      Array(String(repeating: line, count: 2500).utf8), from: .standardOutput, now: 1000)
    let chunks = pump.flush(now: 1000, time: 0)
    #expect(chunks.count == 2)
    #expect(chunks.allSatisfy { $0.bytes.last == 0x0A && $0.bytes.count <= OutputPump.chunkSize })
  }
}

struct JobPlanTests {
  private func plan(
    _ members: JSON, _ variables: [String: String] = [:]
  ) throws(JobFailure) -> JobPlan {
    let message = JobMessage(members: members.object ?? JSONObject())
    return try JobPlan(message, job: "abcd:1:1:1:2", settings: ExecutorSettings { variables[$0] })
  }

  @Test func `arguments may be text, numbers, or one line`() throws {
    let listed = try plan(["executable": "x", "args": ["a", 1, 2.5, true]])
    #expect(listed.arguments == ["a", "1", "2.5", "true"])
    #expect(try plan(["executable": "x", "args": "a 'b c'"]).arguments == ["a", "b c"])
    #expect(try plan(["executable": "x"]).arguments.isEmpty)
  }

  @Test func `a shell gets the words as one line`() throws {
    let shell = try plan(["executable": "a |", "args": ["b", "c"], "shell": true])
    #expect(shell.executable == "/bin/sh")
    #expect(shell.arguments == ["-c", "a | b c"])
  }

  @Test func `inputs of the workflow are looked for in the input directory`() throws {
    let message: JSON = [
      "executable": "x", "args": ["in", "other"],
      "inputs": [["name": "in", "workflow_input": true], ["name": "other"]],
    ]
    let plan = try plan(message, ["HF_VAR_INPUT_DIR": "/data", "HF_VAR_WORK_DIR": "/"])
    #expect(plan.arguments == ["/data/in", "other"])
    #expect(plan.inputs.map(\.path) == ["/data/in", "/other"])
  }

  @Test func `the job's environment has its id and attempt`() throws {
    let plan = try plan([
      "executable": "x", "env": ["A": 1, "B": "b"], "hflow": ["environment": ["A": "2"]],
    ])
    #expect(
      plan.environment == [
        "A": "2", "B": "b", "HFLOW_JOB_ID": "abcd:1:1:1:2", "HFLOW_ATTEMPT": "2",
      ])
  }

  @Test func `an invalid message is reported before anything is started`() {
    let invalid: [JSON] = [
      [:], ["executable": ""], ["executable": "x", "args": 5], ["executable": 3],
    ]
    for message in invalid {
      let failure = #expect(throws: JobFailure.self) { _ = try plan(message) }
      guard case .failed(.invalidMessage) = failure?.ending.outcome else {
        Issue.record("\(message)")
        continue
      }
    }
  }
}
