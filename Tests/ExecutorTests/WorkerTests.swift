import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

struct WorkerTests {
  let site: Site

  init() throws { site = try Site() }

  private func worker(_ more: String...) throws -> Child {
    try site.start(
      ["--worker", "--pool", "abcd", "--slots", "2"] + more, ["HFLOW_REDIS_URL": site.url])
  }

  private func script(_ text: String) -> JSON {
    ["executable": "sh", "args": ["-c", .string(text)]]
  }

  private func taken(by worker: String) throws -> Int? {
    try site.redis.call(RedisCommand("LLEN", PoolKeys("abcd").taken(by: worker))).integer
  }

  @Test func `two slots run two hundred jobs, each once, at most two at a time`() throws {
    let count = 200
    for number in 1...count { try site.queue("abcd:1:1:\(number)", script("echo x >> m\(number)")) }
    let worker = try worker("--name", "w1")
    #expect(try eventually { try site.finished().count == count })
    for number in 1...count { #expect(site.text("m\(number)") == "x\n") }
    var running = 0
    for report in try site.reports() {
      if case .taken = report { running += 1 }
      if case .finished = report { running -= 1 }
      #expect((0...2).contains(running))
    }
    #expect(try eventually { try taken(by: "w1") == 0 })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
    #expect(try site.keys() == ["hf:abcd:reports"])
    #expect(
      try site.reports().last.map { if case .gone("w1", _) = $0 { true } else { false } } == true)
  }

  @Test func `a worker registers with the pool and with the run`() throws {
    try site.lease(true)
    let worker = try worker("--name", "w1")
    #expect(try eventually { try !site.reports().isEmpty })
    #expect(try site.members(of: "hf:pool:abcd:workers") == ["w1"])
    let life = try site.redis.call(RedisCommand("PTTL", "hf:pool:abcd:alive:w1")).integer ?? 0
    #expect((1...15_000).contains(life))
    guard case .heartbeat(let health, _) = try site.reports()[0] else {
      Issue.record("no heartbeat")
      return
    }
    #expect(health.executor.name == "w1")
    #expect(health.slots == 2)
    worker.send(SIGINT)
    #expect(try site.end(of: worker) == .exited(0))
    #expect(try site.members(of: "hf:pool:abcd:workers") == [])
  }

  @Test func `two workers never have the same name`() throws {
    let first = try worker("--name", "w1")
    #expect(try eventually { try site.members(of: "hf:pool:abcd:workers") == ["w1"] })
    let second = try worker("--name", "w1")
    let names: Set = ["w1", "w1-\(second.pid)"]
    #expect(try eventually { try site.members(of: "hf:pool:abcd:workers") == names })
    for worker in [first, second] {
      worker.send(SIGTERM)
      #expect(try site.end(of: worker) == .exited(0))
    }
  }

