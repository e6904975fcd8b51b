import Engine
import JSONValue
import Workflow

/// One call of a function that runs in the engine.
struct FunctionCall: Sendable {
  let process: Workflow.Process
  /// `hfId:wfId:procId:firingId`
  let taskID: String
  let inputs: [FunctionInput]
  /// The directory in which jobs run.
  var directory = "."
  /// The names of the data outputs.
  var outputNames: [String] = []

  struct FunctionInput: Sendable {
    let name: String
    /// The data of all instances of the signal; empty if they are bare.
    let data: [JSON]
  }

  /// How many data outputs the firing has; `nil` if it has as many as its process.
  var firingOutputCount: Int?

  var outputCount: Int { firingOutputCount ?? process.outputs.count { $0.control == nil } }

  /// All outputs bare: the result of a function that does not touch its outputs.
  var bareOutputs: [PortValue] { Array(repeating: .bare, count: outputCount) }

  /// The outputs that a choosing function does not choose: nothing for a choice, else bare.
  var unchosenOutputs: [PortValue] {
    Array(repeating: process.kind == .choice ? .nothing : .bare, count: outputCount)
  }
}

/// The result of a function: values for the data outputs in their order, or the reason of its
/// failure, and the lines that it printed, which are the task's log.
struct FunctionResult: Sendable, Equatable {
  var outputs: Result<[PortValue], FunctionFailure>
  var printed: [String]
  /// How long the function pretends to run.
  var delayMilliseconds = 0
  /// Whether the function ends the run.
  var endsRun = false

  static func success(_ outputs: [PortValue], printing lines: [String] = []) -> FunctionResult {
    FunctionResult(outputs: .success(outputs), printed: lines)
  }

  static func failure(_ text: String) -> FunctionResult {
    FunctionResult(outputs: .failure(FunctionFailure(text: text)), printed: [])
  }
}

struct FunctionFailure: Error, Equatable {
  let text: String
}
