import Glibc
import JobProtocol
import Posix
import Runner
import Runs

/// A directory that looks like a run but cannot be read as one. `list` shows it and `remove`
/// deletes it.
struct DamagedRun: Sendable {
  let run: RunID
  let directory: RunDirectory
  /// A few words.
  let problem: String
  private let isReadable: Bool

  /// `nil` if the directory does not belong to a run, or if the run is being created.
  init?(_ directory: RunDirectory) {
    guard let run = RunID(Files.name(of: directory.path)),
      !RunCreation.hasNote(in: directory),
      let problem = Self.problem(directory)
    else { return nil }
    self.run = run
    self.directory = directory
    (self.problem, isReadable) = problem
  }

  private static func problem(_ directory: RunDirectory) -> (String, isReadable: Bool)? {
    if GuardedPath(directory.path).refusal != nil { return ("another user's link", true) }
    guard Files.isDirectory(directory.path) else { return ("not a directory", true) }
    do throws(PosixError) {
      _ = try Files.readRegular(directory.description)
      return ("run.json is not valid", true)
    } catch {
      if error.code == EACCES { return ("permission denied", false) }
      guard error.code == ENOENT else { return ("run.json cannot be read", true) }
      return Files.list(directory.path).isEmpty ? nil : ("run.json is missing", true)
    }
  }

  /// The state in lists: a run that may not be read may be intact.
  var word: String { isReadable ? "damaged" : "unreadable" }

  /// The problem and what to do.
  var sentence: String {
    isReadable
      ? "run \(run) is damaged (\(problem)): \(directory.path); repair it, or delete it with "
        + "hflow-tui remove \(run)"
      : "run \(run) belongs to another user (\(problem)): \(directory.path)"
  }

  private var lock: String { Files.join(directory.redisData, "redis.lock") }

  /// Whether its own Redis runs, which holds a lock.
  var hasRunningRedis: Bool {
    Files.isRegular(lock) && (try? FileLock(lock))?.tryLock() == false
  }

  func remove() throws(Failure) {
    if hasRunningRedis {
      throw Failure(
        .usage, "the Redis of run \(run) still runs; stop it first: fuser \(lock) finds it")
    }
    // Removes a path that is a file or a link.
    Files.remove(directory.path)
    RunDeletion.remove(directory)
    guard !Files.exists(directory.path) else {
      throw Failure(
        .infrastructure, "\(directory.path) cannot be deleted completely; is it another user's?")
    }
  }
}
