import Testing
import Workflow

@testable import Runner

/// What keeps a valid workflow from being run here.
@Suite struct FunctionCatalogTests {
  private func findings(_ process: String, functions: String? = nil) throws -> [String] {
    let more = functions.map { #", "functions": [\#($0)]"# } ?? ""
    let text = #"{"processes": [\#(process)], "signals": [], "ins": [], "outs": []\#(more)}"#
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    return FunctionCatalog.check(try #require(reading.workflow, "\(reading.findings)"))
      .map { "\($0.severity): \($0)" }
  }

  @Test(arguments: ["noop", "print", "echo", "add", "sqr", "command_print"])
  func `built in functions need nothing`(name: String) throws {
    #expect(try findings(#"{"name": "p", "function": "\#(name)", "ins": [], "outs": []}"#) == [])
  }

  @Test(arguments: ["command", "redisCommand", "submitRemoteJob"])
  func `functions that are jobs need a command`(name: String) throws {
    let process = #"{"name": "p", "function": "\#(name)", "ins": [], "outs": []"#
    #expect(
      try findings(process + "}") == [
        "error: processes[0].config.executor: missing; "
          + #"\#(name) needs {"executable": …, "args": […]}"#
      ])
    let config = #", "config": {"executor": {"executable": "ls", "args": []}}}"#
    #expect(try findings(process + config) == [])
  }

  @Test func `only jobs run as jobs`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "a", "function": "redisCommand", "ins": [], "outs": [],
       "config": {"executor": {"executable": "ls", "args": []}}},
      {"name": "b", "function": "noop", "ins": [], "outs": []}
      """)
    #expect(workflow.processes.map(FunctionCatalog.runsAsJob) == [true, false])
    #expect(workflow.processes.map { FunctionCatalog.body(of: $0) == nil } == [true, false])
  }

  @Test func `an unknown function is named with the nearest that there is`() throws {
    #expect(
      try findings(#"{"name": "p", "function": "comand", "ins": [], "outs": []}"#) == [
        #"error: processes[0].function: no function named "comand"; did you mean "command"?"#
      ])
  }

  @Test func `a function like none of ours gets the list`() throws {
    let found = try findings(#"{"name": "p", "function": "zzzzzzzzzzzz", "ins": [], "outs": []}"#)
    #expect(found.count == 1)
    #expect(found.first?.contains("there are add, command, command_print, echo, noop") == true)
  }

  @Test func `a function with escape sequences in its name is shown harmless`() throws {
    let found = try findings(#"{"name": "p", "function": "\u001b[2J", "ins": [], "outs": []}"#)
    #expect(found.count == 1)
    #expect(found.first?.contains("\u{1B}") == false)
  }

  @Test func `a function of a module says that modules cannot be run yet`() throws {
    let found = try findings(
      #"{"name": "p", "function": "mine", "ins": [], "outs": []}"#,
      functions: #"{"name": "mine", "module": "functions"}"#)
    #expect(found.first?.hasSuffix("JavaScript modules cannot be run yet") == true)
  }

  @Test(arguments: ["choice", "join", "foreach", "splitter"])
  func `types that cannot be run yet are errors`(type: String) throws {
    let found = try findings(
      #"{"name": "p", "function": "noop", "type": "\#(type)", "ins": [], "outs": []}"#)
    #expect(
      found == [#"error: processes[0].type: type "\#(type)" cannot be run yet; only dataflow can"#])
  }
}
