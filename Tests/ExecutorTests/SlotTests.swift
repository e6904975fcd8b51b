import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// How many jobs a worker runs at a time, changed while it runs.
struct SlotTests {
  let site: Site
  private let keys = PoolKeys("abcd")

  init() throws {
    site = try Site()
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
  }

  private func worker(_ name: String = "w1") throws -> Child {
    try site.start(
      ["--worker", "--pool", "abcd", "--slots", "2", "--name", name, "--redis", site.url])
  }

  /// Jobs that wait until the gate is opened for good.
  private func queue(_ numbers: ClosedRange<Int>) throws {
    for number in numbers {
      let text = "echo x >> started; while ! test -e go; do read x < gate; done"
      try site.queue("abcd:1:1:\(number)", ["executable": "sh", "args": ["-c", .string(text)]])
    }
  }

  private func openForGood() {
    try? Files.write([], to: "\(site.work)/go")
    _ = eventually {
      let gate = open("\(site.work)/gate", O_WRONLY | O_NONBLOCK)
      if gate >= 0 { close(gate) }
      return gate < 0
    }
  }

  private func health(_ name: String = "w1") throws -> WorkerHealth? {
    try site.redis.call(RedisCommand("GET", keys.alive(name))).bytes
      .flatMap(WorkerHealth.init(parsing:))
  }

  /// The number of workers that are subscribed to orders.
  private func listeners() throws -> Int? {
    try site.redis.call(RedisCommand("PUBSUB", "NUMSUB", keys.orders)).array?[1].integer
  }

  private func started() -> Int { site.text("started").utf8.count { $0 == 10 } }

  private func stop(_ worker: Child) throws {
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  /// Answers and orders arrive over two connections.
  @Test func `a late answer does not undo an order that arrived before it`() throws {
    let options = WorkerOptions(url: try RedisURL(parsing: site.url), pool: "abcd", slots: 2)
    let worker = try Worker(options, key: nil)
    worker.resubscribe()
    let order = ExecutorOrder.slots(worker: ExecutorOrder.everyWorker, 4)
    let pushed = ["message", keys.orders, order.text].map { RedisValue.bytes(Array($0.utf8)) }
    worker.received(.array(pushed), .pushed, from: worker.orders)
    worker.received(.bytes(Array("2".utf8)), .poolSlots, from: worker.commands)
    #expect(worker.slots == 4)
    worker.received(.bytes(Array("4".utf8)), .poolSlots, from: worker.commands)
    #expect(worker.slots == 4)
    worker.resubscribe()
    worker.received(.bytes(Array("3".utf8)), .poolSlots, from: worker.commands)
    #expect(worker.slots == 3, "the number has changed while it did not listen")
  }

  @Test func `more slots take more jobs at once`() throws {
    try queue(1...5)
    let worker = try worker()
    #expect(eventually { started() == 2 })
    try site.order(.slots(worker: "w1", 4))
    #expect(eventually { started() == 4 })
    #expect(try eventually { try health()?.slots == 4 })
    #expect(try site.redis.call(RedisCommand("LLEN", keys.queue)).integer == 1)
    openForGood()
    #expect(try eventually { try site.finished().count == 5 })
    try stop(worker)
  }

  @Test func `fewer slots end no job and take none while too many run`() throws {
    try queue(1...2)
    let worker = try worker()
    #expect(eventually { started() == 2 })
    try site.order(.slots(worker: "*", 1))
    #expect(try eventually { try health()?.slots == 1 })
    try queue(3...6)
    openForGood()
    #expect(try eventually { try site.finished().count == 6 })
    var running = 0
    var maximum = 0
    for report in try site.reports() {
      if case .taken(let job, _, _) = report {
        running += 1
        if JobID(parsing: job)?.task.firing ?? 0 >= 3 { maximum = max(maximum, running) }
      }
      if case .finished = report { running -= 1 }
    }
    #expect(maximum == 1)
    try stop(worker)
  }

  @Test func `zero slots pause the worker`() throws {
    let worker = try worker()
    #expect(try eventually { try listeners() == 1 })
    try site.order(.slots(worker: "*", 0))
    #expect(
      try eventually {
        try health()?.slots == 0
          && site.redis.call(RedisCommand("INFO", "clients")).string?
            .contains("blocked_clients:0") == true
      })
    try queue(1...1)
    openForGood()
    #expect(try site.redis.call(RedisCommand("LLEN", keys.queue)).integer == 1)
    try site.order(.slots(worker: "*", 1))
    #expect(try eventually { try site.finished() == ["abcd:1:1:1": .succeeded] })
    try stop(worker)
  }

  @Test func `the pool's number of slots is read at the start and after a reconnect`() throws {
    _ = try site.redis.call(RedisCommand("SET", keys.slots, 3))
    let worker = try worker()
    #expect(try eventually { try health()?.slots == 3 })
    try site.order(.slots(worker: "w1", 5))
    #expect(try eventually { try health()?.slots == 5 })
    // The same number as before changes nothing; the worker keeps the number of its own order.
    _ = try site.redis.call(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub"))
    #expect(try eventually { try listeners() == 1 })
    #expect(try health()?.slots == 5)
    _ = try site.redis.call(RedisCommand("SET", keys.slots, 4))
    _ = try site.redis.call(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub"))
    #expect(try eventually { try health()?.slots == 4 })
    try stop(worker)
  }

  @Test func `an order to one worker does not affect another`() throws {
    let first = try worker("w1")
    let second = try worker("w2")
    #expect(try eventually { try listeners() == 2 })
    try site.order(.slots(worker: "w1", 7))
    try site.order(.drain(worker: "w2"))
    #expect(try site.end(of: second) == .exited(0))
    #expect(try eventually { try health("w1")?.slots == 7 })
    #expect(try site.members(of: keys.workers) == ["w1"])
    try stop(first)
  }
}
