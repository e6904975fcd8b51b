import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// The table of KnownRun.swift.
struct KnownRunTests {
  private final class Observed {
    var run: KnownRun

    init(isKnown: Bool = false) { run = KnownRun(interval: 10, isKnown: isKnown) }

    func sees(_ exists: Bool, at now: Int) -> Bool { run.observe(exists: exists, now: now) }
  }

  @Test func `a run that was never seen may start later`() {
    let run = Observed()
    #expect(!run.sees(false, at: 0))
    #expect(!run.sees(false, at: 1_000_000))
  }

  @Test func `a run whose engine started the executor counts as seen`() {
    let run = Observed(isKnown: true)
    #expect(!run.sees(false, at: 0))
    #expect(run.sees(false, at: 120))
  }

  @Test func `a run that was seen is gone after the grace time`() {
    let run = Observed()
    #expect(!run.sees(true, at: 0))
    #expect(!run.sees(false, at: 100))
    #expect(!run.sees(false, at: 219))
    #expect(run.sees(false, at: 220))
  }

  @Test func `a run that returns exists`() {
    let run = Observed()
    _ = run.sees(true, at: 0)
    _ = run.sees(false, at: 100)
    #expect(!run.sees(true, at: 150))
    #expect(!run.sees(false, at: 230))
    #expect(!run.sees(false, at: 349))
    #expect(run.sees(false, at: 350))
  }
}

/// Executors whose run is deleted from Redis under them.
struct GoneRunTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let heartbeat = ["HFLOW_HEARTBEAT": "0.2"]
  private let job: JSON = ["executable": "sh", "args": ["-c", "echo ready; exec sleep 1000"]]

  init() throws {
    site = try Site()
    _ = try site.redis.call(RedisCommand("HSET", "hf:abcd:info", "status", "x"))
  }

  private func isRunning() throws -> Bool { try !site.chunks(of: id).isEmpty }

  @Test func `a worker whose run is deleted ends its jobs and exits`() throws {
    try site.queue(id, job)
    let worker = try site.start(["--worker", "--pool", "abcd", "--redis", site.url], heartbeat)
    #expect(try eventually { try isRunning() })
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    #expect(try site.end(of: worker) == .exited(3))
    #expect(site.messages.contains("run abcd is gone"))
    #expect(try site.keys() == [])
  }

  @Test func `a one-shot executor whose run is deleted does the same`() throws {
    try site.push(id, job)
    let executor = try site.start([id, site.url], heartbeat)
    #expect(try eventually { try isRunning() })
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    #expect(try site.end(of: executor) == .exited(3))
    #expect(site.messages.contains("is gone"))
    #expect(try site.keys() == [])
  }

  @Test func `an executor without a message exits with its run`() throws {
    let executor = try site.start([id, site.url], heartbeat)
    #expect(try eventually { try site.exists("\(id)_acqCount") })
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    #expect(try site.end(of: executor) == .exited(3))
    #expect(site.messages.contains("is gone"))
  }
}
