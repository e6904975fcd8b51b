import Glibc
public import JobProtocol
import Posix
public import Redis

/// Deletes what a run has left: its directory with the data of its own Redis, the directory of its
/// socket, or its keys on a shared Redis.
public enum RunDeletion {
  /// Deletes the files of a run. Stops its executors on this host and its own Redis first.
  public static func remove(_ directory: RunDirectory) {
    // The executors and the socket of a copy are the original's.
    let isCopy = directory.isCopy
    if !isCopy, let run = RunID(Files.name(of: directory.path)) {
      RunProcesses.stopExecutors(of: run, in: directory)
    }
    if let description = RunDescription.read(in: directory), description.hasPrivateRedis,
      let url = try? description.server(in: directory), RunDirectory.isSocketPlace(url)
    {
      let hasEnded = (try? PrivateRedis.shutDown(url, graceMilliseconds: 2000)) != nil
      if hasEnded || !isCopy { removeSocket(at: url) }
    }
    // Also ends a server that does not answer or cannot write.
    DataHolders(ofDataIn: directory.redisData).end(graceMilliseconds: 2000)
    Files.removeTree(directory.path)
  }

  /// Deletes the socket of a private Redis that has ended, and its directory if it is one of ours:
  /// the path comes from a file.
  package static func removeSocket(at url: RedisURL) {
    guard RunDirectory.isSocketPlace(url), case .unix(let path) = url.endpoint else { return }
    Files.remove(path)
    rmdir(Files.parent(of: path))
  }

  /// Deletes the keys of a run on a shared Redis, and its entry in the list of runs, and nothing
  /// else. Returns how many keys there were.
  @discardableResult
  public static func remove(_ run: RunID, from url: RedisURL) throws(RedisError) -> Int {
    let connection = try RedisConnection(url)
    let number = try connection.call(RedisCommand("HGET", RunKeys(run).info, "number")).string
    var patterns = ["hf:\(run):*", "hf:pool:\(run):*", "\(run):*"]
    var count = 0
    if let number, Int(number) != nil {
      count += try unlink(
        [
          OriginalKeys.workflow(number), OriginalKeys.pendingCompletions(workflow: number),
          OriginalKeys.completedTasks(workflow: number),
        ], connection)
    }
    while let pattern = patterns.popLast() { count += try unlink(matching: pattern, connection) }
    _ = try connection.call(RedisCommand("HDEL", RunKeys.registry, run.text))
    return count
  }

  /// SCAN may return a key twice, but misses none that exists throughout.
  private static func unlink(
    matching pattern: String, _ connection: RedisConnection
  ) throws(RedisError) -> Int {
    var cursor = "0"
    var count = 0
    repeat {
      let reply = try connection.call(
        RedisCommand("SCAN", cursor, "MATCH", pattern, "COUNT", 1000))
      guard let parts = reply.array, parts.count == 2, let next = parts[0].string else { break }
      cursor = next
      count += try unlink((parts[1].array ?? []).compactMap(\.string), connection)
    } while cursor != "0"
    return count
  }

  private static func unlink(
    _ keys: [String], _ connection: RedisConnection
  ) throws(RedisError) -> Int {
    guard !keys.isEmpty else { return 0 }
    return try connection.call(RedisCommand(["UNLINK"] + keys)).integer ?? 0
  }
}
