import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// Jobs that end while Redis is away, with an executor that is killed before it can report them.
struct UnreportedResultTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let job: JSON = [
    "executable": "sh",
    "args": ["-c", "echo ready; read x < gate; echo last; echo x >> made; exit 3"],
  ]

  init() throws {
    site = try Site()
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
  }

  private func worker(_ environment: [String: String] = [:]) throws -> Child {
    try site.start(
      ["--worker", "--pool", "abcd", "--slots", "2", "--redis", site.url], environment)
  }

  private func ends(in directory: String) -> [UnreportedResult] {
    Files.list(directory).flatMap { name in
      let text = (try? Files.read(Files.join(directory, name))) ?? []
      return text.split(separator: UInt8(ascii: "\n")).filter { $0.first == UInt8(ascii: "+") }
        .compactMap { (try? JSON(parsing: Array($0.dropFirst()))).flatMap(UnreportedResult.init) }
    }
  }

  /// Lets the job end while Redis is away, and kills its executor.
  private func killBeforeReport(_ executor: Child, _ directory: String) throws {
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    site.killServer()
    site.openGate()
    #expect(eventually { !ends(in: directory).isEmpty })
    executor.send(SIGKILL)
    #expect(try site.end(of: executor) == .signalled(9))
  }

  @Test func `the next worker reports what a killed one could not`() throws {
    try site.queue(id, job)
    let place = "\(site.stateHome)/hflow-tui/executors/abcd"
    try killBeforeReport(try worker(), place)
    let redis = try site.restartServer()
    let next = try worker()
    #expect(try eventually { try site.finished(redis) == [id: .failed(.exit(3))] })
    let usage = try site.reports(redis).compactMap { report -> JobUsage? in
      if case .finished(_, _, let usage, _) = report { usage } else { nil }
    }
    #expect(usage.map(\.lastLine) == ["last"])
    #expect(site.text("made") == "x\n")
    #expect(eventually { Files.list(place).isEmpty })
    next.send(SIGTERM)
    #expect(try site.end(of: next) == .exited(0))
    #expect(!Files.exists(place))
  }

  @Test func `the next one-shot executor does the same`() throws {
    try site.push(id, job)
    let place = "\(site.stateHome)/hflow-tui/executors/abcd"
    try killBeforeReport(try site.start([id, site.url]), place)
    let redis = try site.restartServer()
    let second = "abcd:1:1:2"
    _ = try redis.call(
      RedisCommand("LPUSH", "\(second)_msg", site.message(second, ["executable": "true"])))
    #expect(try site.run([second, site.url]) == .exited(0))
    #expect(try site.finished(redis) == [id: .failed(.exit(3)), second: .succeeded])
    #expect(!Files.exists(place))
  }

  @Test func `results are private to their owner and where the engine looks`() throws {
    try site.queue(id, job)
    let place = "\(site.directory)/ends"
    try killBeforeReport(try worker(["HFLOW_STATE_DIR": place]), place)
    let kept = try #require(ends(in: place).first)
    #expect(kept.job == id)
    #expect(kept.outcome == .failed(.exit(3)))
    #expect(kept.transport == .reports)
    var info = stat()
    #expect(stat(place, &info) == 0 && info.st_mode & 0o777 == 0o700)
    let name = try #require(Files.list(place).first)
    #expect(stat("\(place)/\(name)", &info) == 0 && info.st_mode & 0o777 == 0o600)
    // The file is for the engine.
    let redis = try site.restartServer()
    let next = try worker(["HFLOW_STATE_DIR": place])
    let second = site.message("abcd:1:1:2", ["executable": "true"])
    _ = try redis.call(RedisCommand("LPUSH", PoolKeys("abcd").queue, second))
    #expect(try eventually { try site.finished(redis) == ["abcd:1:1:2": .succeeded] })
    #expect(Files.exists("\(place)/\(name)"))
    next.send(SIGTERM)
    #expect(try site.end(of: next) == .exited(0))
  }

  @Test func `reported results are not kept, and jobs do not see the directory`() throws {
    let place = "\(site.directory)/ends"
    try site.queue(id, ["executable": "sh", "args": ["-c", "env > made"]])
    let worker = try worker(["HFLOW_STATE_DIR": place])
    #expect(try eventually { try site.finished() == [id: .succeeded] })
    #expect(!site.text("made").contains("HFLOW_STATE_DIR"))
    #expect(eventually { ends(in: place).isEmpty })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
    #expect(!Files.exists(place))
  }

  @Test func `results of a run that is not in this Redis stay`() throws {
    try site.queue(id, job)
    let place = "\(site.stateHome)/hflow-tui/executors/abcd"
    try killBeforeReport(try worker(), place)
    let redis = try site.restartServer(empty: true)
    let next = try worker()
    #expect(
      try eventually { try redis.call(RedisCommand("SCARD", "hf:pool:abcd:workers")).integer == 1 })
    #expect(ends(in: place).map(\.job) == [id])
    next.send(SIGTERM)
    #expect(try site.end(of: next) == .exited(0))
  }
}
