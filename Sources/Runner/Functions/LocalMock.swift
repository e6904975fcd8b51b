import Posix
import Workflow

/// `commandLocalMock` pretends to run commands. The input files of a task must exist. Its output
/// files are created, empty, in a directory of the run.
enum LocalMock {
  static let run: BuiltInFunctions.Body = { call in
    guard let command = call.process.command else {
      return .failure("commandLocalMock: config.executor is missing")
    }
    let made = Files.join(call.directory, directoryName(call.taskID))
    let given = Files.join(call.directory, "input_dir")
    let inputs = call.inputs.map(\.name)
    let outputs = call.outputNames
    if let bad = (inputs + outputs).first(where: { !isPlain($0) }) {
      return .failure("commandLocalMock: \"\(bad.displayName)\" is not a plain file name")
    }
    for name in inputs where !exists(name, in: made) && !exists(name, in: given) {
      return .failure(
        "commandLocalMock: no input file \(name.displayName) in \(given) or \(made)")
    }
    do {
      try Files.makeDirectory(made)
      for name in outputs { try Files.save([], to: Files.join(made, name)) }
    } catch {
      return .failure("commandLocalMock: \(error)")
    }
    let line = ([command.executable] + command.arguments).joined(separator: " ")
    return .success(call.bareOutputs, printing: inputs + [line])
  }

  /// `work_dir_<hfId>_<wfId>`, as in HyperFlow.
  private static func directoryName(_ taskID: String) -> String {
    "work_dir_" + taskID.split(separator: ":").prefix(2).joined(separator: "_")
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("/") && name != "." && name != ".."
  }

  private static func exists(_ name: String, in directory: String) -> Bool {
    (try? Files.read(Files.join(directory, name))) != nil
  }
}
