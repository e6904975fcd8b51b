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
  private var isWaitedFor = false

  init(_ plan: JobPlan) throws(JobFailure) {
    let outputPipe = try JobProcess.makePipe()
    let errorPipe = try JobProcess.makePipe()
    startedAt = Clock.monotonicNanoseconds
    child = try Spawning.start(
      plan, output: outputPipe.writeEnd.number, error: errorPipe.writeEnd.number)
    output = outputPipe.keepingReadEnd()
    error = errorPipe.keepingReadEnd()
    end = try? child.endDescriptor()
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

  /// How the child ended; `nil` while it runs, and after this has told it once. `keepingGroup`: its
  /// process group is not to become another one's before `releaseGroup`.
  func reap(keepingGroup: Bool) -> (status: ExitStatus, usage: ProcessUsage)? {
    guard !hasEnded, let result = keepingGroup ? child.peek() : child.wait(block: false) else {
      return nil
    }
    hasEnded = true
    isWaitedFor = !keepingGroup
    end = nil
    return result
  }

  /// Hands over what can be read without waiting. Bounded, for somebody may write faster than it is
  /// read.
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

  /// The most that a pipe holds, unless root has made it larger.
  private static let restLimit = 1 << 20

  /// Whoever has the other ends may write on; nobody here reads it.
  func discardRest() {
    let pipes = [output.take()?.release(), error.take()?.release()].compactMap { $0 }
    if !pipes.isEmpty { Descriptor.discard(pipes) }
  }

  /// The names under which the system knows the pipes that are open.
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
