import JobProtocol
import Redis
import TestSupport
import Testing

@testable import Runner

/// The output of functions, in a real Redis.
@Suite struct FunctionLogTests {
  private let job = "run1:1:1:1"
  private let server: RedisServer
  private let redis: RedisConnection

  init() throws {
    server = try RedisServer()
    redis = try RedisConnection(server.url)
  }

  private func kept() throws -> [LogChunk] {
    let entries = try redis.call(RedisCommand("XRANGE", RunKeys.log(job: job), "-", "+")).array
    return (entries ?? []).compactMap {
      $0.array?[1].array?[1].bytes.flatMap(LogChunk.init(encoded:))
    }
  }

  private func expectBounds(_ chunks: [LogChunk]) {
    #expect(chunks.allSatisfy { $0.bytes.count <= LogChunk.byteLimit })
    let bytes = chunks.reduce(0) { $0 + $1.bytes.count }
    #expect((LogBudget.byteLimit / 2...LogBudget.byteLimit).contains(bytes))
    let last = chunks.last?.sequence ?? 0
    #expect(chunks.map(\.sequence) == Array(last - chunks.count + 1...last))
    #expect(chunks.last?.stream == .end)
  }

  @Test func `one long output is cut, and its end is kept`() throws {
    let lines = (1...100_000).map { "line \($0) of what a function prints at once" }
    _ = try redis.run(FunctionLog.commands(job: job, lines: lines))
    let chunks = try kept()
    expectBounds(chunks)
    let text = String(decoding: chunks.flatMap(\.bytes), as: UTF8.self)
    #expect(text.hasSuffix("\(lines[99_998])\n\(lines[99_999])\n"))
  }

  @Test func `many pieces are limited, too`() throws {
    var log = FunctionLog(job: job)
    let piece = String(repeating: "x", count: 9_999) + "\n"
    for _ in 0..<500 { _ = try redis.run(log.add(piece, from: .standardError)) }
    _ = try redis.run(log.end())
    expectBounds(try kept())
  }

  @Test func `the channel carries only the id of the last entry`() throws {
    let lines = (1...10_000).map { "line \($0)" }
    let messages = FunctionLog.commands(job: job, lines: lines).filter { $0.name == "PUBLISH" }
    _ = try redis.run(FunctionLog.commands(job: job, lines: lines))
    #expect(messages.count == 2, "of the text and of the end")
    for message in messages {
      let id = String(decoding: message.parts.last ?? [], as: UTF8.self)
      #expect(StreamID(parsing: id) != nil, "\(id)")
    }
  }

  @Test func `a short output is one chunk and the end chunk`() throws {
    _ = try redis.run(FunctionLog.commands(job: job, lines: ["a", "b"]))
    let chunks = try kept()
    #expect(chunks.map(\.stream) == [.standardOutput, .end])
    #expect(chunks[0].bytes == Array("a\nb\n".utf8))
  }
}
