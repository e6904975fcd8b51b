import Engine
import JSONValue
import Workflow

/// One call of a function that runs in the engine.
struct FunctionCall: Sendable {
  let process: Workflow.Process
  /// `hfId:wfId:procId:firingId`
  let taskID: String
  let inputs: [FunctionInput]
  /// Where jobs run.
  var directory = "."
  /// Of the data outputs.
  var outputNames: [String] = []

  struct FunctionInput: Sendable {
    let name: String
    /// The data of all its instances; empty for bare ones.
    let data: [JSON]
  }

  /// How many data outputs the firing has; `nil`: as many as its process.
  var firingOutputCount: Int?

  var outputCount: Int { firingOutputCount ?? process.outputs.count { $0.control == nil } }

  /// All outputs bare: what a function gives that leaves its outputs alone.
  var bareOutputs: [PortValue] { Array(repeating: .bare, count: outputCount) }

  /// The outputs that a function leaves alone which chooses some: nothing from a choice.
  var unchosenOutputs: [PortValue] {
    Array(repeating: process.kind == .choice ? .nothing : .bare, count: outputCount)
  }
}

/// What a function gave: values for the data outputs in their order, or why it failed; and the
/// lines it printed, which are the task's log.
struct FunctionResult: Sendable, Equatable {
  var outputs: Result<[PortValue], FunctionFailure>
  var printed: [String]
  /// How long it pretends to take.
  var delayMilliseconds = 0
  /// It says that the run is over.
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
