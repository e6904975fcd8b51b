import Engine
import JobProtocol
import Logging
import Posix
import Redis

/// How a run is closed.
extension RunEngine {
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
    var effects = TurnEffects()
    apply(.close, &effects)
    try await commit(effects)
    clearLeftEnds()
    isClosed = true
  }
}
