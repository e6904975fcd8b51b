import Glibc
import JSONValue
import Posix
public import Runs
import Sites

/// Starts a run's engine as a process of its own: a session leader without a terminal, so that the
/// run survives the terminal.
///
/// The settings go to the engine's standard input, and its answer, one JSON line, comes from its
/// standard output, so neither appears in a process list.
public enum EngineLauncher {
  /// Starts `<program> engine` and waits until the run has begun.
  public static func launch(
    _ settings: RunSettings, program: String
  ) throws(RunnerError) -> EngineProcess.Ready {
    do {
      let input = try Pipe()
      let output = try Pipe()
      var request = SpawnRequest(program, ["engine"])
      request.group = .session
      request.directory = Files.parent(of: settings.workflowPath)
      request.standardInput = .descriptor(input.readEnd.number)
      request.standardOutput = .descriptor(output.writeEnd.number)
      request.standardError = .null
      let child = try Child.spawn(request)
      return try exchange(settings, child, input, output)
    } catch let error as RunnerError {
      throw error
    } catch {
      throw RunnerError(.infrastructure, "cannot start the engine process: \(error)")
    }
  }

  private static func exchange(
    _ settings: RunSettings, _ child: Child, _ input: consuming Pipe, _ output: consuming Pipe
  ) throws -> EngineProcess.Ready {
    signal(SIGPIPE, SIG_IGN)
    let settingsEnd = input.writeEnd
    close(output.writeEnd.release())
    try? DescriptorIO.write(settings.json.text, to: settingsEnd.number)
    close(settingsEnd.release())
    let answer = try line(from: output.readEnd.number)
    return try EngineHandshake.ready(answer, orEndOf: child)
  }

  /// Reads one line, or what has arrived when the pipe is closed.
  private static func line(from descriptor: Int32) throws(PosixError) -> [UInt8] {
    var bytes: [UInt8] = []
    while !bytes.contains(0x0A), let part = try DescriptorIO.read(descriptor), !part.isEmpty {
      bytes += part
    }
    return bytes
  }
}

/// The line with which an engine process answers the process that started it.
public enum EngineHandshake {
  public static func line(_ ready: EngineProcess.Ready) -> String {
    JSON.object([
      "redis": .string(ready.redisURL), "directory": .string(ready.directory),
      "workflowHasChanged": .bool(ready.workflowHasChanged),
    ]).text + "\n"
  }

  public static func line(_ error: RunnerError) -> String {
    JSON.object([
      "errors": .array(error.messages.map(JSON.string)),
      "invalidWorkflow": .bool(error.code == .invalidWorkflow),
    ]).text + "\n"
  }

  static func ready(
    _ bytes: [UInt8], orEndOf child: Child
  ) throws(RunnerError) -> EngineProcess.Ready {
    guard let answer = try? JSON(parsing: bytes) else {
      let end = child.wait(block: true).map { " (it \($0.status.text))" } ?? ""
      throw RunnerError(.infrastructure, "the engine process ended and gave no reason\(end)")
    }
    if let errors = answer["errors"]?.array?.compactMap(\.string) {
      let isInvalid = answer["invalidWorkflow"]?.bool ?? false
      throw RunnerError(isInvalid ? .invalidWorkflow : .infrastructure, errors)
    }
    return EngineProcess.Ready(
      redisURL: answer["redis"]?.string ?? "", directory: answer["directory"]?.string ?? "",
      workflowHasChanged: answer["workflowHasChanged"]?.bool ?? false)
  }
}
