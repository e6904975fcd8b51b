import Engine
import JSONValue
import Workflow

/// The functions that run in the engine: they take values, and return values and printed lines.
enum BuiltInFunctions {
  typealias Body = @Sendable (FunctionCall) -> FunctionResult

  static let table: [String: Body] = [
    "noop": noop, "print": print, "print2": print2, "echo": echo, "echoWithDelay": echoWithDelay,
    "add": add, "sqr": sqr, "length": length, "match": match, "chooseEvenOdd": chooseEvenOdd,
    "count": count, "genCollection": genCollection, "exit": exit, "command_print": commandPrint,
    "command_notifyevents": commandPrint, "commandLocalMock": LocalMock.run,
  ]

  private static let noop: Body = { .success($0.bareOutputs) }

  private static let print: Body = { call in
    let executor = call.process.config["executor"].map(\.text) ?? "no executor"
    return .success(
      call.bareOutputs,
      printing: ["Running task \(call.process.name) (\(call.taskID))", executor])
  }

  /// Prints the data of all inputs, then the configuration.
  private static let print2: Body = { call in
    let data = call.inputs.map { $0.data.count == 1 ? $0.data[0].text : JSON.array($0.data).text }
    return .success(
      call.bareOutputs,
      printing: ["PRINT2"] + data + ["CONFIG", JSON.object(call.process.config).text])
  }

  /// Sends the data of the first input to the first output, as one list.
  private static let echo: Body = { call in
    guard let first = call.inputs.first else { return .failure("echo: it has no input") }
    return .success(call.outputs(first: [.array(first.data)]))
  }

  /// Does the same after a delay of 1 to 1000 ms, which depends only on the task's id.
  private static let echoWithDelay: Body = { call in
    var result = echo(call)
    let hash = call.taskID.utf8.reduce(5381) { ($0 &* 33 &+ Int($1)) & 0xFF_FFFF }
    result.delayMilliseconds = 1 + hash % 1000
    return result
  }

  /// Sends the sum of the inputs' `value`s; inputs without one count as zero.
  private static let add: Body = { call in
    let sum = call.inputs.compactMap { $0.data.first?["value"]?.leadingNumber }.reduce(0, +)
    return .success(call.outputs(first: [["value": JSON(number: sum)]]))
  }

  private static let sqr: Body = { call in
    guard let value = call.inputs.first?.data.first?["value"]?.leadingNumber else {
      return .failure("sqr: the first input has no datum with a number as `value`")
    }
    return .success(call.outputs(first: [["value": JSON(number: value * value)]]))
  }

  /// Sends the length of the first input's text or list.
  private static let length: Body = { call in
    let datum = call.inputs.first?.data.first
    let value = datum?["value"] ?? datum
    if let text = value?.string { return .success(call.outputs(first: [.int(text.utf16.count)])) }
    if let list = value?.array { return .success(call.outputs(first: [.int(list.count)])) }
    return .failure("length: the first input has no text or list")
  }

  /// Sends the second input's text to the first output if it matches the first input's
  /// `/pattern/flags`.
  private static let match: Body = { call in
    guard call.inputs.count >= 2, let pattern = call.inputs[0].data.first?["value"]?.string,
      let text = call.inputs[1].data.first?["value"]?.string
    else { return .failure("match: it needs two inputs with texts as `value`") }
    guard let end = pattern.lastIndex(of: "/"), pattern.hasPrefix("/"), end > pattern.startIndex,
      let plain = try? Regex(String(pattern[pattern.index(after: pattern.startIndex)..<end]))
    else { return .failure("match: \(pattern.displayName) is not a valid /pattern/") }
    let ignoresCase = pattern[end...].contains("i")
    let isFound = text.contains(ignoresCase ? plain.ignoresCase() : plain)
    var outputs = call.unchosenOutputs
    if isFound, !outputs.isEmpty { outputs[0] = .data([.string(text)]) }
    return .success(outputs)
  }

  /// Sends the sum of the inputs' `value`s to the first output if it is even, else to the second.
  private static let chooseEvenOdd: Body = { call in
    let sum = call.inputs.compactMap { $0.data.first?["value"]?.leadingNumber }
      .map { $0.rounded(.towardZero) }.reduce(0, +)
    let chosen = sum.truncatingRemainder(dividingBy: 2) == 0 ? 0 : 1
    var outputs = call.unchosenOutputs
    guard outputs.indices.contains(chosen) else {
      return .failure("chooseEvenOdd: there is no output \(chosen + 1) for the sum \(sum)")
    }
    outputs[chosen] = .data([["value": JSON(number: sum)]])
    return .success(outputs)
  }

  /// Sends each number plus one; 5000 ends the run.
  private static let count: Body = { call in
    let numbers = (call.inputs.first?.data ?? []).compactMap(\.double)
    let printed = numbers.filter { $0.truncatingRemainder(dividingBy: 1000) == 0 }
      .map { "count: \(JSON(number: $0).text)" }
    var result = FunctionResult.success(
      call.outputs(first: numbers.map { JSON(number: $0 + 1) }), printing: printed)
    result.endsRun = numbers.contains(5000)
    return result
  }

  /// Sends the numbers from 1 to the first datum, one signal each.
  private static let genCollection: Body = { call in
    guard let length = call.inputs.first?.data.first?.int, (0...1_000_000).contains(length) else {
      return .failure("genCollection: the first input has no number from 0 to 1000000")
    }
    let numbers = (0..<length).map { JSON.int($0 + 1) }
    return .success(
      call.outputs(first: numbers), printing: ["GEN COLLECTION \(JSON.array(numbers).text)"])
  }

  /// Ends the run: running tasks may finish, and no more are started.
  private static let exit: Body = { call in
    var result = FunctionResult.success(
      Array(repeating: .nothing, count: call.outputCount), printing: ["Exiting"])
    result.endsRun = true
    return result
  }

  /// Prints the command that a job would run.
  private static let commandPrint: Body = { call in
    guard let command = call.process.command else {
      return .failure("\(call.process.function ?? ""): config.executor is missing")
    }
    return .success(
      call.bareOutputs,
      printing: [([command.executable] + command.arguments).joined(separator: " ")])
  }
}

extension FunctionCall {
  /// Gives the first output the data, and leaves the others bare.
  fileprivate func outputs(first data: [JSON]) -> [PortValue] {
    var outputs = bareOutputs
    if !outputs.isEmpty { outputs[0] = .data(data) }
    return outputs
  }
}

extension JSON {
  /// A number, or the number at the beginning of a text, as JavaScript's `parseFloat` reads it.
  fileprivate var leadingNumber: Double? {
    if let double { return double }
    guard let text = string?.drop(while: \.isWhitespace) else { return nil }
    let number = text.prefixMatch(of: /[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/)
    return number.flatMap { Double($0.output) ?? Double("\($0.output)0") }
  }
}
