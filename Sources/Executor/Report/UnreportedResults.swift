import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis

/// Keeps the result of each job on disk until Redis has acknowledged its report, so a killed
/// executor loses none. The next executor of the pool on this host, or the run's engine,
/// reports what is left.
final class UnreportedResults {
  private let places: [String]
  /// The run's directory, which may be moved.
  private let followed: FollowedDirectory?
  /// Whether the directories are the user's own, where the next executor looks too.
  private let isOurs: Bool
  private var file: ProcessFile?
  /// The offset of each job's result in the file.
  private var lines: [String: Int] = [:]
  private var hasFailed = false

  /// - Parameter given: the directory of the engine that started this executor; `nil` for the
  ///   user's own.
  init(pool: String, given: String?) {
    isOurs = given == nil
    followed = given.map { FollowedDirectory(Files.parent(of: $0)) }
    places =
      given.map { [$0] }
      ?? ExecutorPlaces.directories(
        pool: pool,
        stateHome: Environment.stateHome(
          given: Environment["XDG_STATE_HOME"], home: Environment["HOME"]),
        temporaryDirectory: Files.temporaryDirectory, user: Int(geteuid()))
  }

  private var directories: [String] {
    places.map { followed?.place(of: $0) ?? $0 }
  }

  /// Whether the run whose engine started this executor is still on disk. True without an engine.
  var runIsOnDisk: Bool {
    isOurs || directories.contains { Files.exists(Files.join(Files.parent(of: $0), "run.json")) }
  }

  /// Deletes the directories of a deleted run that `keep` has restored.
  func removeDeletedRun() {
    for directory in directories {
      var path = Files.parent(of: directory)
      while rmdir(path) == 0, Files.name(of: path) != ".hflow" { path = Files.parent(of: path) }
    }
  }

  func keep(_ end: UnreportedResult) {
    do throws(PosixError) {
      lines[end.job] = try openFile().add(end.json.bytes)
      hasFailed = false
    } catch {
      if !hasFailed {
        Console.printError(
          "cannot keep results of jobs on disk (\(error)): a job that is not reported when this "
            + "executor is killed runs again")
      }
      hasFailed = true
    }
  }

  func reported(_ job: String) {
    if let place = lines.removeValue(forKey: job) { file?.markVoid(at: place) }
  }

  /// Deletes empty files and directories. Unreported results stay.
  func close() {
    file?.removeIfEmpty()
    for directory in directories { rmdir(directory) }
  }

  private func openFile() throws(PosixError) -> ProcessFile {
    if let file { return file }
    var failure: PosixError?
    for directory in directories {
      do throws(PosixError) {
        let file = try ProcessFile(in: directory)
        self.file = file
        return file
      } catch {
        failure = failure ?? error
      }
    }
    throw failure ?? PosixError("write", "", code: ENOENT)
  }

  /// Reports the results left by dead executors of the pool on this host, and returns their
  /// jobs. Results of a run that is not in this Redis stay.
  func reportLeft(_ connection: RedisConnection) -> Set<String> {
    guard isOurs else { return [] }
    var reported: Set<String> = []
    for file in directories.flatMap({ ProcessFile.leftFiles(in: $0).files }) {
      let ends = file.lines.compactMap { (try? JSON(parsing: $0)).flatMap(UnreportedResult.init) }
      do throws(RedisError) {
        var isWhole = true
        for end in ends {
          if try report(end, connection) { reported.insert(end.job) } else { isWhole = false }
        }
        if isWhole { file.remove() }
      } catch {
        Console.printError("cannot report what a dead executor has left in \(file.path): \(error)")
      }
    }
    if !reported.isEmpty {
      Console.printError(
        "reported \(reported.count) ended jobs of executors that were killed before")
    }
    return reported
  }

  /// Returns false if no run in this Redis needs the result.
  private func report(
    _ end: UnreportedResult, _ connection: RedisConnection
  ) throws(RedisError) -> Bool {
    let ending = Ending(outcome: end.outcome, code: end.code)
    let reporter = Reporter(job: end.job, transport: end.transport)
    var isKnown = true
    for command in reporter.finished(ending, usage: end.usage, at: end.time, mayMake: false) {
      if try connection.call(command).isNull { isKnown = false }
    }
    return isKnown
  }
}
