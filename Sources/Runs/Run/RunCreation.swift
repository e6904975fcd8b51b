import Glibc
import JSONValue
import Posix
import Redis

/// A note in the directory of a run that is being created: which process creates it, and where its
/// Redis will listen. It is deleted as soon as `run.json` exists.
///
/// If the engine is killed before that, it leaves a run that never started and that nobody can
/// find, perhaps with a running Redis. The next `run` or `prune` in the directory cleans up.
public enum RunCreation {
  private static func path(in directory: RunDirectory) -> String {
    Files.join(directory.path, "creation.json")
  }

  /// The name of the note in earlier versions.
  private static func formerPath(in directory: RunDirectory) -> String {
    Files.join(directory.path, "birth.json")
  }

  /// Writes that this process creates a run there, before anything is started.
  package static func writeNote(in directory: RunDirectory, socketPath: String?) throws(RunnerError)
  {
    let note = JSON.object([
      "engine": ProcessIdentity(of: Environment.processID).map { .string($0.text) } ?? .null,
      "host": .string(Environment.hostName), "socket": socketPath.map { .string($0) } ?? .null,
    ])
    do throws(PosixError) {
      try Files.write(note.bytes, to: path(in: directory), mode: 0o600)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  public static func hasNote(in directory: RunDirectory) -> Bool {
    Files.exists(path(in: directory)) || Files.exists(formerPath(in: directory))
  }

  package static func removeNote(in directory: RunDirectory) { Files.remove(path(in: directory)) }

  /// Marks a run that cannot start. Without a description, it does not count as interrupted.
  package static func hasFailed(in directory: RunDirectory) {
    try? writeNote(in: directory, socketPath: nil)
    Files.remove(directory.description)
  }

  /// Removes the directory of a run that could not start, once its Redis has ended.
  package static func removeFailed(in directory: RunDirectory) {
    guard hasNote(in: directory), !Files.exists(directory.description) else { return }
    Files.removeTree(directory.path)
  }

  /// Removes runs that never started and whose engine is gone.
  public static func removeAbandoned(workflowDirectory: String) {
    for directory in RunDirectory.all(workflowDirectory: workflowDirectory)
    where !Files.exists(directory.description) {
      let former = try? Files.readRegular(formerPath(in: directory))
      guard let bytes = (try? Files.readRegular(path(in: directory))) ?? former,
        let note = try? JSON(parsing: bytes),
        note["host"]?.string == Environment.hostName,
        let engine = note["engine"]?.string.flatMap({ ProcessIdentity(parsing: $0) }),
        !engine.isAlive
      else { continue }
      if let socket = note["socket"]?.string {
        var url = RedisURL(.unix(path: socket))
        url.identity = ServerIdentity()
        try? PrivateRedis.shutDown(url)
        DataHolders(ofDataIn: directory.redisData).end()
        RunDeletion.removeSocket(at: url)
      }
      Files.removeTree(directory.path)
    }
  }
}
