import Posix
import Testing

/// Errors of users: one clear line each on standard error, and the exit code.
@Suite struct MistakeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let workflow: String
    let line: String
  }

  static let invalid = [
    Case(
      testDescription: "an empty file", workflow: "",
      line: "workflow.json: the file is empty, expected a workflow as JSON"),
    Case(
      testDescription: "garbage", workflow: "\u{1}\u{2}\u{3} nothing of JSON",
      line: "workflow.json: line 1, column 1: unexpected byte 0x1, expected a value"),
    Case(
      testDescription: "an unknown function",
      workflow: Samples.workflow(
        [#"{"name": "p", "function": "comand", "ins": [], "outs": []}"#], signals: ""),
      line: #"workflow.json: processes[0].function: no function named "comand"; "#
        + #"did you mean "command"?"#),
    Case(
      testDescription: "a missing signal",
      workflow: Samples.workflow(
        [#"{"name": "p", "function": "noop", "ins": ["foo"], "outs": []}"#], signals: ""),
      line: #"workflow.json: processes[0].ins[0]: no signal named "foo""#),
    Case(
      testDescription: "a job without a command",
      workflow: Samples.workflow(
        [#"{"name": "p", "function": "command", "ins": [], "outs": []}"#], signals: ""),
      line: "workflow.json: processes[0].config.executor: missing; "
        + #"command needs {"executable": …, "args": […]}"#),
    Case(
      testDescription: "a variable without a value",
      workflow: Samples.workflow(
        [#"{"name": "p", "function": "{{function}}", "ins": [], "outs": []}"#], signals: ""),
      line: "--function"),
  ]

  @Test(arguments: invalid)
  func `an invalid workflow is one line and exit code 2`(example: Case) async throws {
    let place = try Workspace(example.workflow)
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.exitCode == 2)
    #expect(result.output == "")
    #expect(result.errorLines.count == 1, "\(result.errors)")
    #expect(result.errors.contains(example.line), "\(result.errors)")
    #expect(!Files.exists(Files.join(place.path, ".hflow")))
  }

  @Test func `several errors are several lines`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [#"{"name": "p", "function": "nope", "ins": ["a"], "outs": ["b"]}"#], signals: ""))
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.exitCode == 2)
    #expect(result.errorLines.count == 2)
  }

  @Test func `a directory without a workflow is an error`() async throws {
    let place = try Workspace()
    let result = try await Program.run(["run", place.path])
    #expect(result.exitCode == 2)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("no workflow.json in this directory"))
  }

  @Test func `a path that does not exist is an error`() async throws {
    let result = try await Program.run(["run", "/nowhere/at/all"])
    #expect(result.exitCode == 2)
    #expect(result.errors.contains("/nowhere/at/all: no such file or directory"))
  }

  @Test func `without a Redis server the error says what to install`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--headless"],
      environment: ["PATH": "/nowhere", "HFLOW_REDIS_SERVER": "/nowhere/redis-server"])
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1, "\(result.errors)")
    #expect(result.errors.contains("redis-server"))
  }

  @Test func `an unreachable Redis is named without its password`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run([
      "run", place.path, "--headless", "--redis", "redis://:secret@127.0.0.1:1",
    ])
    #expect(result.exitCode == 3)
    #expect(result.errors.contains("127.0.0.1:1"))
    #expect(!result.errors.contains("secret"))
  }

  @Test(arguments: [
    (["run", ".", "--redis", "redis://host", "--redis-ca", "ca.pem"], "TLS"),
    (["run", ".", "--redis-key", "key.pem"], "need --redis"),
    (["run", ".", "--redis", "redis+sentinel://a/b", "--executor-command", "x"], "one Redis"),
    (["run", ".", "--slots", "0"], "--slots"),
    (["run", ".", "--var", "novalue"], "NAME=VALUE"), (["run", ".", "--nonsense"], "--nonsense"),
    (["run"], "workflow"), (["nonsense"], "nonsense"),
  ])
  func `wrong usage is exit code 2`(arguments: [String], words: String) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(arguments, directory: place.path)
    #expect(result.exitCode == 2)
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  @Test func `an error in the configuration is reported before a run starts`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    try Files.makeDirectory(Files.join(place.path, "hflow-tui"))
    try place.write("theme = \"dark\"\n", to: "hflow-tui/config.toml")
    let environment = ["XDG_CONFIG_HOME": place.path]
    let check = try await Program.run(["config", "--check"], environment: environment)
    #expect(check.exitCode == 2)
    #expect(check.errorLines.count == 1)
    #expect(check.errors.contains("config.toml: theme: unknown theme dark"))
    let example = try await Program.run(["config", "--example"])
    try place.write(example.output, to: "hflow-tui/config.toml")
    let right = try await Program.run(["config", "--check"], environment: environment)
    #expect(right.exitCode == 0 && right.output == "")
  }

  @Test(arguments: [
    ("lst", #"unknown command "lst"; did you mean list?"#),
    (".", #"unknown command "."; to run a workflow: hflow-tui run ."#),
    ("qqqqqqqq", #"unknown command "qqqqqqqq"; to list all: hflow-tui --help"#),
  ])
  func `an unknown command is one line`(word: String, line: String) async throws {
    let result = try await Program.run([word])
    #expect(result.exitCode == 2)
    #expect(result.errors == line + "\n")
  }

  @Test func `a missing configuration is not an error, and config creates one`() async throws {
    let place = try Workspace()
    func config(_ arguments: String...) async throws -> Program.Result {
      try await Program.run(
        ["config"] + arguments, environment: ["XDG_CONFIG_HOME": "\(place.path)/new"],
        directory: place.path)
    }
    let none = try await config()
    #expect(none.exitCode == 0)
    #expect(none.output.contains("hflow-tui config --write"))
    #expect(try await config("--check").output.isEmpty)
    #expect(try await config("not-there.toml").exitCode == 2)
    #expect(try await config("--write").exitCode == 0)
    #expect(try await config().output == "\(place.path)/new/hflow-tui/config.toml: ok\n")
    let again = try await config("--write")
    #expect(again.exitCode == 2)
    #expect(again.errors.contains("already exists"))
  }
}
