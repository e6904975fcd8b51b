import JobProtocol
import Posix
import Redis
import TestSupport
import Testing

@testable import Runs

/// Everything of a run is deleted, and nothing else.
@Suite(.timeLimit(.minutes(2))) struct RunDeletionTests {
  @Test func `on a shared Redis only the run's keys are deleted`() throws {
    let server = try RedisServer()
    let connection = try RedisConnection(server.url)
    let (run, other) = (RedisServer.newRun(), RedisServer.newRun())
    func fill(_ run: RunID, number: Int) throws -> [String] {
      let keys = RunKeys(run)
      _ = try connection.run([
        RedisCommand("XADD", keys.events, "*", "e", "x"), RedisCommand("SET", keys.workflow, "w"),
        RedisCommand("HSET", keys.info, "number", number),
        RedisCommand("XADD", RunKeys.log(job: "\(run):\(number):1:1"), "*", "c", "x"),
        RedisCommand("LPUSH", "\(run):\(number):1:1_msg", "m"),
        RedisCommand("SADD", OriginalKeys.completedTasks(workflow: "\(number)"), "t"),
        RedisCommand("HSET", OriginalKeys.workflow("\(number)"), "uri", "u"),
        RedisCommand("HSET", RunKeys.registry, run.text, "{}"),
        RedisCommand("SADD", PoolKeys(run.text).workers, "w"),
      ])
      return [keys.events, keys.workflow, keys.info]
    }
    _ = try fill(run, number: 1)
    let kept = try fill(other, number: 2)
    _ = try connection.call(RedisCommand("SET", "unrelated", 1))

    #expect(try RunDeletion.remove(run, from: server.url) == 8)
    let left = try connection.call(RedisCommand("KEYS", "*")).array?.compactMap(\.string) ?? []
    #expect(!left.contains { $0.contains(run.text) })
    #expect(left.count == 10)
    #expect(Set(kept).isSubset(of: left))
    let listed = try connection.call(RedisCommand("HKEYS", RunKeys.registry))
    #expect(listed.array?.compactMap(\.string) == [other.text])
  }

  @Test func `deleting a run without keys is not an error`() throws {
    let server = try RedisServer()
    #expect(try RunDeletion.remove(RedisServer.newRun(), from: server.url) == 0)
  }

  @Test func `the directory is deleted, and a server on its data is stopped`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
    defer { Files.removeTree(place) }
    let run = RedisServer.newRun()
    let directory = try RunDirectory.create(for: run, workflowDirectory: place)
    let sockets = try RunDirectory.makeSocketDirectory()
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: directory.redisData, socketDirectory: sockets,
        logFile: directory.redisLog))
    try RunDescription(
      run: "\(run)", name: "n", workflowPath: "\(place)/workflow.json", redis: server.url.text,
      hasPrivateRedis: true, enginePid: 1, startedAt: 1
    ).write(in: directory)
    RunDeletion.remove(directory)
    #expect(!Files.exists(directory.path))
    #expect(!Files.exists(sockets))
    #expect(Poll.wait(for: server.endDescriptor, 1, milliseconds: 120_000))
    server.stop()
  }

  /// The path of the socket comes from a file.
  @Test func `a directory that is not a run's is not deleted`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "other-")
    defer { Files.removeTree(place) }
    try Files.write([1], to: "\(place)/redis.sock")
    RunDeletion.removeSocket(at: RedisURL(.unix(path: "\(place)/redis.sock")))
    #expect(Files.exists("\(place)/redis.sock"))
  }
}
