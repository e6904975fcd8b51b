import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// How much output of jobs a run keeps in Redis.
@Suite(.timeLimit(.minutes(5))) struct LogBoundTests {
  /// Each of the jobs prints a first line, half a megabyte, and a last line; the last job waits.
  private let workflow = Samples.workflow(
    [
      """
      {"name": "p", "function": "command", "ins": ["n"], "outs": [], "config": {"executor": \
      {"executable": "sh", "args": ["-c", "echo first; head -c 400000 /dev/urandom | base64; \
      echo last >&2"]}}}
      """,
      Samples.job("wait", "until [ -e go ]; do sleep 0.05; done", ins: #""s""#, outs: ""),
    ],
    signals: """
      {"name": "n", "data": [\((1...8).map(String.init).joined(separator: ","))]}, \
      {"name": "s", "data": [{}]}
      """)

  /// The memory that the output of each firing of `p` takes, in bytes.
  private func sizes(_ place: Workspace) throws -> [Int] {
    let (run, url) = try place.privateRedis()
    let connection = try RedisConnection(url)
    let questions = (1...8).map {
      RedisCommand("MEMORY", "USAGE", RunKeys.log(job: "\(run):1:1:\($0)"), "SAMPLES", 0)
    }
    return try connection.run(questions).map { $0.integer ?? 0 }
  }

  private func hflow(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(arguments, directory: place.path)
  }

  private func start() async throws -> Workspace {
    let place = try Workspace(workflow)
    let started = try await hflow(
      place, "run", ".", "--detach", "--slots", "2", "--log-memory", "1")
    #expect(started.exitCode == 0, "\(started.errors)")
    _ = try await onThread {
      eventually("all have ended and the oldest are cut") {
        let sizes = (try? sizes(place)) ?? []
        return sizes.count == 8 && sizes.allSatisfy { $0 > 0 } && sizes.reduce(0, +) <= 1 << 20
      }
    }
    return place
  }

  @Test func `Redis keeps the end of the oldest output, files have the rest`()
    async throws
  {
    let place = try await start()
    let kept = try sizes(place)
    // Two jobs run at a time, so either of the last two may have ended last.
    #expect(kept[0] < 2000 && max(kept[6], kept[7]) > 400_000, "\(kept)")
    let logs = try await hflow(place, "logs", "last", "p:1")
    #expect(logs.output.hasPrefix("first\n"))
    #expect(logs.output.hasSuffix("last\n"))
    #expect(logs.output.utf8.count > 500_000)
    Files.removeTree(Files.join(place.path, "logs-hf"))
    let gone = try await hflow(place, "logs", "last", "p:1")
    #expect(gone.output.isEmpty)
    #expect(gone.errors.contains("removed from Redis"), "\(gone.errors)")
    try place.write("", to: "go")
  }

  @Test func `an engine that takes over keeps the same memory limit`() async throws {
    let place = try await start()
    let before = try sizes(place)
    // Two jobs run at a time, so either of the last two may have ended last.
    let kept = try #require(before.indices.max { before[$0] < before[$1] })
    #expect(before[kept] > 400_000, "\(before)")
    let status = try JSON(parsing: try await hflow(place, "list", "--json").output)
    let engine = try #require(status.array?.first?["engine"]?["pid"]?.int)
    Child(pid: Int32(engine)).send(9)
    #expect(try await hflow(place, "resume", "last", "--detach").exitCode == 0)
    let retry = try await hflow(place, "retry", "last", "p:\(kept + 1)")
    #expect(retry.exitCode == 0, "\(retry.errors)")
    _ = try await onThread {
      eventually("what the former engine had kept goes") {
        let sizes = (try? sizes(place)) ?? before
        return sizes[kept] < 2000
      }
    }
    try place.write("", to: "go")
  }
}
