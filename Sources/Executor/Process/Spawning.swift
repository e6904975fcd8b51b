import Glibc
import JobProtocol
import Posix

/// Starts programs, and explains why one cannot be started.
enum Spawning {
  /// - Parameter descriptors: additional ones for the child: ours → its number.
  static func start(
    _ given: SpawnRequest, inheriting descriptors: [Int32: Int32] = [:]
  ) throws(JobFailure) -> Child {
    var request = given
    request.inheritedDescriptors = descriptors
    do {
      return try Child.spawn(request)
    } catch {
      guard error.code == ENOEXEC, let script = plainScript(request) else {
        throw explain(error, request)
      }
      return try start(script: script, request)
    }
  }

  /// The path of a text file without `#!`, which shells run as their own script.
  private static func plainScript(_ request: SpawnRequest) -> String? {
    guard let program = try? request.program() else { return nil }
    return ProgramFile(reading: request.pathFromParent(program)) == .text
      ? request.pathFromParent(program) : nil
  }

  private static func start(
    script: String, _ request: SpawnRequest
  ) throws(JobFailure) -> Child {
    var shell = request
    shell.executable = "/bin/sh"
    shell.arguments = [script] + request.arguments
    do {
      return try Child.spawn(shell)
    } catch {
      throw explain(error, shell)
    }
  }

  static func explain(_ error: PosixError, _ request: SpawnRequest) -> JobFailure {
    let name = request.executable.quotedIfOdd
    let host = Environment.hostName
    let program = try? request.program()
    let path = program.map(request.pathFromParent)
    switch error.code {
    case ENOENT, ENOTDIR:
      guard let path else { return notInPath(request) }
      guard Files.exists(path) else {
        return JobFailure(.notFound("\(name): no such file on \(host)"))
      }
      return missingPart(of: path, name)
    case EACCES where path == nil:
      // The error names the file that was found.
      let found = error.subject.quotedIfOdd
      return JobFailure(
        .notFound("\(found): may not be executed on \(host); check its mode (chmod +x)"), code: 126)
    case EACCES, EPERM:
      return forbidden(path ?? request.executable, name)
    case ENOEXEC:
      let reason = path.map { ProgramFile(reading: $0).refusal } ?? "is no program"
      return JobFailure(.notFound("\(name): \(reason) on \(host)"), code: 126)
    default:
      return JobFailure(.error("cannot start \(name): \(error.reason)"))
    }
  }

  private static func notInPath(_ request: SpawnRequest) -> JobFailure {
    let isOfTask = request.additionalEnvironment["PATH"] != nil
    let owner = isOfTask ? "the PATH that the task's env gives" : "the executor's PATH"
    return JobFailure(
      .notFound(
        "\(request.executable.quotedIfOdd): not found on \(Environment.hostName) in \(owner): "
          + request.searchPath.quotedIfOdd))
  }

  /// The file exists, so its interpreter or loader is missing.
  private static func missingPart(of path: String, _ name: String) -> JobFailure {
    let host = Environment.hostName
    switch ProgramFile(reading: path) {
    case .script(let interpreter) where interpreter.hasSuffix("\r"):
      return JobFailure(
        .notFound(
          "\(name): its interpreter \(interpreter.debugDescription) (first line) is missing on"
            + " \(host); the line ends in a carriage return, as in a file from Windows"))
    case .script(let interpreter):
      return JobFailure(
        .notFound(
          "\(name): its interpreter \(interpreter.debugDescription) (first line) is missing on"
            + " \(host)"))
    case .program(_, let loader?):
      return JobFailure(
        .notFound("\(name): its loader \(loader.debugDescription) is missing on \(host)"))
    case .program, .text, .other, .unreadable:
      return JobFailure(.notFound("\(name): what it needs to run is missing on \(host)"))
    }
  }

  private static func forbidden(_ path: String, _ name: String) -> JobFailure {
    let host = Environment.hostName
    if Files.isExecutableFile(path), case .script(let interpreter) = ProgramFile(reading: path) {
      return JobFailure(
        .notFound(
          "\(name): its interpreter \(interpreter.debugDescription) (first line) may not be "
            + "executed on \(host)"), code: 126)
    }
    return JobFailure(
      .notFound("\(name): may not be executed on \(host); check its mode (chmod +x)"), code: 126)
  }
}

extension String {
  /// The text, in quotes with escapes if a character is invisible or controls a terminal.
  fileprivate var quotedIfOdd: String {
    unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
      ? self : debugDescription
  }
}
