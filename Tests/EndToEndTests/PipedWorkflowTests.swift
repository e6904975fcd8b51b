import Glibc
import JSONValue
import Posix
import Testing

/// `run <(generator)` and the like: a workflow that can be read only once.
@Suite(.timeLimit(.minutes(5))) struct PipedWorkflowTests {
  private static let workflow = Samples.chain("pwd > place", "test -e good", "echo c > end")

  private func bash(_ place: Workspace, _ script: String) async throws -> Program.Result {
    try await Program.run(
      ["-c", script], of: "bash",
      environment: [
        "XDG_STATE_HOME": "\(place.path)/state",
        "PATH": "\(Files.parent(of: Program.hflow)):\(Environment["PATH"] ?? "")",
      ], directory: place.path)
  }

  private func place() throws -> Workspace {
    let place = try Workspace()
    try Files.makeDirectory("\(place.path)/elsewhere")
    try place.write(Self.workflow, to: "elsewhere/some.json")
    return place
  }

  @Test(arguments: [
    "hflow-tui run <(cat elsewhere/some.json) --headless",
    "cat elsewhere/some.json | hflow-tui run - --headless",
    "cat elsewhere/some.json | hflow-tui run /dev/stdin --headless",
    "hflow-tui run /dev/stdin --headless <<< \"$(cat elsewhere/some.json)\"",
    "mkfifo pipe; cat elsewhere/some.json > pipe & hflow-tui run pipe --headless",
    "mkdir d; mkfifo d/workflow.json; cat elsewhere/some.json > d/workflow.json & "
      + "cd d; touch good; hflow-tui run . --headless; status=$?; mv place ..; mv .hflow ..; "
      + "exit $status",
  ])
  func `a pipe is read once, and jobs run in the current directory`(
    script: String
  ) async throws {
    let place = try place()
    try place.write("", to: "good")
    let result = try await bash(place, script)
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.output.contains("3 succeeded"))
    #expect(place.text("place").contains(Files.name(of: place.path)))
    #expect(Files.list("\(place.path)/.hflow/runs").count == 1)
    #expect(Files.list("\(place.path)/elsewhere") == ["some.json"])
  }

  @Test func `a run from a pipe is listed, retried and resumed like others`() async throws {
    let place = try place()
    let run = try await bash(place, "hflow-tui run <(cat elsewhere/some.json) --detach")
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("-C \(Files.realPath(place.path) ?? "")\n"), "\(run.output)")
    func standing() async throws -> JSON? {
      try JSON(parsing: try await bash(place, "hflow-tui list --json").output).array?.first
    }
    var state: JSON?
    for _ in 0..<1000 {
      state = try await standing()
      if state?["state"] == "closed" { break }
    }
    #expect(state?["status"] == "failed")
    try place.write("", to: "good")
    let retry = try await bash(place, "hflow-tui retry last --failed")
    #expect(retry.exitCode == 0, "\(retry.errors)")
    #expect(retry.errors.isEmpty, "\(retry.errors)")
    #expect(eventually("c has run") { place.text("end") == "c\n" })
  }

  @Test func `a run from a pipe is recovered from its log`() async throws {
    let place = try place()
    let run = try await bash(place, "hflow-tui run <(cat elsewhere/some.json) --headless --persist")
    #expect(run.exitCode == 1, "\(run.errors)")
    try place.write("", to: "good")
    Files.remove("\(place.path)/place")
    let recover = try await bash(place, "hflow-tui recover sample.*.log --headless --new")
    #expect(recover.exitCode == 0, "\(recover.errors)")
    #expect(place.text("end") == "c\n")
    #expect(place.text("place").isEmpty)
    let piped = try await bash(place, "hflow-tui recover <(cat sample.*.log)")
    #expect(piped.exitCode == 2)
    #expect(piped.errors.contains("save the log to a file first"), "\(piped.errors)")
  }

  @Test func `errors in a pipe's workflow name the argument as it was given`() async throws {
    let place = try place()
    let validate = try await bash(
      place, "hflow-tui validate <(cat elsewhere/some.json) - <<< '{'")
    #expect(validate.exitCode == 2)
    #expect(validate.output.hasPrefix("/dev/fd/"), "\(validate.output)")
    #expect(validate.output.contains(": ok\n-: line 2, column 1: unexpected end of text"))
    let graph = try await bash(place, "hflow-tui graph <(cat elsewhere/some.json)")
    #expect(graph.exitCode == 0)
    #expect(graph.output.contains("a") && graph.output.contains("c"))
    for nothing in ["/dev/null", "<(true)"] {
      let empty = try await bash(place, "hflow-tui run \(nothing) --headless")
      #expect(empty.exitCode == 2)
      #expect(empty.errors.contains("the file is empty"), "\(empty.errors)")
    }
    #expect(!Files.exists("\(place.path)/.hflow"))
  }

  @Test func `bytes that are not UTF-8 are refused with their line`() async throws {
    let place = try place()
    let latin = Array(Samples.chain("ls caf@.txt", "true", "true").utf8).map {
      $0 == UInt8(ascii: "@") ? 0xE9 : $0
    }
    try Files.write([0x0A] + latin, to: "\(place.path)/workflow.json")
    for command in ["validate workflow.json", "run . --headless", "run <(cat workflow.json)"] {
      let result = try await bash(place, "hflow-tui \(command)")
      #expect(result.exitCode == 2)
      let told = result.output + result.errors
      #expect(
        told.contains(": line 2, column ") && told.contains("byte 0xe9 is not UTF-8"), "\(told)")
    }
    // The same applies to variables that are filled in first, and to files beside the workflow.
    try Files.write(latin + Array(#" {{x}}"#.utf8), to: "\(place.path)/workflow.json")
    #expect(try await bash(place, "hflow-tui validate .").output.contains("byte 0xe9 is not UTF-8"))
    try place.write(Self.workflow, to: "workflow.json")
    try Files.write([0x22, 0xE9, 0x22], to: "\(place.path)/workflow.config.x.json")
    #expect(
      try await bash(place, "hflow-tui validate workflow.json").output
        == "workflow.config.x.json: line 1, column 2: byte 0xe9 is not UTF-8; "
        + "save the text as UTF-8\n")
    Files.remove("\(place.path)/workflow.config.x.json")
    _ = try await bash(place, "hflow-tui run . --headless --persist")
    let log = try await bash(
      place, #"printf '{"0":"t","1":["x","\351"]}\n' >> sample.*.log; hflow-tui recover sample.*"#)
    #expect(log.exitCode == 2)
    #expect(log.errors.contains("byte 0xe9 is not UTF-8"), "\(log.errors)")
  }
}
