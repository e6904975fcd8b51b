import JobProtocol
import Posix
import Redis
import Runner
import Runs

/// Deletes the files and keys of a run that has ended.
struct RunRemoval {
  private let found: FoundRun
  private let filesOnly: Bool

  /// - Parameter filesOnly: Whether to leave the run's keys on a shared Redis, because that Redis
  ///   may no longer exist.
  init(_ found: FoundRun, filesOnly: Bool = false) {
    self.found = found
    self.filesOnly = filesOnly
  }

  func remove() throws(Failure) {
    // Check again just before the removal, because the run may have been resumed.
    let condition = RunCondition(of: found)
    guard !condition.isLive else {
      throw Failure(
        .usage,
        "run \(found.run.short) \(condition.sentence) and cannot be deleted; to stop it: "
          + "hflow-tui stop \(found.run.short)")
    }
    if !found.description.hasPrivateRedis, !filesOnly {
      do throws(RedisError) {
        try RunDeletion.remove(found.run, from: found.url)
      } catch {
        throw Failure(
          .infrastructure,
          "run \(found.run.short) was not deleted: \(error); if that Redis no longer exists: "
            + "hflow-tui remove --files-only \(found.run.short)")
      }
    }
    guard let directory = found.directory else { return }
    RunDeletion.remove(directory)
    guard !Files.exists(directory.path) else {
      throw Failure(
        .infrastructure,
        "\(directory.path) cannot be deleted completely; is the disk read-only or full?")
    }
  }
}

extension FoundRun {
  enum OrphanedRedis {
    case none, stopped
    /// Somebody views the run; the last viewer stops the Redis.
    case inUse
  }

  /// Stops the Redis of a closed run if a killed engine or viewer has left it running.
  @discardableResult
  func stopOrphanedRedis() throws(Failure) -> OrphanedRedis {
    guard RunCondition(of: self).hasOrphanedRedis else { return .none }
    try openForViewing()?.close()
    return (try? RedisConnection(url)) == nil ? .stopped : .inUse
  }
}
