import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Signing
import Testing

/// Executors with a signing key: what they start, and what they refuse.
struct SignedJobTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let secret = "a secret of twenty bytes"
  private let key: SigningKey
  private let expires = Clock.wallMilliseconds + 600_000

  init() throws {
    site = try Site()
    key = try SigningKey(secret.utf8)
    try Files.write(Array(secret.utf8), to: "\(site.directory)/key", mode: 0o600)
  }

  private var keyFile: [String] { ["--signing-key-file", "\(site.directory)/key"] }

  private func message(_ job: String, _ text: String = "echo x >> made") throws -> JobMessage {
    let members: JSON = ["executable": "sh", "args": ["-c", .string(text)]]
    return try JobMessage(parsing: site.message(job, members))
  }

  private func signed(_ job: String, _ text: String = "echo x >> made") throws -> JobMessage {
    key.sign(try message(job, text), expires: expires)
  }

  private func send(_ message: JobMessage, as job: String) throws {
    _ = try site.redis.call(RedisCommand("LPUSH", "\(job)_msg", message.bytes))
  }

  private func queue(_ message: JobMessage) throws {
    _ = try site.redis.call(RedisCommand("LPUSH", PoolKeys("abcd").queue, message.bytes))
  }

  private func worker(name: String = "w1") throws -> Child {
    try site.start(
      ["--worker", "--pool", "abcd", "--slots", "1", "--name", name, "--redis", site.url] + keyFile)
  }

  private func refusals() throws -> [String] {
    try site.reports().compactMap { report in
      if case .refused(let job, _, _, _) = report { job } else { nil }
    }
  }

  /// Every kind of change to a message that an engine has signed for `id`.
  private func tampered() throws -> [(String, JobMessage)] {
    var result: [(String, JobMessage)] = [("not signed", try message(id))]
    func add(_ name: String, _ change: (inout JSONObject) -> Void) throws {
      var message = try signed(id)
      change(&message.members)
      result.append((name, message))
    }
    try add("another command") { $0["args"] = ["-c", "echo forged >> made"] }
    try add("another program") { $0["executable"] = "bash" }
    try add("an environment more") { $0["env"] = ["LD_PRELOAD": "x"] }
    try add("a file more") { $0["stdout"] = "made" }
    try add("no extras") { $0["hflow"] = nil }
    try add("another directory") { members in
      var extras = members["hflow"]?.object ?? JSONObject()
      extras["directory"] = "/"
      members["hflow"] = .object(extras)
    }
    try add("a later expiry") { members in
      var extras = members["hflow"]?.object ?? JSONObject()
      var seal = extras["signature"]?.object ?? JSONObject()
      seal["expires"] = .int(expires + 1)
      extras["signature"] = .object(seal)
      members["hflow"] = .object(extras)
    }
    result.append(("expired", key.sign(try message(id), expires: Clock.wallMilliseconds - 1)))
    let other = try SigningKey("another secret of bytes".utf8)
    result.append(("another key", other.sign(try message(id), expires: expires)))
    for job in ["abce:1:1:1", "abcd:1:1:2", "abcd:1:1:1:2"] {
      var message = try signed(job)
      result.append(("that of \(job)", message))
      message.members["taskId"] = .string(id)
      result.append(("that of \(job) with our id", message))
    }
    return result
  }

  @Test func `a signed job runs in a worker and in a one-shot executor`() throws {
    try send(try signed(id), as: id)
    #expect(try site.run(keyFile + [id, site.url]) == .exited(0))
    try queue(try signed("abcd:1:1:2"))
    let worker = try worker()
    #expect(
      try eventually { try site.finished() == [id: .succeeded, "abcd:1:1:2": .succeeded] })
    #expect(site.text("made") == "x\nx\n")
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a one-shot executor refuses every altered message`() throws {
    for (name, message) in try tampered() {
      _ = try site.redis.call(RedisCommand("FLUSHALL"))
      try send(message, as: id)
      #expect(try site.run(keyFile + [id, site.url]) == .exited(0), "\(name)")
      // A message without our extras is answered as an original engine wants it.
      if message.extras == nil {
        #expect(try site.members(of: id) == ["125"], "\(name)")
      } else {
        guard case .failed(.invalidMessage(let text)) = try site.finished()[id] else {
          Issue.record("\(name): \(try site.reports())")
          continue
        }
        #expect(text.hasPrefix("the job message is refused: it"), "\(name)")
      }
      #expect(!Files.exists("\(site.work)/made"), "\(name)")
    }
  }

  @Test func `a worker refuses every altered message and continues`() throws {
    // A complete message of another job is valid in a queue.
    let wrong = try tampered().filter { $0.1.taskID == id }
    let worker = try worker()
    for (number, (_, message)) in wrong.enumerated() {
      try queue(message)
      #expect(
        try eventually {
          try site.reports().count { if case .finished = $0 { true } else { false } }
            + site.members(of: id).count >= number + 1
        })
    }
    #expect(!Files.exists("\(site.work)/made"))
    try queue(try signed("abcd:1:1:2"))
    #expect(try eventually { try site.finished()["abcd:1:1:2"] == .succeeded })
    #expect(site.text("made") == "x\n")
    let list = PoolKeys("abcd").taken(by: "w1")
    #expect(try eventually { try !site.exists(list) })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a message can be started once, whichever executor gets it again`() throws {
    let first = try worker()
    try queue(try signed(id))
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    try queue(try signed(id))
    #expect(try eventually { try refusals() == [id] }, "its own memory")
    _ = try site.redis.call(RedisCommand("DEL", RunKeys.ran(job: id)))
    try queue(try signed(id))
    #expect(try eventually { try refusals() == [id, id] }, "which needs no Redis")
    try queue(try signed("abcd:1:1:2", "echo ready; exec sleep 1000"))
    #expect(try eventually { try !site.chunks(of: "abcd:1:1:2").isEmpty })
    let second = try worker(name: "w2")
    // The first worker has no free slot for it.
    try queue(try signed("abcd:1:1:2"))
    #expect(try eventually { try refusals() == [id, id, "abcd:1:1:2"] })
    #expect(try site.finished() == [id: .succeeded], "the running job is not touched")
    for worker in [first, second] {
      worker.send(SIGTERM)
      #expect(try site.end(of: worker) == .exited(0))
    }
    #expect(site.text("made") == "x\n")
  }

  @Test func `a job whose worker died is lost, not started by another`() throws {
    _ = try site.redis.call(RedisCommand("SET", RunKeys.ran(job: id), "w0 abcdefgh"))
    try queue(try signed(id))
    let worker = try worker()
    #expect(
      try eventually {
        try site.finished() == [id: .failed(.lost("w0, which had taken it, is gone"))]
      })
    #expect(!Files.exists("\(site.work)/made"))
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a worker obeys only signed orders, each once`() throws {
    try queue(try signed(id, "echo ready; exec sleep 1000"))
    let worker = try worker()
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    let channel = PoolKeys("abcd").orders
    let slots = key.sign(
      order: .slots(worker: "*", 3), channel: channel, expires: expires, nonce: "1")
    try site.order(.slots(worker: "*", 7))
    try site.order(.drain(worker: "*"))
    try site.order(.cancel(job: id))
    _ = try site.redis.call(RedisCommand("PUBLISH", channel, slots))
    func seen() throws -> Int? {
      try site.redis.call(RedisCommand("GET", PoolKeys("abcd").alive("w1"))).bytes
        .flatMap(WorkerHealth.init(parsing:))?.slots
    }
    #expect(try eventually { try seen() == 3 })
    #expect(try site.finished().isEmpty)
    let four = key.sign(
      order: .slots(worker: "w1", 4), channel: channel, expires: expires, nonce: "2")
    let cancel = key.sign(
      order: .cancel(job: id), channel: channel, expires: expires, nonce: "3")
    for text in [four, slots, cancel] {
      _ = try site.redis.call(RedisCommand("PUBLISH", channel, text))
    }
    #expect(try eventually { try site.finished() == [id: .failed(.cancelled)] })
    #expect(try seen() == 4, "the repeated order changed nothing")
    #expect(site.messages.contains("ignored an order on \(channel): it is not signed"))
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a one-shot executor obeys only signed orders`() throws {
    try send(try signed(id, "echo ready; exec sleep 1000"), as: id)
    let child = try site.start(keyFile + [id, site.url])
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    let channel = "hf:abcd:orders"
    _ = try site.redis.call(RedisCommand("PUBLISH", channel, "cancel \(id)"))
    #expect(eventually { site.messages.contains("ignored an order") })
    #expect(try site.finished().isEmpty)
    let order = key.sign(order: .cancel(job: id), channel: channel, expires: expires, nonce: "1")
    _ = try site.redis.call(RedisCommand("PUBLISH", channel, order))
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.cancelled)])
  }

  @Test func `without a key signatures are ignored`() throws {
    try send(try signed(id), as: id)
    #expect(try site.run([id, site.url]) == .exited(0))
    #expect(try site.finished() == [id: .succeeded])
  }

  @Test func `a key that others can read or that is short is refused and not shown`() throws {
    chmod("\(site.directory)/key", 0o640)
    #expect(try site.run(keyFile + [id, site.url]) == .exited(2))
    #expect(site.messages.contains("can be used by others (mode 640); run: chmod 600"))
    try Files.write(Array("short\n".utf8), to: "\(site.directory)/key", mode: 0o600)
    #expect(try site.run(keyFile + [id, site.url]) == .exited(2))
    #expect(site.messages.contains("has 5 bytes, at least 16 are needed"))
    #expect(try site.run([id, site.url], ["HFLOW_SIGNING_KEY": "swordfish"]) == .exited(2))
    #expect(!site.messages.contains("swordfish"))
    #expect(try site.run(["--signing-key-file", "/no/such", id, site.url]) == .exited(2))
    #expect(site.messages.contains("/no/such: No such file"))
  }

  /// The job reports what it can find out about its executor.
  @Test func `neither jobs nor process lists show the key`() throws {
    let text = """
      env; cat /proc/$PPID/cmdline | tr '\\0' ' '; \
      cat /proc/$PPID/environ 2> /dev/null | tr '\\0' '\\n'
      """
    try send(try signed(id, text), as: id)
    let environment = ["HFLOW_SIGNING_KEY": secret, "HFLOW_REDIS_URL": site.url]
    #expect(try site.run([id, "-"], environment) == .exited(0))
    var job = JobRecord()
    try site.read(into: &job, id)
    #expect(job.outcome == .succeeded)
    #expect(job.output.contains("HFLOW_JOB_ID=\(id)"))
    #expect(!job.output.contains("a secret of"))
    #expect(!site.messages.contains("a secret of"))
    let keys = try site.redis.call(RedisCommand("KEYS", "*")).array?.compactMap(\.string) ?? []
    for name in keys {
      let dump = try site.redis.call(RedisCommand("DUMP", name)).string ?? ""
      #expect(!dump.contains("a secret of"), "\(name)")
    }
  }
}
