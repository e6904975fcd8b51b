import Glibc
import JobProtocol
import Posix
import Runner

/// What lies in a run's place and cannot be read as a run: shown, so that somebody does something
/// about it, and removed when that is asked for.
struct DamagedRun: Sendable {
  let run: RunID
  let directory: RunDirectory
  /// In a few words.
  let problem: String
  private let isReadable: Bool

  /// `nil` for what is no run's, and for a run that is just being made.
  init?(_ directory: RunDirectory) {
    guard let run = RunID(Files.name(of: directory.path)),
      !RunBirth.isAnnounced(in: directory),
      let problem = Self.problem(directory)
    else { return nil }
    self.run = run
    self.directory = directory
    (self.problem, isReadable) = problem
  }

  private static func problem(_ directory: RunDirectory) -> (String, isReadable: Bool)? {
    if GuardedPath(directory.path).refusal != nil { return ("another user's link", true) }
    guard Files.isDirectory(directory.path) else { return ("no directory", true) }
    do throws(PosixError) {
      _ = try Files.readRegular(directory.description)
      return ("run.json is not understood", true)
    } catch {
      if error.code == EACCES { return ("may not be read", false) }
      guard error.code == ENOENT else { return ("run.json is no file that can be read", true) }
      return Files.list(directory.path).isEmpty ? nil : ("run.json is missing", true)
    }
  }

  /// The word of lists: what may not be read may be whole.
  var word: String { isReadable ? "damaged" : "unreadable" }

  /// What it is and what to do.
  var sentence: String {
    isReadable
      ? "run \(run) is damaged (\(problem)): \(directory.path); mend it, or "
        + "hflow-tui remove \(run) deletes what is left"
      : "run \(run) \(problem), it is another user's: \(directory.path)"
  }

  func remove() throws(Failure) {
    let lock = Files.join(directory.redisData, "redis.lock")
    // Its Redis has the lock as long as it lives.
    if Files.isRegular(lock), (try? FileLock(lock))?.takeAtOnce() == false {
      throw Failure(
        .usage, "the Redis of run \(run) still runs: end it first; fuser \(lock) tells its process")
    }
    // Where it is no directory, or a link to one.
    Files.remove(directory.path)
    RunTraces.remove(directory)
    guard !Files.exists(directory.path) else {
      throw Failure(
        .infrastructure, "\(directory.path) cannot be removed whole; is it another user's?")
    }
  }
}
