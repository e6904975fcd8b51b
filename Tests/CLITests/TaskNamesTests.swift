import Engine
import Testing
import Workflow

@testable import CLI

/// Which tasks the arguments select.
struct TaskNamesTests {
  private func run(of names: [String], firings: Int) throws -> RunState {
    let processes = names.map {
      #"{"name": "\#($0)", "function": "noop", "firingLimit": \#(firings), "ins": [], "outs": []}"#
    }
    let text =
      #"{"processes": [\#(processes.joined(separator: ","))], "signals": [], "#
      + #""ins": [], "outs": []}"#
    return RunState(
      workflow: try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow))
  }

  /// Two firings of `mDiff` and one of `mDiffFit` have happened; two processes are called `twin`.
  private func run() throws -> RunState {
    var run = try run(of: ["mDiff", "mDiffFit", "mAdd", "twin", "twin"], firings: 3)
    for (process, number) in [(1, 1), (1, 2), (2, 1)] {
      let task = FiringID(ProcessID(number: process), number)
      run.apply(RunEvent(time: 1, .taskFired(task, consumed: [:])))
    }
    return run
  }

  private func names(_ tasks: [FiringID]) -> [String] { tasks.map { "\($0)" } }

  @Test(arguments: [
    ("mDiff:2", "1:2"), ("1:2", "1:2"), ("mAdd:3", "3:3"), ("mDiffFit:1", "2:1"),
    ("twin:2", "5:1"), ("twin:2.3", "5:3"), ("5:3", "5:3"),
  ])
  func `a task has a label and numbers`(name: String, id: String) throws {
    #expect("\(try TaskNames.one(name, in: run()))" == id)
  }

  @Test func `a unique prefix of a label is enough`() throws {
    #expect("\(try TaskNames.one("mDiffFit:3", in: run()))" == "2:3")
    let error = #expect(throws: Failure.self) { try TaskNames.one("mD", in: self.run()) }
    #expect(error?.code == .usage)
    #expect(
      error?.lines == [
        #""mD" is a prefix of several tasks: mDiff:1, mDiff:2, "#
          + "mDiff:3, mDiffFit:1, mDiffFit:2, mDiffFit:3"
      ])
  }

  @Test(arguments: ["", "mDiff:4", "9:1", "0:1", "1:0", "1:1:1", "mDiff:", "nothing"])
  func `an unknown task name is an error`(name: String) throws {
    let run = try run()
    if name.isEmpty { return }
    let error = #expect(throws: Failure.self) { try TaskNames.one(name, in: run) }
    #expect(error?.lines.count == 1)
  }

  @Test func `where one task is needed, a filter lists the tasks that match`() throws {
    let run = try run()
    let error = #expect(throws: Failure.self) { try TaskNames.one("state:ready", in: run) }
    #expect(
      error?.lines == [
        #""state:ready" is a filter that matches 3 tasks; name one: "#
          + "mDiff:1, mDiff:2, mDiffFit:1"
      ])
    let none = #expect(throws: Failure.self) { try TaskNames.one("says:overlap", in: run) }
    #expect(none?.lines.first?.hasPrefix(#"no task "says:overlap""#) == true)
  }

  @Test func `filters name many tasks, each once`() throws {
    let run = try run()
    #expect(names(try TaskNames.all(["state:ready"], in: run)) == ["1:1", "1:2", "2:1"])
    #expect(
      names(try TaskNames.all(["stage:mDiff", "1:1", "mDiff:2"], in: run))
        == ["1:1", "1:2", "1:3"])
    let none = #expect(throws: Failure.self) { try TaskNames.all(["state:failed"], in: run) }
    #expect(none?.lines.first?.contains("matches") == true)
    let bad = #expect(throws: Failure.self) { try TaskNames.all(["state:nonsense"], in: run) }
    #expect(bad?.code == .usage)
    #expect(bad?.lines.count == 1)
  }

  @Test func `a label prefix and a process name select no other tasks`() throws {
    let run = try run()
    #expect(names(try TaskNames.all(["mDiffFit:1"], in: run)) == ["2:1"])
    #expect(names(try TaskNames.all(["mDiff"], in: run)) == ["1:1", "1:2", "1:3"])
    let text = """
      {"processes": [{"name": "c", "function": "noop", "firingLimit": 1, "ins": [], "outs": []},
       {"name": "can", "function": "noop", "firingLimit": 1, "ins": [], "outs": []},
       {"name": "abc", "function": "noop", "firingLimit": 1, "ins": [], "outs": []}],
       "signals": [], "ins": [], "outs": []}
      """
    let other = RunState(
      workflow: try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow))
    #expect(names(try TaskNames.all(["c"], in: other)) == ["1:1"])
    #expect(names(try TaskNames.all(["ca"], in: other)) == ["2:1"])
  }

  @Test func `a complete name takes precedence over longer names`() throws {
    let run = try run(of: ["fit", "fitplane", "fit:1x"], firings: 1)
    #expect("\(try TaskNames.one("fit", in: run))" == "1:1")
    #expect(names(try TaskNames.all(["fit"], in: run)) == ["1:1"])
    #expect("\(try TaskNames.one("fit:1", in: run))" == "1:1")
    #expect("\(try TaskNames.one("fitp", in: run))" == "2:1")
    let several = try self.run()
    let error = #expect(throws: Failure.self) { try TaskNames.one("mDiff", in: several) }
    #expect(
      error?.lines == [
        #""mDiff" has 3 tasks; name one: mDiff:1, mDiff:2, mDiff:3"#
      ])
  }

  @Test func `the name of a waiting process selects only its own task`() throws {
    let text = """
      {"processes": [{"name": "fit", "function": "noop", "ins": [0], "outs": []},
       {"name": "fitplane", "function": "noop", "firingLimit": 1, "ins": [], "outs": []}],
       "signals": [{"name": "never"}], "ins": [], "outs": []}
      """
    let run = RunState(
      workflow: try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow))
    #expect(names(try TaskNames.all(["fit"], in: run)) == ["1:1"])
    #expect("\(try TaskNames.one("fit", in: run))" == "1:1")
  }

  @Test func `a bare word matches only the beginning of one name`() throws {
    let run = try run(of: ["cat", "cut", "scan"], firings: 1)
    let several = #expect(throws: Failure.self) { try TaskNames.all(["c"], in: run) }
    #expect(several?.lines == [#""c" is a prefix of several tasks: cat:1, cut:1"#])
    for word in ["an", "Cat", "ct"] {
      let none = #expect(throws: Failure.self) { try TaskNames.all([word], in: run) }
      #expect(none?.code == .usage)
      #expect(none?.lines.first?.contains("matches \"\(word)\"") == true)
    }
    #expect(names(try TaskNames.all(["task:*an*"], in: run)) == ["3:1"])
    #expect(names(try TaskNames.all([#""can""#], in: run)) == ["3:1"])
    #expect(names(try TaskNames.all(["-cat -cut"], in: run)) == ["3:1"])
  }

  @Test func `refused tasks are reported in one line for each reason`() throws {
    let run = try run()
    let all = try TaskNames.all(["task:mDif*"], in: run)
    let selection = TaskSelection(all, in: run) { state, _ in
      state == .ready ? nil : "it \(state.sentence)"
    }
    #expect(names(selection.chosen) == ["1:1", "1:2", "2:1"])
    #expect(selection.notes == ["mDiff:3, mDiffFit:2: it is waiting for its inputs"])
  }
}
