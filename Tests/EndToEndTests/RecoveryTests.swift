import Glibc
import JSONValue
import Posix
import Testing

/// `run --persist`, `recover` and `--log-provenance`, from the command line.
@Suite struct RecoveryTests {
  /// a → b → c; each adds a line to a file of its own, and c waits for the file `go`.
  private static let chain = Samples.chain(
    "echo ran >> a.txt", "echo ran >> b.txt", "test -e go && echo ran >> c.txt")

  private func logs(in place: Workspace) -> [String] {
    Files.list(place.path).filter { $0.hasPrefix("sample.") && $0.hasSuffix(".log") }.sorted()
  }

  private func entries(_ place: Workspace, _ name: String) throws -> [JSON] {
    try place.text(name).split(separator: "\n").map {
      try #require(try JSON(parsing: String($0))["1"])
    }
  }

  @Test func `the log has the entries that the original engine writes`() async throws {
    let place = try Workspace(Self.chain)
    try place.write("", to: "go")
    let result = try await Program.run(["run", place.path, "--headless", "--persist"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let name = try #require(logs(in: place).first)
    #expect(name.wholeMatch(of: /sample\.\d{4}(-\d\d){5}-\d{3}\.log/) != nil)
    let found = try entries(place, name)
    #expect(found.map { $0.array?[0] } == ["info", "input", "fired", "fired", "fired"])
    let input: JSON = ["name": "s", "_id": 1, "data": [[:]], "sigIdx": 1]
    #expect(same(found[1].array?[2], input))
    #expect(found[2].array?.prefix(4) == ["fired", 1, 1, 1])
    #expect(
      same(
        found[2].array?[4].array?[0], ["name": "x", "_id": 2, "source": 1, "firingId": 1]))
    #expect(same(found[2].array?[5].array?[0], input))
  }

  @Test func `finished firings do not run again`() async throws {
    let place = try Workspace(Self.chain)
    let first = try await Program.run(["run", place.path, "--headless", "--persist"])
    #expect(first.exitCode == 1)
    let log = try #require(logs(in: place).first)
    try place.write("", to: "go")
    let second = try await Program.run(["recover", "\(place.path)/\(log)", "--headless"])
    #expect(second.exitCode == 0, "\(second.output)\(second.errors)")
    #expect(["a", "b", "c"].map { place.text("\($0).txt") } == ["ran\n", "ran\n", "ran\n"])
    #expect(logs(in: place).count == 2)
  }

  @Test func `a killed run is recovered, and finished jobs run once`() async throws {
    let place = try Workspace(
      Samples.chain("echo ran >> a.txt", "echo ran >> b.txt", "test -e go || sleep 100"))
    let killed = try await Program.run(
      ["run", place.path, "--headless", "--persist"],
      whileRunning: { child in
        _ = eventually("b is in the log") {
          logs(in: place).first.map { place.text($0).contains(#""fired",1,2,1"#) } ?? false
        }
        child.send(SIGKILL)
        place.killAll()
      })
    #expect(killed.status == .signalled(9))
    let log = try #require(logs(in: place).first)
    try place.write("", to: "go")
    let result = try await Program.run(["recover", "\(place.path)/\(log)", "--headless"])
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    #expect(place.text("a.txt") == "ran\n" && place.text("b.txt") == "ran\n")
  }

  /// A log of the original engine for the chain, in which a and b have fired.
  private func originalLog(_ place: Workspace, b: String = "", more: String = "") -> String {
    let options = #"{\"--persist\":true,\"<workflow_dir_or_file>\":\".\"}"#
    let start = #"{"name":"s","_id":1,"_ts":9,"data":[{}],"sigIdx":1}"#
    let x = #"{"name":"x","_id":2,"source":1,"firingId":1}"#
    let y = #"{"name":"y","_id":3,"source":2,"firingId":1}"#
    let time = "2026-11-24T04:36:33.821Z"
    return #"""
      {"0":"\#(time)","1":["info","\#(place.path)","\#(options)"]}
      {"0":"\#(time)","1":["input",1,\#(start)]}
      {"0":"\#(time)","1":["fired",1,1,1,[\#(x)],[\#(start)]]}
      {"0":"\#(time)","1":["fired",1,2,1,[\#(y)],[]]\#(b)}
      \#(more)
      """#
  }

  private func recover(_ place: Workspace, _ log: String) async throws -> Program.Result {
    try place.write(log, to: "old.log")
    try place.write("", to: "go")
    return try await Program.run(["recover", "\(place.path)/old.log", "--headless"])
  }

  @Test func `a log of the original engine is recovered`() async throws {
    let place = try Workspace(Self.chain)
    let result = try await recover(place, originalLog(place))
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    #expect(["a", "b", "c"].map { place.text("\($0).txt") } == ["", "", "ran\n"])
  }

  @Test func `forceRecompute and executeWhenRecovering run a firing again`() async throws {
    let forced = try Workspace(Self.chain)
    _ = try await recover(
      forced, originalLog(forced, b: #","2":{"flags":["forceRecompute"]}"#))
    #expect(["a", "b", "c"].map { forced.text("\($0).txt") } == ["", "ran\n", "ran\n"])
    let asking = try Workspace(
      Self.chain.replacing(
        #""name": "a", "#, with: #""name": "a", "executeWhenRecovering": "true", "#))
    _ = try await recover(asking, originalLog(asking))
    #expect(["a", "b", "c"].map { asking.text("\($0).txt") } == ["ran\n", "", "ran\n"])
  }

  @Test func `an incomplete last line is reported and ignored`() async throws {
    let place = try Workspace(Self.chain)
    let result = try await recover(place, originalLog(place, more: #"{"0":"2026","1":["fi"#))
    #expect(result.exitCode == 0)
    #expect(result.errors.contains("line 5: it is incomplete and left out"))
  }

  @Test(
    arguments: [
      ("not json\n{}", "line 5: it is no entry of a persistence log"),
      (#"{"0":"","1":["fired",1,99,1,[],[]]}"#, "line 5: process 99 is not in the workflow"),
      (#"{"0":"","1":["input",1,{"_id":77}]}"#, "line 5: its signal is not in the workflow"),
      (
        #"{"0":"","1":["input",1,{"_id":1,"name":"other"}]}"#,
        #"line 5: signal 1 is "other", in the workflow "s""#
      ),
    ])
  func `a line that does not match the workflow is one clear error`(line: String, words: String)
    async throws
  {
    let place = try Workspace(Self.chain)
    let result = try await recover(place, originalLog(place, more: line))
    #expect(result.exitCode == 2)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  @Test(arguments: ["", "hello\n", "{\"1\":[\"input\",1,{\"_id\":1}]}\n"])
  func `a file that is not a log is one clear error`(text: String) async throws {
    let place = try Workspace(Self.chain)
    let result = try await recover(place, text)
    #expect(result.exitCode == 2)
    #expect(result.errors.contains("no \"info\" line"), "\(result.errors)")
  }

  @Test func `the provenance log says which firing wrote and read each signal`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          #"{"name": "f", "function": "noop", "ins": ["s"], "outs": ["x"]}"#,
          #"{"name": "g", "function": "noop", "ins": ["x"], "outs": [], "stateful": true}"#,
        ], signals: #"{"name": "s", "data": [1, 2]}, {"name": "x"}"#))
    let output = "\(place.path)/p.log"
    let result = try await Program.run(
      ["run", place.path, "--headless", "--provenance-output", output])
    #expect(result.exitCode == 0)
    let kinds = try entries(place, "p.log").map { entry in
      entry.array?.filter { $0.object == nil }.map(\.text).joined(separator: " ") ?? ""
    }
    #expect(
      kinds == [
        #""sig""#, #""sig""#, #""read" 1 1 1 1 1"#, #""write" 1 1 1 2 1"#, #""sig""#,
        #""state-reset" 1 1 2 null null"#, #""read" 1 1 2 1 2"#, #""read" 1 2 1 2 1"#,
        #""write" 1 1 2 2 2"#, #""sig""#, #""state-remove" 1 2 2 2 1"#, #""read" 1 2 2 2 2"#,
      ])
  }

  private func same(_ left: JSON?, _ right: JSON) -> Bool {
    guard let left = left?.object, let right = right.object else { return false }
    return left.members.count == right.members.count
      && right.members.allSatisfy { left[$0.key] == $0.value }
  }
}
