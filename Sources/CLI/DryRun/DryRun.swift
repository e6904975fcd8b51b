import HumanText
import JSONValue
import Runner
import Workflow

/// The commands and functions of a run, in the order in which its processes can first fire.
struct DryRun {
  private let workflow: Workflow
  private let functions: FunctionCatalog
  private let order: [ProcessID]

  init(_ workflow: Workflow, functions: FunctionCatalog) {
    self.functions = functions
    self.workflow = workflow
    order = workflow.graph().topologicalOrder
  }

  var lines: [String] {
    order.map { id in
      let process = workflow[id]
      return "\(process.name.displayName) (\(Self.times(process))): \(action(process))"
    }
  }

  /// One object for each process.
  var objects: [JSON] {
    order.map { id in
      let process = workflow[id]
      let command = command(of: process)
      return [
        "process": .int(id.number), "name": .string(process.name),
        "function": process.function.map(JSON.string) ?? .null,
        "firingLimit": process.firingLimit.map(JSON.int) ?? .null,
        "command": command.map { .string($0.shellText) } ?? .null,
        "executor": command.map { .object($0.all) } ?? .null,
      ]
    }
  }

  private static func times(_ process: Workflow.Process) -> String {
    switch process.firingLimit {
    case 1?: "once"
    case let limit?: "at most \(Formats.counted(limit, "time"))"
    case nil: process.inputs.isEmpty ? "no limit" : "for each set of inputs"
    }
  }

  private func action(_ process: Workflow.Process) -> String {
    command(of: process)?.shellText ?? "function \((process.function ?? "").displayName)"
  }

  private func command(of process: Workflow.Process) -> Workflow.CommandLine? {
    functions.runsAsJob(process) ? process.command : nil
  }
}
