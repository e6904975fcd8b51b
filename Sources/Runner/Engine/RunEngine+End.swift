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
    // Who asked meant the run as it stood then; one that goes on is not to close hours later.
    guard machine.isSettled else {
      closeIsAsked = false
      hasSaidThatItStaysOpen = false
      return
    }
    guard mail.isEmpty, inputs.isEmpty, suspects.isEmpty else { return }
    if !closeIsAsked, !closesWhenSettled {
      do throws(RedisError) {
        if try await watchers.areThere() {
          if !hasSaidThatItStaysOpen { observer.staysOpen(plan.run) }
          hasSaidThatItStaysOpen = true
          return host.after(milliseconds: WatcherRegister.lookMilliseconds, .watchers)
        }
      } catch {
        log.error("cannot tell who watches: \(error)")
      }
    }
    var deeds = Deeds()
    apply(.close, &deeds)
    try await commit(deeds)
    clearLeftEnds()
    isClosed = true
  }

  /// Waits until workers that were told to go have left, or a grace is over.
  func waitForLeaving(_ workers: [Child]) async {
    var left = workers
    host.after(milliseconds: Self.leaveMilliseconds, .leaving)
    while !left.isEmpty {
      for message in await inbox.next() {
        switch message {
        case .host(.childEnded(let child, let status)):
          _ = await invoker.childEnded(child, status)
          left.removeAll { $0 == child }
        case .host(.deadline(.leaving)): return
        default: break
        }
      }
    }
  }
}
