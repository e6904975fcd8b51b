import Posix
import TestSupport
import Testing
import Workflow

@testable import Runner

/// What prevents a valid workflow from running here.
@Suite struct FunctionCatalogTests {
  private func findings(_ process: String, functions: String? = nil) throws -> [String] {
    let more = functions.map { #", "functions": [\#($0)]"# } ?? ""
    let text = #"{"processes": [\#(process)], "signals": [], "ins": [], "outs": []\#(more)}"#
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    return FunctionCatalog(try #require(reading.workflow, "\(reading.findings)"), directory: nil)
      .findings
      .map { "\($0.severity): \($0)" }
  }

  @Test(arguments: ["noop", "print", "echo", "add", "sqr", "command_print"])
  func `built-in functions need no files`(name: String) throws {
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

  @Test func `requests for resources must be readable`() throws {
    let process =
      #"{"name": "p", "function": "command", "ins": [], "outs": [], "config": {"executor": "#
      + #"{"executable": "ls", "args": [], "cpuRequest": "two", "memRequest": "-1Mi"}}}"#
    #expect(
      try findings(process) == [
        "error: processes[0].config.executor.cpuRequest: must be a number of cores, such as 2, "
          + "0.5 or \"500m\"",
        "error: processes[0].config.executor.memRequest: must be a number of bytes, such as "
          + "\"50Mi\" or \"2G\"",
      ])
  }

  @Test(arguments: [
    (#""cpuRequest": "500m", "memRequest": "50Mi""#, 0.5, 52_428_800),
    (#""cpuRequest": 2, "memRequest": "2G""#, 2, 2_000_000_000),
    (#""cpuRequest": "0.25", "memRequest": 1024"#, 0.25, 1024), ("", 4, 1_048_576),
  ])
  func `resources come from the process, else from the environment`(
    members: String, cores: Double, bytes: Int
  ) throws {
    let more = members.isEmpty ? "" : ", \(members)"
    let workflow = try Workflow.sample(
      #"{"name": "p", "function": "command", "ins": [], "outs": [], "#
        + #""config": {"timeout": 3, "executor": {"executable": "ls", "args": []\#(more)}}}"#)
    let variables = ["HF_VAR_CPU_REQUEST": "4", "HF_VAR_MEM_REQUEST": "1Mi"]
    let resources = JobResources(of: workflow.processes[0], environment: { variables[$0] })
    #expect(resources.cores == cores)
    #expect(resources.memoryBytes == bytes)
    #expect(resources.seconds == 3)
  }

  @Test func `only jobs run as jobs`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "a", "function": "redisCommand", "ins": [], "outs": [],
       "config": {"executor": {"executable": "ls", "args": []}}},
      {"name": "b", "function": "noop", "ins": [], "outs": []}
      """)
    let functions = FunctionCatalog(workflow, directory: nil)
    #expect(workflow.processes.map(functions.runsAsJob) == [true, false])
    #expect(workflow.processes.map(functions.takesTime) == [true, false])
  }

  @Test func `an unknown function is reported with the nearest name`() throws {
    #expect(
      try findings(#"{"name": "p", "function": "comand", "ins": [], "outs": []}"#) == [
        #"error: processes[0].function: no function named "comand"; did you mean "command"?"#
      ])
  }

  @Test func `an unknown function without a similar name gets the list`() throws {
    let found = try findings(#"{"name": "p", "function": "zzzzzzzzzzzz", "ins": [], "outs": []}"#)
    #expect(found.count == 1)
    #expect(
      found.first?.contains("there are add, chooseEvenOdd, command, commandLocalMock") == true)
  }

  @Test func `a function name with escape sequences is shown harmlessly`() throws {
    let found = try findings(#"{"name": "p", "function": "\u001b[2J", "ins": [], "outs": []}"#)
    #expect(found.count == 1)
    #expect(found.first?.contains("\u{1B}") == false)
  }

  @Test func `a missing module is named`() throws {
    let found = try findings(
      #"{"name": "p", "function": "mine", "ins": [], "outs": []}"#,
      functions: #"{"name": "mine", "module": "lib/mine"}"#)
    #expect(
      found == [
        #"error: functions[0].module: no file "lib/mine" in the workflow's directory"#
      ])
  }

  @Test func `jobs for other infrastructures need --invoker`() throws {
    let text = """
      {"name": "p", "function": "k8sCommand", "ins": [], "outs": [],
       "config": {"executor": {"executable": "ls", "args": []}}}
      """
    #expect(try findings(text).first?.contains("--invoker") == true)
    let catalog = FunctionCatalog(
      try Workflow.sample(text), directory: nil, invokerIsChosen: true)
    #expect(catalog.findings.isEmpty)
  }
}

/// Functions in the files of a directory.
@Suite struct ModuleTests {
  private func source(
    _ function: String, functions: String = "", files: [String: String]
  ) throws -> String {
    let directory = try Files.makeTemporaryDirectory(prefix: "hflow-modules-")
    defer { Files.removeTree(directory) }
    for (name, text) in files {
      try Files.write(Array(text.utf8), to: Files.join(directory, name), mode: 0o644)
    }
    let text = """
      {"processes": [{"name": "p", "function": "\(function)", "ins": [], "outs": [],
       "config": {"executor": {"executable": "ls", "args": []}}}],
       "signals": [], "ins": [], "outs": [], "functions": [\(functions)]}
      """
    let workflow = try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow)
    let catalog = FunctionCatalog(workflow, directory: directory)
    if let finding = catalog.findings.first { return finding.text }
    switch catalog.source(of: workflow.processes[0]) {
    case .builtIn: return "built in"
    case .job: return "job"
    case .javaScript(let path): return Files.name(of: path)
    }
  }

  @Test(
    arguments: [
      ("f", "exports.f = 1", "functions.js"), ("f", "module.exports = {f}", "functions.js"),
      ("f", "module.exports = require('./lib')", "functions.js"),
      ("f", "Object.assign(exports, require('./lib'))", "functions.js"),
      ("noop", "exports.other = 1", "built in"), ("noop", "// like noop", "built in"),
      ("noop", "exports.noop = 1", "functions.js"), ("command", "exports.x = 1", "job"),
      ("command", "exports.command = 1", "functions.js"),
    ])
  func `functions.js takes precedence over built-in functions`(
    function: String, text: String, source: String
  ) throws {
    #expect(try self.source(function, files: ["functions.js": text]) == source)
  }

  @Test(arguments: ["exports.f = 1", "const fs = require('fs'); exports.f = fs; exports.g = 2"])
  func `a module without the function is an error`(text: String) throws {
    let found = try source("absent", files: ["functions.js": text])
    #expect(found.hasPrefix("no function named \"absent\""))
  }

  @Test func `a declared module takes precedence, with or without its extension`() throws {
    let functions = #"{"name": "f", "module": "mine"}"#
    let files = ["mine.js": "", "functions.js": "exports.f = 1"]
    #expect(try source("f", functions: functions, files: files) == "mine.js")
    #expect(
      try source("f", functions: functions, files: ["functions.js": "exports.f"])
        == "functions.js")
    #expect(try source("noop", functions: functions, files: [:]) == "built in")
  }
}
