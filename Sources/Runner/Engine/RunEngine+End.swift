import Engine
import JobProtocol
import Logging
import Posix
import Redis
import Runs

/// Closes a settled run.
extension RunEngine {
  /// Closes the run if it has settled, unless watchers keep it open.
  func closeWhenOver() async throws(RunnerError) {
    // A close request is void once the run continues.
    guard machine.isSettled else {
      closeIsAsked = false
      staysOpenNoticeGiven = false
      return
    }
    guard unreadMessages.isEmpty, inputs.isEmpty, reportedEnds.isEmpty else { return }
    if !closeIsAsked, !closesWhenSettled {
      do throws(RedisError) {
        if try await watchers.hasAny() {
          if !staysOpenNoticeGiven { observer.staysOpen(plan.run) }
          staysOpenNoticeGiven = true
          return host.after(milliseconds: WatcherRegister.checkMilliseconds, .watchers)
        }
      } catch {
        log.error("cannot read the watchers of the run: \(error)")
      }
    }
    var effects = TurnEffects()
    apply(.close, &effects)
    try await commit(effects)
    clearLeftEnds()
    isClosed = true
  }
}
