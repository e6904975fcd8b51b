import Engine
import JSONValue
import Workflow

/// The functions that run in the engine. They are pure: values in, values and printed lines out.
enum BuiltInFunctions {
  typealias Body = @Sendable (FunctionCall) -> FunctionResult

  static let table: [String: Body] = [
    "noop": noop, "print": print, "echo": echo, "add": add, "sqr": sqr,
    "command_print": commandPrint,
  ]

  private static let noop: Body = { .success($0.bareOutputs) }

  private static let print: Body = { call in
    let executor = call.process.config["executor"].map(\.text) ?? "no executor"
    return .success(
      call.bareOutputs,
      printing: ["Running task \(call.process.name) (\(call.taskID))", executor])
  }

  /// The first input on the first output, as one list.
  private static let echo: Body = { call in
    guard let first = call.inputs.first else { return .failure("echo: it has no input") }
    return .success(call.outputs(first: [.array(first.data)]))
  }

  /// The sum of the inputs' `value`s; inputs without one count as nothing.
  private static let add: Body = { call in
    let sum = call.inputs.compactMap { $0.data.first?["value"]?.javaScriptNumber }.reduce(0, +)
    return .success(call.outputs(first: [["value": JSON(number: sum)]]))
  }

  private static let sqr: Body = { call in
    guard let value = call.inputs.first?.data.first?["value"]?.javaScriptNumber else {
      return .failure("sqr: the first input has no datum with a number as `value`")
    }
    return .success(call.outputs(first: [["value": JSON(number: value * value)]]))
  }

  /// Prints the command that a job would run.
  private static let commandPrint: Body = { call in
    guard let command = call.process.command else {
      return .failure("command_print: config.executor is missing")
    }
    return .success(
      call.bareOutputs,
      printing: [([command.executable] + command.arguments).joined(separator: " ")])
  }
}

extension FunctionCall {
  /// The first output with data, the others bare.
  fileprivate func outputs(first data: [JSON]) -> [PortValue] {
    var outputs = bareOutputs
    if !outputs.isEmpty { outputs[0] = .data(data) }
    return outputs
  }
}

extension JSON {
  /// A number, or a text that is one, as `parseFloat` takes it.
  fileprivate var javaScriptNumber: Double? { double ?? string.flatMap { Double($0) } }
}
