import JobProtocol
import Posix
import Redis
import Runner

/// Deletes a run that has ended, wherever it left something.
struct RunRemoval {
  private let found: FoundRun
  private let filesOnly: Bool

  /// With `filesOnly` what a shared Redis has of it stays: that may be gone for good.
  init(_ found: FoundRun, filesOnly: Bool = false) {
    self.found = found
    self.filesOnly = filesOnly
  }

  func remove() throws(Failure) {
    // Right before: it may have been resumed meanwhile.
    let standing = RunStanding(of: found)
    guard !standing.isLive else {
      throw Failure(
        .usage,
        "run \(found.run.short) \(standing.sentence): only runs that have ended are removed; "
          + "`hflow-tui stop \(found.run.short)` ends it")
    }
    if !found.description.isEmbedded, !filesOnly {
      do throws(RedisError) {
        try RunTraces.remove(found.run, from: found.url)
      } catch {
        throw Failure(
          .infrastructure,
          "run \(found.run.short) is not removed: \(error); if it is gone for good, "
            + "hflow-tui remove --files-only \(found.run.short) removes what is here")
      }
    }
    guard let directory = found.directory else { return }
    RunTraces.remove(directory)
    guard !Files.exists(directory.path) else {
      throw Failure(
        .infrastructure,
        "\(directory.path) cannot be removed whole; is the file system read-only, or full?")
    }
  }
}

extension FoundRun {
  enum LeftRedis {
    case none, ended
    /// Somebody looks at the run; the last one who does ends it.
    case lookedAt
  }

  /// Ends the Redis that a killed engine or looker has left of a closed run.
  @discardableResult
  func endLeftRedis() throws(Failure) -> LeftRedis {
    guard RunStanding(of: self).leavesRedis else { return .none }
    try revive()?.close()
    return (try? RedisConnection(url)) == nil ? .ended : .lookedAt
  }
}
