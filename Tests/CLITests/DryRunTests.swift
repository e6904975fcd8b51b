import JSONValue
import Posix
import Runner
import Testing
import Workflow

@testable import CLI

@Suite struct DryRunTests {
  private func command(_ executor: JSON) throws -> Workflow.CommandLine {
    let file: JSON = [
      "processes": [
        [
          "name": "p", "function": "command", "ins": [], "outs": [],
          "config": ["executor": executor],
        ]
      ],
      "signals": [], "ins": [], "outs": [],
    ]
    let reading = Workflow.read(Array(file.text.utf8), variables: [:])
    return try #require(reading.workflow?.processes[0].command, "\(reading.findings)")
  }

  static let commands: [(JSON, String)] = [
    (["executable": "ls", "args": ["-l", "a b", "it's", ""]], #"ls -l 'a b' 'it'\''s' ''"#),
    (["executable": "ls", "args": "-l 'a b'"], "ls -l 'a b'"),
    (["executable": "ls", "args": ["|", "sort"], "shell": true], "sh -c 'ls | sort'"),
    (["executable": "ls", "stdout": "o", "stderr": "e f"], "ls > o 2> 'e f'"),
    (["executable": "ls", "stdoutAppend": "o", "stderrAppend": "e"], "ls >> o 2>> e"),
    (["executable": "ls", "stdout": "o", "stdoutAppend": "p"], "ls > o"),
    (["executable": "ls", "work_dir": "a b", "env": ["X": 1]], "cd 'a b' && X=1 ls"),
    (["executable": "ls", "args": ["a\u{1B}1\nb\u{202E}"]], #"ls $'a\0331\nb\342\200\256'"#),
  ]

  @Test(arguments: commands)
  func `the plan shows commands as a user would type them`(executor: JSON, line: String) throws {
    #expect(try command(executor).shellText == line)
  }

  static let bash = Files.findExecutable("bash")

  @Test(.enabled(if: bash != nil, "bash is not installed"))
  func `a shell splits the printed command into the same words`() throws {
    let words = ["a b", "$HOME", "it's", "\\", "\n", "\u{1B}7", "", "é\u{202E}", "*", "'\u{7}'"]
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-dry-run-test-")
    defer { Files.removeTree(place) }
    let file = Files.join(place, "words")
    let line = try command([
      "executable": "printf", "args": .array((["%s|"] + words).map(JSON.string)),
      "stdout": .string(file),
    ]).shellText
    var request = SpawnRequest(Self.bash ?? "", ["-c", line])
    request.environment = Environment.all
    #expect(try Child.spawn(request).wait()?.status == .exited(0))
    let output = String(decoding: try Files.read(file), as: UTF8.self)
    #expect(output == words.map { $0 + "|" }.joined())
  }

  @Test func `processes come in topological order with their number of firings`() throws {
    let text = """
      {"processes": [
        {"name": "last", "function": "noop", "firingLimit": 3, "ins": ["b"], "outs": []},
        {"name": "tick", "function": "print", "ins": [], "outs": []},
        {"name": "first", "function": "command", "firingLimit": 1, "ins": ["a"], "outs": ["b"],
         "config": {"executor": {"executable": "date"}}},
        {"name": "each", "function": "sqr", "ins": ["a"], "outs": []}],
       "signals": [{"name": "a", "data": [1]}, {"name": "b"}], "ins": [], "outs": []}
      """
    let workflow = try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow)
    #expect(
      DryRun(workflow, functions: FunctionCatalog(workflow, directory: nil)).lines == [
        "tick (no limit): function print", "first (once): date",
        "each (for each set of inputs): function sqr", "last (at most 3 times): function noop",
      ])
    #expect(
      DryRun(workflow, functions: FunctionCatalog(workflow, directory: nil)).objects[1] == [
        "process": 3, "name": "first", "function": "command", "firingLimit": 1,
        "command": "date", "executor": ["executable": "date"],
      ])
  }
}
