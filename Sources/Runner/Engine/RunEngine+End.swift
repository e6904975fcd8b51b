import Engine
import JobProtocol
import Logging
import Posix
import Redis

/// How a run is closed.
extension RunEngine {
  /// How long a worker may take to end its jobs and leave.
  private static let leaveMilliseconds = 8000

  /// A run that can go no further stays open while somebody watches it.
  func closeWhenOver() async throws(RunnerError) {
    guard machine.isSettled, mail.isEmpty, inputs.isEmpty, suspects.isEmpty else { return }
    if !closeIsAsked {
      do throws(RedisError) {
        if try await watchers.areThere() {
          return host.after(milliseconds: WatcherRegister.lookMilliseconds, .watchers)
        }
      } catch {
        log.error("cannot tell who watches: \(error)")
      }
    }
    var deeds = Deeds()
    apply(.close, &deeds)
    try await commit(deeds)
    isClosed = true
  }

  /// Waits, after the invoker was told to stop, until its workers have left or a grace is over.
  func waitForChildren() async {
    // Workers that others have started go their own ways.
    knownWorkers = knownWorkers.filter { $0.key.hasPrefix("\(Environment.hostName)-") }
    host.after(milliseconds: Self.leaveMilliseconds, .watchers)
    while !knownWorkers.isEmpty {
      for message in await inbox.next() {
        guard case .host(let event) = message else { continue }
        switch event {
        case .childEnded(let child, let status):
          _ = await invoker.childEnded(child, status)
          knownWorkers["\(Environment.hostName)-\(child.pid)"] = nil
        case .deadline(.watchers): knownWorkers = [:]
        case .deadline, .signal: break
        }
      }
    }
  }
}
