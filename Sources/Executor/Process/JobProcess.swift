import Glibc
import JobProtocol
import Posix

/// A running application: the child in its own process group, and the read ends of its output.
///
/// A descriptor is read once each time `poll` says so, hence the pipes need not be non-blocking
/// (the child would inherit that).
final class JobProcess {
  let child: Child
  /// On the clock that never jumps, in nanoseconds.
  let startedAt: Int
  private var output: Descriptor?
  private var error: Descriptor?
  /// Readable at the child's end; `nil` on kernels before 5.3.
  private var end: Descriptor?
  private(set) var hasEnded = false

  init(_ plan: JobPlan) throws(JobFailure) {
    do throws(PosixError) {
      let outputPipe = try Pipe()
      let errorPipe = try Pipe()
      startedAt = Clock.monotonicNanoseconds
      child = try Spawning.start(
        plan, output: outputPipe.writeEnd.number, error: errorPipe.writeEnd.number)
      output = outputPipe.keepingReadEnd()
      error = errorPipe.keepingReadEnd()
    } catch {
      throw Spawning.explain(error, plan)
    }
    end = try? child.endDescriptor()
  }

  var outputDescriptor: Int32? { output?.number }
  var errorDescriptor: Int32? { error?.number }
  var endDescriptor: Int32? { end?.number }
  /// Nothing tells of the child's end: it must be looked at now and then.
  var mustBeLookedAt: Bool { !hasEnded && end == nil }
  var outputIsOpen: Bool { output != nil || error != nil }

  /// What came now. Empty: the stream ended and is closed.
  func read(_ stream: LogChunk.Stream) -> [UInt8] {
    guard let number = stream == .standardError ? errorDescriptor : outputDescriptor,
      let bytes = try? DescriptorIO.read(number), !bytes.isEmpty
    else {
      close(stream)
      return []
    }
    return bytes
  }

  /// How the child ended; `nil` while it runs, and after this has told it once.
  func reap() -> (status: ExitStatus, usage: ProcessUsage)? {
    guard !hasEnded, let result = child.wait(block: false) else { return nil }
    hasEnded = true
    end = nil
    return result
  }

  func close(_ stream: LogChunk.Stream) {
    if stream == .standardError { error = nil } else { output = nil }
  }
}

/// Starts applications, and says in words why one cannot be started.
enum Spawning {
  static func start(
    _ plan: JobPlan, output: Int32, error: Int32
  ) throws(PosixError) -> Child {
    var request = SpawnRequest(plan.executable, plan.arguments)
    request.additionalEnvironment = plan.environment
    request.directory = plan.directory
    request.standardOutput = .descriptor(output)
    request.standardError = .descriptor(error)
    do {
      return try Child.spawn(request)
    } catch  where error.code == ENOEXEC {
      // A script without `#!`: every shell runs it, so do we.
      request.arguments = [path(of: plan)] + plan.arguments
      request.executable = "/bin/sh"
      return try Child.spawn(request)
    }
  }

  static func explain(_ error: PosixError, _ plan: JobPlan) -> JobFailure {
    let name = plan.executable
    let host = Environment.hostName
    switch error.code {
    case ENOENT where name.contains("/") && Files.exists(path(of: plan)):
      return JobFailure(.notFound("\(name): its interpreter (first line) is missing on \(host)"))
    case ENOENT where name.contains("/"):
      return JobFailure(.notFound("\(name): no such file on \(host)"))
    case ENOENT, ENOTDIR:
      return JobFailure(.notFound("\(name): no such file; is it in PATH of \(host)?"))
    case EACCES, EPERM:
      return JobFailure(
        .notFound("\(name): may not be executed on \(host); check its mode (chmod +x)"), code: 126)
    default:
      return JobFailure(.error("cannot start \(name): \(error.reason)"))
    }
  }

  private static func path(of plan: JobPlan) -> String {
    if plan.executable.contains("/") { return Files.join(plan.directory, plan.executable) }
    return Files.findExecutable(plan.executable) ?? plan.executable
  }
}
