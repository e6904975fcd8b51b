import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// One-shot executors that have a job, lose it, or are too late for it.
struct HoldingTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let heartbeat = ["HFLOW_HEARTBEAT": "0.2"]

  init() throws {
    site = try Site()
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.push(
      id, ["executable": "sh", "args": ["-c", "echo x >> made; echo ready; read x < gate; true"]])
  }

  private var aliveKey: String { RunKeys.alive(job: id) }

  private func isRunning() throws -> Bool { try !site.chunks(of: id).isEmpty }

  @Test func `a key names the executor of a job as long as it has the job`() throws {
    let child = try site.start([id, site.url])
    #expect(try eventually { try isRunning() })
    let value = try site.redis.call(RedisCommand("GET", aliveKey)).bytes ?? []
    #expect(
      JobHolder(parsing: value)
        == JobHolder(
          host: Environment.hostName, pid: Int(child.pid), bootID: Environment.bootID))
    let life = try site.redis.call(RedisCommand("PTTL", aliveKey)).integer ?? 0
    #expect((1...15_000).contains(life))
    site.openGate()
    #expect(try site.end(of: child) == .exited(0))
    #expect(try !site.exists(aliveKey))
    #expect(try site.finished() == [id: .succeeded])
  }

  @Test func `the key of a killed executor expires`() throws {
    let child = try site.start([id, site.url], heartbeat)
    #expect(try eventually { try isRunning() })
    #expect(try site.exists(aliveKey))
    child.send(SIGKILL)
    #expect(try site.end(of: child) == .signalled(9))
    #expect(try eventually { try !site.exists(aliveKey) })
  }

  @Test func `a disconnected executor continues and reports when it is back`() throws {
    let child = try site.start([id, try site.separateURL()], heartbeat)
    #expect(try eventually { try isRunning() })
    try site.cutOff()
    #expect(try eventually { try !site.exists(aliveKey) })
    site.openGate()
    try site.reconnect()
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .succeeded])
    #expect(try !site.exists(aliveKey))
  }

  @Test func `a disconnected executor ends a job that was given up`() throws {
    let child = try site.start([id, try site.separateURL()], heartbeat)
    #expect(try eventually { try isRunning() })
    try site.cutOff()
    #expect(try eventually { try !site.exists(aliveKey) })
    _ = try site.redis.call(RedisCommand("SADD", RunKeys.cancelled(job: id), id))
    try site.reconnect()
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.cancelled)])
  }

  @Test func `a suspended executor ends a job that was given up`() throws {
    let child = try site.start([id, site.url], heartbeat)
    #expect(try eventually { try isRunning() })
    child.send(SIGSTOP)
    #expect(try eventually { try !site.exists(aliveKey) })
    _ = try site.redis.call(RedisCommand("SADD", RunKeys.cancelled(job: id), id))
    child.send(SIGCONT)
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.cancelled)])
  }

  @Test func `of two executors for one job, one starts it and the other stands by`() throws {
    let first = try site.start([id, site.url], heartbeat)
    #expect(try eventually { try isRunning() })
    let second = try site.start([id, site.url], heartbeat)
    #expect(
      try eventually {
        try site.reports().contains { if case .refused(id, _, _, _) = $0 { true } else { false } }
      })
    let end = try second.endDescriptor()
    #expect(!Poll.wait(for: end.number, POLLIN, milliseconds: 0))
    site.openGate()
    #expect(try site.end(of: first) == .exited(0))
    #expect(try site.end(of: second) == .exited(0))
    #expect(site.text("made") == "x\n")
    #expect(try site.finished() == [id: .succeeded])
  }

  @Test func `a job whose executor died is not started by the next one`() throws {
    let first = try site.start([id, site.url], heartbeat)
    #expect(try eventually { try isRunning() })
    first.send(SIGKILL)
    #expect(try site.end(of: first) == .signalled(9))
    #expect(try site.run([id, site.url], heartbeat) == .exited(0))
    #expect(site.text("made") == "x\n")
    #expect(try site.finished().isEmpty, "its end is for the engine to tell")
  }
}
