import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// Ending jobs early.
struct CancelTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let stubborn = "trap '' TERM; sleep 1000 & echo $! > pid; echo ready; wait; wait"

  init() throws { site = try Site() }

  private func isGone(_ pid: Int32) -> Bool { kill(pid, 0) == -1 && errno == ESRCH }

  @Test func `a cancel ends the whole process group, even if it ignores TERM`() throws {
    try site.push(id, ["executable": "sh", "args": ["-c", .string(stubborn)]])
    let child = try site.start([id, site.url])
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    _ = try site.redis.call(RedisCommand("PUBLISH", "hf:abcd:orders", "cancel \(id)"))
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.cancelled)])
    let pid = try #require(Int32(site.text("pid").split(separator: "\n").first ?? ""))
    #expect(eventually { isGone(pid) })
  }

  @Test func `a time-out ends the whole process group, even if it ignores TERM`() throws {
    let job = try site.script(stubborn, extras: ["timeout": 0.3])
    #expect(job.outcome == .failed(.timeout(seconds: 0.3)))
    #expect(job.usage.wallMilliseconds >= 300 + RunningJob.graceMilliseconds)
    let pid = try #require(Int32(site.text("pid").split(separator: "\n").first ?? ""))
    #expect(eventually { isGone(pid) })
  }

  @Test func `a job within its time limit is not ended, nor one without a limit`() throws {
    for timeout: JSON in [60, 0, .null, -1] {
      _ = try site.redis.call(RedisCommand("FLUSHALL"))
      #expect(try site.script("exit 3", extras: ["timeout": timeout]).outcome == .failed(.exit(3)))
    }
  }

  @Test func `a job that was cancelled before its start is not started`() throws {
    _ = try site.redis.call(RedisCommand("SADD", "hf:abcd:cancelled", id))
    let job = try site.script("echo x > made")
    #expect(job.outcome == .failed(.cancelled))
    #expect(job.kinds == ["finished"])
    #expect(!Files.exists("\(site.work)/made"))
  }

  @Test func `a worker does not start a cancelled job, and ends a running one`() throws {
    _ = try site.redis.call(RedisCommand("SADD", "hf:abcd:cancelled", "abcd:1:1:2"))
    try site.queue(id, ["executable": "sh", "args": ["-c", "echo ready; exec sleep 1000"]])
    try site.queue("abcd:1:1:2", ["executable": "touch", "args": ["made"]])
    let worker = try site.start(["--worker", "--redis", site.url, "--pool", "abcd"])
    #expect(try eventually { try site.finished()["abcd:1:1:2"] == .failed(.cancelled) })
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    _ = try site.redis.call(RedisCommand("PUBLISH", "hf:pool:abcd:orders", "cancel \(id)"))
    #expect(try eventually { try site.finished()[id] == .failed(.cancelled) })
    #expect(!Files.exists("\(site.work)/made"))
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a signal ends a one-shot executor, which reports its job as cancelled`() throws {
    try site.push(id, ["executable": "sh", "args": ["-c", "echo ready; exec sleep 1000"]])
    let child = try site.start([id, site.url])
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    child.send(SIGTERM)
    #expect(try site.end(of: child) == .exited(128 + 15))
    #expect(try site.finished() == [id: .failed(.cancelled)])
  }
}
