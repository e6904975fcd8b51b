import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// How a worker handles its list of taken jobs when connections are lost.
struct TakingTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let heartbeat = ["HFLOW_HEARTBEAT": "0.2"]

  init() throws {
    site = try Site()
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
  }

  private var list: String { PoolKeys("abcd").taken(by: "w1") }

  private func worker(_ url: String) throws -> Child {
    try site.start(
      ["--worker", "--pool", "abcd", "--slots", "2", "--name", "w1", "--redis", url], heartbeat)
  }

  private func listed() throws -> Int? {
    try site.redis.call(RedisCommand("LLEN", list)).integer
  }

  private func marking(_ then: String = "") -> JSON {
    ["executable": "sh", "args": ["-c", .string("echo x >> made; echo ready\(then)")]]
  }

  private func stop(_ worker: Child) throws {
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a job that ends before an older answer lists it is not started again`() throws {
    let socket = try #require(site.url.split(separator: "//").last.map(String.init))
    let proxy = try HoldingProxy(path: "\(site.directory)/proxy", target: socket)
    defer { proxy.stop() }
    try site.queue(id, marking("; read x < gate; true"))
    let worker = try worker("unix://\(proxy.path)")
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    // The connection on which the worker waits for jobs is lost; the next one lists what it has.
    proxy.hold("LRANGE")
    proxy.cut("BLMOVE")
    #expect(eventually { proxy.isHolding })
    site.openGate()
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    #expect(try eventually { try listed() == 0 })
    proxy.hold(nil)
    try site.queue("abcd:1:1:2", ["executable": "true"])
    #expect(try eventually { try site.finished()["abcd:1:1:2"] == .succeeded })
    #expect(site.text("made") == "x\n")
    try stop(worker)
  }

  @Test func `a job that was moved to the worker without an answer is started`() throws {
    let worker = try worker(site.url)
    // The worker takes its name first: messages in the list before that belong to a former worker.
    #expect(
      try eventually {
        try site.redis.call(RedisCommand("SISMEMBER", PoolKeys("abcd").workers, "w1")).integer == 1
      })
    _ = try site.redis.call(RedisCommand("LPUSH", list, site.message(id, marking())))
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    #expect(try eventually { try listed() == 0 })
    #expect(site.text("made") == "x\n")
    try stop(worker)
  }
}
