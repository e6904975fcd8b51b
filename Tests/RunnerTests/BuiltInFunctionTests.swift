import Engine
import JSONValue
import TestSupport
import Testing
import Workflow

@testable import Runner

/// The functions that run in the engine, called as the engine calls them.
@Suite struct BuiltInFunctionTests {
  private func call(
    _ function: String, _ inputs: [[JSON]], outs: String = #""o", "p""#, config: String = "{}"
  ) throws -> FunctionResult {
    let workflow = try Workflow.sample(
      """
      {"name": "f", "function": "\(function)", "ins": [], "outs": [\(outs)], "config": \(config)}
      """, signals: #"{"name": "o"}, {"name": "p"}, {"name": "c", "control": "next"}"#)
    let process = workflow.processes[0]
    let body = try #require(BuiltInFunctions.table[function])
    return body(
      FunctionCall(
        process: process, taskID: "run:1:1:1", inputs: inputs.map { .init(name: "i", data: $0) }))
  }

  private static let one: JSON = ["value": 1]

  @Test func `noop leaves its outputs bare`() throws {
    #expect(try call("noop", [[Self.one]]) == .success([.bare, .bare]))
    #expect(try call("noop", [], outs: "") == .success([]))
  }

  @Test func `control outputs are not data outputs`() throws {
    #expect(try call("noop", [], outs: #""o", "c""#) == .success([.bare]))
  }

  @Test func `add sums the first value of each input on the first output`() throws {
    let result = try call("add", [[["value": 1.5], ["value": 100]], [["value": 2]]])
    #expect(result == .success([.data([["value": 3.5]]), .bare]))
  }

  @Test(
    arguments: [
      ([], 0), ([[["value": "2.5"]]], 2.5), ([[["value": "no number"]]], 0), ([[[:]]], 0),
      ([[], [["value": 4]]], 4), ([[["value": nil]], [["value": -1]]], -1),
    ] as [([[JSON]], Double)])
  func `add counts inputs without a number as zero`(inputs: [[JSON]], sum: Double) throws {
    #expect(
      try call("add", inputs, outs: #""o""#) == .success([.data([["value": JSON(number: sum)]])]))
  }

  @Test func `sqr squares the first value`() throws {
    #expect(
      try call("sqr", [[["value": -3]]], outs: #""o""#) == .success([.data([["value": 9]])]))
    #expect(
      try call("sqr", [[["value": 0.5]]], outs: #""o""#) == .success([.data([["value": 0.25]])]))
  }

  @Test(arguments: [[], [[]], [[[:]]], [[["value": "x"]]]] as [[[JSON]]])
  func `sqr without a number fails and says why`(inputs: [[JSON]]) throws {
    let result = try call("sqr", inputs)
    #expect(result == .failure("sqr: the first input has no datum with a number as `value`"))
  }

  @Test func `echo sends the first input as one list`() throws {
    #expect(
      try call("echo", [[1, 2], [3]]) == .success([.data([[1, 2]]), .bare]))
    #expect(try call("echo", []) == .failure("echo: it has no input"))
  }

  @Test func `command_print prints the command of a job`() throws {
    let config = #"{"executor": {"executable": "ls", "args": ["-l", 3.0E-4]}}"#
    let result = try call("command_print", [], outs: "", config: config)
    #expect(result == .success([], printing: ["ls -l 0.0003"]))
    #expect(
      try call("command_print", []) == .failure("command_print: config.executor is missing"))
  }

  @Test func `print prints the task and its executor`() throws {
    let config = #"{"executor": {"executable": "ls", "args": []}}"#
    let result = try call("print", [], outs: "", config: config)
    #expect(result.printed == ["Running task f (run:1:1:1)", #"{"executable":"ls","args":[]}"#])
    #expect(try call("print", []).printed.last == "no executor")
  }

  @Test func `a value of a function without outputs is dropped`() throws {
    #expect(try call("add", [[Self.one]], outs: "") == .success([]))
  }
}