  @Test func `a drained worker finishes its jobs and takes no more`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.queue("abcd:1:1:1", script("echo ready; read x < gate; true"))
    let worker = try worker()
    #expect(try eventually { try !site.chunks(of: "abcd:1:1:1").isEmpty })
    _ = try site.redis.call(RedisCommand("PUBLISH", "hf:pool:abcd:orders", "drain *"))
    // The unblocked BLMOVE is over once nobody waits for the list any more.
    #expect(
      try eventually {
        try site.redis.call(RedisCommand("INFO", "clients")).string?
          .contains("blocked_clients:0") == true
      })
    try site.queue("abcd:1:1:2", script("true"))
    let gate = open("\(site.work)/gate", O_WRONLY)
    close(gate)
    #expect(try site.end(of: worker) == .exited(0))
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
    #expect(try site.redis.call(RedisCommand("LLEN", "hf:pool:abcd:queue")).integer == 1)
  }

  @Test func `a stopped worker ends its jobs and reports them`() throws {
    try site.queue("abcd:1:1:1", script("echo ready; exec sleep 1000"))
    let worker = try worker()
    #expect(try eventually { try !site.chunks(of: "abcd:1:1:1").isEmpty })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
    #expect(try site.finished() == ["abcd:1:1:1": .failed(.cancelled)])
    #expect(try site.keys().filter { $0.hasPrefix("hf:pool") } == [])
  }

  @Test func `a job that ends during an outage is reported when Redis is back`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.queue("abcd:1:1:1", script("echo ready; read x < gate; echo away; echo done > made"))
    let worker = try worker()
    #expect(try eventually { try !site.chunks(of: "abcd:1:1:1").isEmpty })
    site.killServer()
    let gate = open("\(site.work)/gate", O_WRONLY)
    close(gate)
    #expect(eventually { site.text("made") == "done\n" })
    let redis = try site.restartServer()
    #expect(try eventually { try site.finished(redis) == ["abcd:1:1:1": .succeeded] })
    let chunks = try site.chunks(of: "abcd:1:1:1", redis)
    let numbers = Set(chunks.map(\.sequence))
    #expect(numbers == Set(1...numbers.count), "no chunk is missing")
    #expect(chunks.contains { $0.bytes == Array("away\n".utf8) })
    #expect(chunks.last?.stream == .end)
    let message = site.message("abcd:1:1:2", script("true"))
    _ = try redis.call(RedisCommand("LPUSH", "hf:pool:abcd:queue", message))
    #expect(try eventually { try site.finished(redis)["abcd:1:1:2"] == .succeeded })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
    #expect(try redis.call(RedisCommand("KEYS", "hf:pool:*")).array == [])
  }

  @Test func `a worker reports the jobs of a dead worker with its name`() throws {
    let message = site.message("abcd:1:1:1", script("true"))
    _ = try site.redis.call(RedisCommand("LPUSH", "hf:pool:abcd:taken:w1", message))
    let worker = try worker("--name", "w1")
    #expect(
      try eventually {
        try site.finished() == ["abcd:1:1:1": .failed(.lost("worker w1 was restarted"))]
      })
    #expect(try eventually { try taken(by: "w1") == 0 })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `the jobs of a killed worker are killed with it`() throws {
    try site.queue("abcd:1:1:1", script("sleep 1000 & echo $! $$; wait"))
    let worker = try worker()
    #expect(try eventually { try !site.chunks(of: "abcd:1:1:1").isEmpty })
    let output = try site.chunks(of: "abcd:1:1:1").first?.bytes ?? []
    let pids = String(decoding: output, as: UTF8.self).split { " \n".contains($0) }
      .compactMap { Int32($0) }
    #expect(pids.count == 2)
    worker.send(SIGKILL)
    #expect(try site.end(of: worker) == .signalled(9))
    #expect(eventually { pids.allSatisfy { kill($0, 0) == -1 } })
  }

  @Test func `an invalid message is removed, and the next job runs`() throws {
    _ = try site.redis.call(RedisCommand("LPUSH", "hf:pool:abcd:queue", "not JSON"))
    try site.queue("abcd:1:1:1", [:])
    try site.queue("abcd:1:1:2", script("true"))
    let worker = try worker("--name", "w1")
    #expect(try eventually { try site.finished()["abcd:1:1:2"] == .succeeded })
    #expect(
      try site.finished()["abcd:1:1:1"]
        == .failed(.invalidMessage("the job message has no executable")))
    #expect(try eventually { try taken(by: "w1") == 0 })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a worker without Redis and jobs gives up with one line`() throws {
    let worker = try site.start(
      ["--worker", "--pool", "abcd"],
      ["HFLOW_REDIS_URL": site.url, "HFLOW_GIVE_UP_AFTER": "0.3"])
    #expect(try eventually { try !site.members(of: PoolKeys("abcd").workers).isEmpty })
    site.killServer()
    #expect(try site.end(of: worker) == .exited(3))
    #expect(site.messages.contains("gave up"))
  }
}
