@preconcurrency import Dispatch
import Glibc
import JSONValue
import Posix
import Synchronization

/// A long-running tool that writes one JSON object after the other.
final class ToolStream: Sendable {
  private let command: [String]
  private let environment: [String: String]
  private let isStopped = Mutex(false)

  init(_ command: [String], environment: [String: String]) {
    self.command = command
    self.environment = environment
  }

  /// Ends the tool.
  func stop() { isStopped.withLock { $0 = true } }

  /// Starts the tool; the functions are called on a thread of its own.
  func start(
    _ receive: @escaping @Sendable ([JSON]) -> Void, ended: @escaping @Sendable () -> Void
  ) {
    let thread = DispatchQueue(label: "tool-stream")
    thread.async {
      try? self.run(receive)
      ended()
    }
  }

  private func run(_ receive: ([JSON]) -> Void) throws(PosixError) {
    let output = try Pipe(nonblocking: true)
    var request = SpawnRequest(command[0], Array(command.dropFirst()))
    request.environment = environment
    request.standardOutput = .descriptor(output.writeEnd.number)
    request.standardError = .null
    let child = try Child.spawn(request)
    let reader = output.keepingReadEnd()
    var objects = JSONStream()
    while !isStopped.withLock({ $0 }) {
      guard Poll.wait(for: reader.number, POLLIN, milliseconds: 200) else { continue }
      guard let part = try? DescriptorIO.read(reader.number) else { continue }
      if part.isEmpty { break }
      receive(objects.add(part))
    }
    child.sendToGroup(SIGKILL)
    _ = child.wait()
  }
}
