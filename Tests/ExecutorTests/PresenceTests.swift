import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// The table of Presence.swift.
struct PresenceTests {
  @Test func `presence is certain for a lifetime after the heartbeat was sent`() {
    var presence = Presence(interval: 5, since: 100)
    #expect(presence.isCertain(at: 114))
    #expect(!presence.isCertain(at: 115))
    let returned = presence.acknowledged(sentAt: 110, now: 112)
    #expect(!returned, "it was never away")
    #expect(presence.isCertain(at: 124))
    #expect(!presence.isCertain(at: 125))
  }

  @Test func `the first fresh heartbeat after an absence ends it, an old one does not`() {
    var presence = Presence(interval: 5, since: 100)
    let isOld = presence.acknowledged(sentAt: 110, now: 200)
    #expect(!isOld)
    #expect(!presence.isCertain(at: 200))
    let isFresh = presence.acknowledged(sentAt: 200, now: 201)
    #expect(isFresh)
    #expect(presence.isCertain(at: 201))
    let isNext = presence.acknowledged(sentAt: 205, now: 206)
    #expect(!isNext)
  }

  @Test func `a late acknowledgement takes nothing away`() {
    var presence = Presence(interval: 5, since: 100)
    _ = presence.acknowledged(sentAt: 112, now: 113)
    _ = presence.acknowledged(sentAt: 105, now: 114)
    #expect(presence.isCertain(at: 126))
  }
}

struct HostLoadTests {
  @Test func `reclaimable memory counts as unused`() {
    let host = HostLoad(
      memoryInfo: "MemTotal:   1000 kB\nMemFree:  100 kB\nMemAvailable:    700 kB\n")
    #expect(host.memoryTotal == 1000)
    #expect(host.memoryUsed == 300)
    #expect(HostLoad(memoryInfo: "") == HostLoad())
  }
}

struct CancelledJobsTests {
  @Test func `an order that arrives before the answer to a query is not forgotten`() {
    var jobs = CancelledJobs()
    #expect(jobs.contains("a:1:1:1") == nil)
    jobs.add("a:1:1:1")
    jobs.add("b:1:1:1")
    jobs.add(["a:1:1:2"], ofRun: "a")
    #expect(jobs.contains("a:1:1:1") == true)
    #expect(jobs.contains("a:1:1:2") == true)
    #expect(jobs.contains("a:1:1:3") == false)
    #expect(jobs.contains("b:1:1:1") == nil)
  }
}

