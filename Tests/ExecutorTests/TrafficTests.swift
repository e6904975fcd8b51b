import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// The commands and messages that go over Redis, and their number.
struct TrafficTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let node = ExecutorIdentity(name: "n", host: "n", pid: 1)

  init() throws { site = try Site() }

  private func calls(of command: String) throws -> Int {
    let info = try site.redis.call(RedisCommand("INFO", "commandstats")).string ?? ""
    let line = info.split(whereSeparator: \.isNewline)
      .first { $0.hasPrefix("cmdstat_\(command):") }
    return line?.split(separator: "=").dropFirst().first?.split(separator: ",").first
      .flatMap { Int($0) } ?? 0
  }

  private func entries(of stream: String) throws -> [StreamEntry] {
    StreamEntry.decode(
      try site.redis.call(RedisCommand("XRANGE", stream, "-", "+")), stream: stream)
  }

  /// The messages of a channel until `count` have arrived.
  private func messages(_ subscriber: RedisConnection, count: Int) throws -> [String] {
    var texts: [String] = []
    while texts.count < count,
      let push = try subscriber.receive(timeoutMilliseconds: 120_000)?.array
    {
      if let text = push.last?.string { texts.append(text) }
    }
    return texts
  }

  private func worker(slots: Int) throws -> Child {
    try site.start(
      ["--worker", "--redis", site.url, "--pool", "abcd", "--slots", "\(slots)", "--name", "w1"])
  }

  private func stop(_ worker: Child) throws {
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  // MARK: Reports

  @Test func `reports of starts wait briefly, and a finished report sends them all`() {
    var batch = ReportBatch()
    let end = JobReport.finished(job: id, outcome: .succeeded, usage: JobUsage(), at: 3)
    batch.add(.taken(job: id, by: node, at: 1), to: "a", now: 100)
    #expect(batch.dueAt == 100 + ReportBatch.gatherMilliseconds)
    batch.add(.started(job: id, by: node, pid: 7, at: 2), to: "b", now: 101)
    #expect(batch.dueAt == 100 + ReportBatch.gatherMilliseconds)
    batch.add(end, to: "a", now: 102)
    #expect(batch.dueAt == 102)
    let entries = batch.removeAll()
    #expect(entries.map(\.stream) == ["a", "b"])
    #expect(entries.map(\.ended) == [[id], []])
    #expect(entries[0].reports == [.taken(job: id, by: node, at: 1), end])
    #expect(batch.isEmpty && batch.dueAt == nil)
  }

  @Test func `many reports become entries of limited length, in order`() {
    var batch = ReportBatch()
    let all = (0..<250).map { JobReport.taken(job: "abcd:1:1:\($0)", by: node, at: $0) }
    for report in all { batch.add(report, to: "a", now: 0) }
    let entries = batch.removeAll()
    #expect(entries.count == 3)
    #expect(entries.flatMap(\.reports) == all)
  }

  @Test func `a short job is one entry, or two on a busy machine`() throws {
    let job = try site.job(["executable": "true"])
    #expect(job.kinds == ["taken", "started", "finished"] && job.outcome == .succeeded)
    #expect(try entries(of: "hf:abcd:reports").count <= 2)
  }

  @Test func `a job is reported as started before its output is sent`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.push(id, ["executable": "sh", "args": ["-c", "echo x; read x < gate; true"]])
    let child = try site.start([id, site.url])
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    #expect(try site.reports().count == 2)
    site.openGate()
    #expect(try site.end(of: child) == .exited(0))
  }

  @Test func `a long job is reported as started before it ends`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.push(id, ["executable": "sh", "args": ["-c", "read x < gate; true"]])
    let child = try site.start([id, site.url])
    #expect(try eventually { try site.reports().count == 2 })
    site.openGate()
    #expect(try site.end(of: child) == .exited(0))
    #expect(try entries(of: "hf:abcd:reports").count == 2)
  }

  @Test func `an engine of the first version gets one report in each entry`() throws {
    let subscriber = try site.listen(to: id)
    let job = try site.job(["executable": "echo", "args": ["x"]], extras: [:])
    #expect(job.kinds == ["taken", "started", "finished"] && job.output == "x\n")
    let entries = try entries(of: "hf:abcd:reports")
    #expect(entries.count == 3)
    for entry in entries {
      let fields = entry.fields.map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
      #expect(JobReport(fields: fields) != nil && fields.count { $0.0 == "k" } == 1)
    }
    // The channel has the chunks, too.
    #expect(try site.receivedChunks(subscriber).map(\.bytes) == job.chunks.map(\.bytes))
  }

  // MARK: Output

  @Test func `output is stored once, and the channel carries the ids`() throws {
    let subscriber = try site.listen(to: id)
    let job = try site.script("echo out; echo err >&2")
    #expect(job.output == "out\n" && job.error == "err\n")
    let ids = try entries(of: RunKeys.log(job: id)).map(\.id)
    #expect(ids == job.chunks.map(\.entryID))
    #expect(ids == ids.compactMap { StreamID(parsing: $0) }.sorted().map(\.description))
    let published = try messages(subscriber, count: try calls(of: "publish"))
    #expect(published.count < ids.count && published.last == ids.last)
    #expect(Set(published).isSubset(of: ids))
  }

  @Test func `output that is sent again after a lost answer is stored once`() throws {
    let socket = try #require(site.url.split(separator: "//").last.map(String.init))
    let proxy = try HoldingProxy(path: "\(site.directory)/proxy", target: socket)
    defer { proxy.stop() }
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.queue(id, ["executable": "sh", "args": ["-c", "echo one; read x < gate; echo two"]])
    proxy.hold("MAXLEN")
    let worker = try site.start(
      [
        "--worker", "--redis", "unix://\(proxy.path)", "--pool", "abcd", "--slots", "1", "--name",
        "w1",
      ])
    #expect(try eventually { try site.chunks(of: id).count == 1 })
    // The server has the command, and its answer never arrives.
    proxy.cut("MAXLEN")
    proxy.hold(nil)
    site.openGate()
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    let chunks = try site.chunks(of: id)
    #expect(chunks.map(\.sequence) == [1, 2, 3])
    #expect(chunks.flatMap(\.bytes) == Array("one\ntwo\n".utf8))
    #expect(!site.messages.contains("equal or smaller"), "\(site.messages)")
    try stop(worker)
  }

  // MARK: Takes

  @Test func `a worker takes as many jobs as it has free slots`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    for number in 1...40 {
      try site.queue(
        "abcd:1:1:\(number)",
        ["executable": "sh", "args": ["-c", "while ! test -e go; do read x < gate; done"]])
    }
    _ = try site.redis.call(RedisCommand("CONFIG", "RESETSTAT"))
    let worker = try worker(slots: 16)
    let list = PoolKeys("abcd").taken(by: "w1")
    #expect(try eventually { try site.redis.call(RedisCommand("LLEN", list)).integer == 16 })
    #expect(try eventually { try site.reports().count { $0.isStart } == 16 })
    // One request to learn the number, one for the rest; a heartbeat may be sent in between.
    #expect(try calls(of: "blmove") <= 4)
    #expect(try calls(of: "lmove") >= 10)
    try Files.write([], to: "\(site.work)/go")
    #expect(
      try eventually {
        let gate = open("\(site.work)/gate", O_WRONLY | O_NONBLOCK)
        if gate >= 0 { close(gate) }
        return try site.finished().count == 40
      })
    #expect(try eventually { try site.redis.call(RedisCommand("LLEN", list)).integer == 0 })
    try stop(worker)
  }

  @Test func `a worker that stops gives back jobs that it has not started`() throws {
    let options = WorkerOptions(url: try RedisURL(parsing: site.url), pool: "abcd", slots: 4)
    let worker = try Worker(options, key: nil)
    worker.takes.use(try RedisConnection(try RedisURL(parsing: site.url)))
    worker.queueLength = 9
    worker.requestJobs()
    #expect(worker.expectedTakes == 4 && worker.queueLength == 5)
    // The test sends the answers.
    worker.takes.lose(RedisError(.closed, "test"), now: 0)
    worker.phase = .draining
    let list = PoolKeys("abcd").taken(by: worker.name)
    for number in 1...3 {
      let message = site.message("abcd:1:1:\(number)", ["executable": "true"])
      _ = try site.redis.call(RedisCommand("LPUSH", list, message))
      worker.received(.bytes(message), .taken, from: worker.takes)
      #expect(worker.takeState == .asking)
    }
    worker.received(.null, .taken, from: worker.takes)
    #expect(worker.takeState == .idle && worker.loop.jobs.isEmpty)
    #expect(worker.givingBack == ["abcd:1:1:1", "abcd:1:1:2", "abcd:1:1:3"])
    worker.commands.pump(now: 0)
    let queue = PoolKeys("abcd").queue
    #expect(try eventually { try site.redis.call(RedisCommand("LLEN", queue)).integer == 3 })
    #expect(try site.redis.call(RedisCommand("LLEN", list)).integer == 0)
  }

  @Test func `a job whose message stays in the list does not start again`() throws {
    let options = WorkerOptions(url: try RedisURL(parsing: site.url), pool: "abcd", slots: 4)
    let worker = try Worker(options, key: nil)
    worker.releasing = [id]
    worker.received(.error("ERR refused"), .released(job: id), from: worker.commands)
    worker.takeState = .recovering
    let message = site.message(id, ["executable": "true"])
    worker.received(.array([.bytes(message)]), .leftovers, from: worker.takes)
    #expect(worker.loop.jobs.isEmpty && worker.held.isEmpty)
    worker.received(.integer(1), .released(job: id), from: worker.commands)
    #expect(worker.releasing.isEmpty)
  }

  @Test func `a removal that is not permitted for a while is repeated`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    let script = "echo x >> made; read x < gate; true"
    try site.queue(id, ["executable": "sh", "args": ["-c", .string(script)]])
    let worker = try worker(slots: 2)
    #expect(try eventually { try site.reports().contains { $0.isStart } })
    _ = try site.redis.call(RedisCommand("ACL", "SETUSER", "default", "-lrem"))
    site.openGate()
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    let list = PoolKeys("abcd").taken(by: "w1")
    #expect(try site.redis.call(RedisCommand("LLEN", list)).integer == 1)
    _ = try site.redis.call(RedisCommand("ACL", "SETUSER", "default", "+lrem"))
    #expect(try eventually { try site.redis.call(RedisCommand("LLEN", list)).integer == 0 })
    #expect(site.text("made") == "x\n")
    try stop(worker)
  }

  @Test func `a worker with many slots sends few moves for a short queue`() throws {
    let worker = try worker(slots: 16)
    _ = try site.redis.call(RedisCommand("CONFIG", "RESETSTAT"))
    for number in 1...20 {
      try site.queue("abcd:1:1:\(number)", ["executable": "true"])
      #expect(try eventually { try site.finished().count == number })
    }
    #expect(try calls(of: "lmove") <= 2)
    #expect(try calls(of: "blmove") <= 22)
    try stop(worker)
  }
}

extension JobReport {
  fileprivate var isStart: Bool { if case .started = self { true } else { false } }
}
