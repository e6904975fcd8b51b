import JSONValue
import Posix
import Redis
import Testing

/// Runs that an earlier version has left, as `scripts/record-run` has recorded them.
@Suite struct RecordedRunTests {
  private let place: Workspace
  private let redis: GivenRedis

  init() throws {
    place = try Workspace()
    redis = try GivenRedis(in: place.path)
  }

  /// Puts a recorded run into the Redis, and its workflow and description into the directory.
  private func restore(_ name: String) throws {
    let folder = Files.join(Files.parent(of: #filePath), "Recorded")
    let bytes = try Files.read(Files.join(folder, "\(name).jsonl"))
    let connection = try RedisConnection(redis.url)
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let text = line.replacing("@DIR@", with: Files.realPath(place.path) ?? place.path)
        .replacing("@REDIS@", with: redis.url.text)
        .replacing("@HOST@", with: Environment.hostName)
      let words = try JSON(parsing: String(text)).array?.compactMap(\.string) ?? []
      _ = try connection.call(RedisCommand(words))
      if words.count == 4, words[1] == "hf:runs" {
        let run = ".hflow/runs/\(words[2])"
        try Files.makeDirectory(Files.join(place.path, ".hflow/runs"), mode: 0o700)
        try Files.makeDirectory(Files.join(place.path, run), mode: 0o700)
        try place.write(words[3], to: "\(run)/run.json")
      }
      if words.count == 3, words[0] == "SET", words[1].hasSuffix(":workflow") {
        try place.write(words[2], to: "workflow.json")
      }
    }
  }

  private func program(_ arguments: String...) async throws -> Program.Result {
    try await Program.run(arguments + ["--redis", redis.url.text])
  }

  @Test func `a closed run of version 0.1 is listed, reported, and its output is shown`()
    async throws
  {
    try restore("closed-0.1")
    let list = try await program("list", "--json")
    #expect(list.exitCode == 0, "\(list.errors)")
    #expect(list.output.contains(#""status":"failed""#))
    let report = try await program("report", "last", "--json")
    let figures = try JSON(parsing: report.output)
    #expect(figures["status"] == "failed")
    #expect(figures["counts"]?["succeeded"] == 1 && figures["counts"]?["failed"] == 1)
    let log = try await program("logs", "last", "b:1")
    #expect(log.output.contains("from b"))
    let metrics = try await program("metrics", "last")
    #expect(metrics.output.contains("hflow_retries_total"))
  }

  @Test func `a closed run of version 0.1 is retried by an engine of this version`() async throws {
    try restore("closed-0.1")
    let retry = try await program("retry", "last", "b:1", "--command", "true")
    #expect(retry.exitCode == 0, "\(retry.output)\(retry.errors)")
    let end = try await onThread {
      eventually("the run succeeds") {
        (try? Self.status(redis)) == "succeeded"
      }
    }
    #expect(end)
  }

  private static func status(_ redis: GivenRedis) throws -> String? {
    let run = try redis.tell("HKEYS", "hf:runs").array?.first?.string ?? ""
    let last = try redis.tell("XREVRANGE", "hf:\(run):events", "+", "-", "COUNT", "1")
    let texts = last.array?.first?.array?.last?.array?.compactMap(\.string) ?? []
    return texts.last.flatMap { text in
      text.contains(#""status":"succeeded""#) ? "succeeded" : "running"
    }
  }

  @Test func `an interrupted run of version 0.1 is resumed by an engine of this version`()
    async throws
  {
    try restore("interrupted-0.1")
    try place.write("", to: "go")
    let result = try await program("resume", "last", "--headless")
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("succeeded  c:1"))
    #expect(!result.output.contains("started    a:1"))
  }
}