/// Executors that are present, absent, and present again.
struct AbsenceTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let heartbeat = ["HFLOW_HEARTBEAT": "0.2"]
  private let waiting: JSON = [
    "executable": "sh", "args": ["-c", "echo ready; read x < gate; true"],
  ]

  init() throws {
    site = try Site()
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
  }

  private func worker(_ url: String) throws -> Child {
    try site.start(
      ["--worker", "--pool", "abcd", "--slots", "2", "--name", "w1", "--redis", url], heartbeat)
  }

  private func aliveKey() -> String { PoolKeys("abcd").alive("w1") }

  private func isRunning() throws -> Bool { try !site.chunks(of: id).isEmpty }

  /// What an engine does with the jobs of a worker that it has given up.
  private func giveUp(_ job: String) throws {
    _ = try site.redis.call(RedisCommand("SADD", RunKeys.cancelled(job: job), job))
    _ = try site.redis.call(RedisCommand("DEL", PoolKeys("abcd").taken(by: "w1")))
    _ = try site.redis.call(RedisCommand("SREM", PoolKeys("abcd").workers, "w1"))
  }

  /// An engine that takes the run over finds there which workers may have jobs.
  private func isListed() throws -> Bool {
    try site.redis.call(RedisCommand("SISMEMBER", PoolKeys("abcd").workers, "w1")).integer == 1
  }

  private func health() throws -> WorkerHealth? {
    try site.redis.call(RedisCommand("GET", aliveKey())).bytes
      .flatMap(WorkerHealth.init(parsing:))
  }

  private func stop(_ worker: Child) throws {
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  /// An engine that gives a worker up removes it from the list later than it looks at its key.
  @Test func `a worker that was removed from the list is listed again`() throws {
    let worker = try worker(site.url)
    #expect(try eventually { try self.isListed() })
    _ = try site.redis.call(RedisCommand("SREM", PoolKeys("abcd").workers, "w1"))
    #expect(try eventually { try self.isListed() })
    try stop(worker)
    #expect(try !isListed())
  }

  @Test func `a worker's key has its health`() throws {
    try site.queue(id, waiting)
    let worker = try worker(site.url)
    #expect(try eventually { try self.health()?.busy == 1 })
    let health = try #require(try self.health())
    #expect(
      health.executor
        == ExecutorIdentity(name: "w1", host: Environment.hostName, pid: Int(worker.pid)))
    #expect(health.slots == 2)
    #expect(health.memoryTotal > health.memoryUsed)
    #expect(health.memoryUsed > 0)
    #expect(health.time > 0)
    #expect(!health.isDraining)
    try site.order(.drain(worker: "w1"))
    #expect(try eventually { try self.health()?.isDraining == true })
    site.openGate()
    #expect(try site.end(of: worker) == .exited(0))
    #expect(try !site.exists(aliveKey()))
  }

  /// Whether the worker has sent several heartbeats from now on.
  private func goesOn() throws -> Bool {
    let now = Clock.wallMilliseconds
    return try eventually { try self.health().map { $0.time > now + 600 } ?? false }
  }

  @Test func `without an engine a worker sends only its key and recreates no run`() throws {
    let worker = try worker(site.url)
    #expect(try goesOn())
    #expect(try site.keys() == [aliveKey(), PoolKeys("abcd").workers])
    try site.lease(true)
    #expect(try eventually { try site.reports().count >= 2 })
    try site.lease(false)
    let reports = try site.reports().count
    #expect(try goesOn())
    #expect(try site.reports().count == reports)
    try stop(worker)
  }

  @Test func `a disconnected worker keeps jobs that were not given up`() throws {
    try site.queue(id, waiting)
    let worker = try worker(try site.separateURL())
    #expect(try eventually { try isRunning() })
    try site.cutOff()
    #expect(try eventually { try !site.exists(aliveKey()) })
    try site.reconnect()
    #expect(try eventually { try site.exists(aliveKey()) })
    #expect(eventually { site.messages.contains("back after an absence") })
    site.openGate()
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    try stop(worker)
  }

  @Test func `a disconnected worker ends jobs that were given up`() throws {
    try site.queue(id, waiting)
    let worker = try worker(try site.separateURL())
    #expect(try eventually { try isRunning() })
    try site.cutOff()
    #expect(try eventually { try !site.exists(aliveKey()) })
    try giveUp(id)
    try site.reconnect()
    #expect(try eventually { try site.finished() == [id: .failed(.cancelled)] })
    #expect(try eventually { try isListed() })
    try site.queue("abcd:1:1:2", ["executable": "true"])
    #expect(try eventually { try site.finished()["abcd:1:1:2"] == .succeeded })
    try stop(worker)
  }

  @Test func `a suspended worker does not start jobs that it lost meanwhile`() throws {
    try site.queue(id, waiting)
    let worker = try worker(site.url)
    #expect(try eventually { try isRunning() })
    worker.send(SIGSTOP)
    #expect(try eventually { try !site.exists(aliveKey()) })
    // The suspended worker has an open request for jobs, and gets one.
    try site.queue("abcd:1:1:2", ["executable": "touch", "args": ["made"]])
    let list = PoolKeys("abcd").taken(by: "w1")
    #expect(try site.redis.call(RedisCommand("LLEN", list)).integer == 2)
    try giveUp(id)
    worker.send(SIGCONT)
    #expect(try eventually { try site.finished() == [id: .failed(.cancelled)] })
    try site.queue("abcd:1:1:3", ["executable": "true"])
    #expect(try eventually { try site.finished()["abcd:1:1:3"] == .succeeded })
    #expect(!Files.exists("\(site.work)/made"))
    try stop(worker)
  }

  @Test func `a suspended worker starts a job that it was given, if nobody took it back`()
    throws
  {
    let worker = try worker(site.url)
    #expect(try eventually { try site.exists(aliveKey()) })
    #expect(
      try eventually {
        try site.redis.call(RedisCommand("INFO", "clients")).string?
          .contains("blocked_clients:1") == true
      })
    worker.send(SIGSTOP)
    #expect(try eventually { try !site.exists(aliveKey()) })
    try site.queue(id, ["executable": "sh", "args": ["-c", "echo x >> made"]])
    worker.send(SIGCONT)
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    #expect(site.text("made") == "x\n")
    try stop(worker)
  }

  @Test func `a worker whose name was taken meanwhile ends its jobs and exits`() throws {
    try site.queue(id, waiting)
    let first = try worker(site.url)
    #expect(try eventually { try isRunning() })
    first.send(SIGSTOP)
    #expect(try eventually { try !site.exists(aliveKey()) })
    let second = try worker(site.url)
    #expect(try eventually { try health()?.executor.pid == Int(second.pid) })
    first.send(SIGCONT)
    #expect(try site.end(of: first) == .exited(3))
    #expect(try site.members(of: "hf:pool:abcd:workers") == ["w1"])
    #expect(try eventually { try health()?.executor.pid == Int(second.pid) })
    try stop(second)
  }

  @Test func `an empty Redis at the same address does not end jobs at once`() throws {
    try site.queue(id, waiting)
    let worker = try worker(site.url)
    #expect(try eventually { try isRunning() })
    site.killServer()
    let redis = try site.restartServer(empty: true)
    #expect(try eventually { try redis.call(RedisCommand("EXISTS", aliveKey())).integer == 1 })
    site.openGate()
    #expect(try eventually { try site.finished(redis) == [id: .succeeded] })
    let message = site.message("abcd:1:1:2", ["executable": "true"])
    _ = try redis.call(RedisCommand("LPUSH", PoolKeys("abcd").queue, message))
    #expect(try eventually { try site.finished(redis)["abcd:1:1:2"] == .succeeded })
    try stop(worker)
  }
}
