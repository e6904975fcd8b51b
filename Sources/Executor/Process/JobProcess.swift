import Glibc
import JobProtocol
import Posix

/// A running program: the child in its own process group, and the read ends of its output.
///
/// Each descriptor is read once for each event of `poll`, so the pipes need not be
/// non-blocking, which the child would inherit.
final class JobProcess {
  let child: Child
  /// When the program was started, in nanoseconds of the monotonic clock.
  let startedAt: Int
  private var output: Descriptor?
  private var error: Descriptor?
  /// Readable when the child has exited; `nil` on kernels before 5.3.
  private var end: Descriptor?
  /// The socket to the supervisor of a container.
  private var supervisor: Descriptor?
  private(set) var hasEnded = false
  private var isWaitedFor = false

  /// - Parameter container: how to start the command of the plan in a container.
  init(_ plan: JobPlan, in container: ContainerStart?) throws(JobFailure) {
    let outputPipe = try JobProcess.makePipe()
    let errorPipe = try JobProcess.makePipe()
    startedAt = Clock.monotonicNanoseconds
    let request = plan.request(
      in: container, output: outputPipe.writeEnd.number, error: errorPipe.writeEnd.number)
    if container?.isSupervised == true {
      let sockets = try JobProcess.makeSockets()
      child = try Spawning.start(
        request, inheriting: [sockets.child.number: ContainerSupervisor.socket])
      supervisor = sockets.keepingParent()
    } else {
      child = try Spawning.start(request)
    }
    output = outputPipe.keepingReadEnd()
    error = errorPipe.keepingReadEnd()
    end = try? child.endDescriptor()
  }

  private static func makeSockets() throws(JobFailure) -> SocketPair {
    do {
      return try SocketPair()
    } catch {
      throw JobFailure(.error("cannot start a program: \(error)"))
    }
  }

  /// News from the supervisor of a container since the last call.
  func news() -> [UInt8] {
    guard let number = supervisor?.number, Poll.wait(for: number, POLLIN, milliseconds: 0) else {
      return []
    }
    return (try? DescriptorIO.read(number)) ?? []
  }

  /// Tells the supervisor to remove the container.
  func requestRemoval() {
    if let number = supervisor?.number { shutdown(number, Int32(SHUT_WR)) }
  }

  private static func makePipe() throws(JobFailure) -> Pipe {
    do {
      return try Pipe()
    } catch {
      throw JobFailure(.error("cannot start a program: \(error)"))
    }
  }

  var outputDescriptor: Int32? { output?.number }
  var errorDescriptor: Int32? { error?.number }
  var endDescriptor: Int32? { end?.number }
  /// Whether the child's exit must be polled.
  var mustBePolled: Bool { !hasEnded && end == nil }
  var outputIsOpen: Bool { output != nil || error != nil }

  /// The available output. Empty: the stream has ended and is closed.
  func read(_ stream: LogChunk.Stream) -> [UInt8] {
    guard let number = stream == .standardError ? errorDescriptor : outputDescriptor,
      let bytes = try? DescriptorIO.read(number), !bytes.isEmpty
    else {
      close(stream)
      return []
    }
    return bytes
  }

  /// How the child has exited, once; `nil` while it runs. With `keepingGroup`, the process
  /// group's id stays reserved until `releaseGroup`.
  func reap(keepingGroup: Bool) -> (status: ExitStatus, usage: ProcessUsage)? {
    guard !hasEnded, let result = keepingGroup ? child.peek() : child.wait(block: false) else {
      return nil
    }
    hasEnded = true
    isWaitedFor = !keepingGroup
    end = nil
    return result
  }

  /// Passes on the output that is available without waiting. Bounded, because a writer may be
  /// faster.
  func readRest(of stream: LogChunk.Stream, _ body: ([UInt8]) -> Void) {
    var left = JobProcess.restLimit
    while left > 0, let number = stream == .standardError ? errorDescriptor : outputDescriptor,
      Poll.wait(for: number, POLLIN, milliseconds: 0)
    {
      let bytes = read(stream)
      left -= bytes.count
      if !bytes.isEmpty { body(bytes) }
    }
  }

  /// The largest capacity of a pipe, unless root has raised it.
  private static let restLimit = 1 << 20

  /// Passes the read ends to a process that discards their data, so that other processes can
  /// continue to write.
  func discardRest() {
    let pipes = [output.take()?.release(), error.take()?.release()].compactMap { $0 }
    if !pipes.isEmpty { Descriptor.discard(pipes) }
  }

  /// The system's names of the open pipes.
  var pipes: [UInt] {
    [outputDescriptor, errorDescriptor].compactMap { $0.flatMap(PipeHolders.pipe) }
  }

  func releaseGroup() {
    guard hasEnded, !isWaitedFor else { return }
    _ = child.wait(block: false)
    isWaitedFor = true
  }

  func close(_ stream: LogChunk.Stream) {
    if stream == .standardError { error = nil } else { output = nil }
  }
}
