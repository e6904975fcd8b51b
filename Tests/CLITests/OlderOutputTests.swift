import JobProtocol
import Posix
import Testing

@testable import CLI

/// The part of a log that Redis no longer has, read from an executor's files.
final class OlderOutputTests {
  fileprivate let folder: String
  fileprivate let job = JobID(
    task: TaskID(run: RunID(randomBits: 7), workflow: 1, process: 1, firing: 1), attempt: 1)

  init() throws { folder = try Files.makeTemporaryDirectory(prefix: "hflow-older-") }
  deinit { Files.removeTree(folder) }

  fileprivate func lines(_ numbers: Range<Int>, _ word: String = "line") -> [UInt8] {
    numbers.flatMap { Array("\(word) \($0)\n".utf8) }
  }

  fileprivate func logs(_ output: [UInt8]?, _ error: [UInt8]? = nil) throws -> ExecutorLogs {
    let logs = Files.join(folder, "logs-hf")
    try Files.makeDirectory(logs)
    let name = "task-" + "\(job)".split(separator: ":").joined(separator: "__") + "@host"
    if let output { try Files.write(output, to: "\(logs)/\(name)__stdout.log") }
    if let error { try Files.write(error, to: "\(logs)/\(name)__stderr.log") }
    return ExecutorLogs(of: job, directory: folder)
  }

  private func chunk(
    _ sequence: Int, _ bytes: [UInt8], _ stream: LogChunk.Stream = .standardOutput
  ) -> LogChunk {
    LogChunk(sequence: sequence, stream: stream, time: 7, bytes: bytes)
  }

  private func text(_ older: OlderOutput?, upTo last: Int) throws -> [UInt8] {
    try (older?.segments(upTo: last) ?? []).flatMap { try $0.chunk(time: 7).bytes }
  }

  @Test func `the older part ends where the kept output begins`() throws {
    let logs = try logs(lines(0..<50_000))
    let kept = [chunk(90, lines(40_000..<45_000)), chunk(91, lines(45_000..<50_000))]
    let older = OlderOutput(before: kept, in: logs)
    #expect(try text(older, upTo: 89) == lines(0..<40_000))
    let segments = try #require(older).segments(upTo: 89)
    #expect(segments.last?.sequence == 89)
    #expect(zip(segments, segments.dropFirst()).allSatisfy { $1.sequence == $0.sequence + 1 })
    #expect(segments.map(\.isFirst) == [true] + segments.dropFirst().map { _ in false })
  }

  @Test func `the older part is found if lines were dropped or the file has grown`() throws {
    let logs = try logs(lines(0..<50_000))
    let kept = [chunk(90, lines(20_000..<21_000)), chunk(91, lines(30_000..<30_500))]
    #expect(try text(OlderOutput(before: kept, in: logs), upTo: 89) == lines(0..<20_000))
  }

  @Test func `with repeated text the expected offset decides`() throws {
    let all = Array(repeating: UInt8(ascii: "y"), count: 300_000)
    let kept = [chunk(9, Array(all.prefix(30_000))), chunk(10, Array(all.prefix(20_000)))]
    #expect(try text(OlderOutput(before: kept, in: logs(all)), upTo: 8).count == 250_000)
  }

  @Test func `standard output comes before standard error`() throws {
    let logs = try logs(lines(0..<100), lines(0..<100, "error"))
    let kept = [
      chunk(5, lines(90..<95)), chunk(6, lines(80..<100, "error"), .standardError),
      chunk(7, lines(95..<100)), chunk(8, [], .end),
    ]
    let older = OlderOutput(before: kept, in: logs)
    #expect(try text(older, upTo: 4) == lines(0..<90) + lines(0..<80, "error"))
    #expect(older?.segments(upTo: 4).map(\.sequence) == [3, 4])
  }

  @Test func `a stream without kept chunks is older once the output is complete`() throws {
    let logs = try logs(lines(0..<100), lines(0..<9, "error"))
    let kept = [chunk(5, lines(90..<100))]
    #expect(try text(OlderOutput(before: kept, in: logs), upTo: 4) == lines(0..<90))
    let complete = OlderOutput(before: kept + [chunk(6, [], .end)], in: logs)
    #expect(try text(complete, upTo: 4) == lines(0..<90) + lines(0..<9, "error"))
  }

  @Test func `only the end of a long file is read, from the start of a line`() throws {
    let logs = try logs(lines(0..<50_000))
    let older = OlderOutput(before: [chunk(90, lines(49_000..<50_000))], in: logs, limit: 1000)
    let text = try text(older, upTo: 89)
    #expect(text.count <= 1000 && text.count > 980)
    #expect(text.starts(with: Array("line 48".utf8)))
    let remark = try #require(older?.segments(upTo: 89).first?.remark)
    #expect(remark.hasPrefix("older, from the end of logs-hf/task-"))
  }

  @Test func `segments grow if few sequence numbers are free`() throws {
    let logs = try logs(lines(0..<90_000))
    let older = OlderOutput(before: [chunk(3, lines(80_000..<90_000))], in: logs)
    #expect(older?.segments(upTo: 2).map(\.sequence) == [1, 2])
    #expect(try text(older, upTo: 2) == lines(0..<80_000))
  }

  @Test func `files that do not match the kept output are not used`() throws {
    let kept = [chunk(9, lines(900..<1000))]
    #expect(OlderOutput(before: kept, in: try logs(lines(0..<100, "other"))) == nil)
    #expect(OlderOutput(before: kept, in: ExecutorLogs(of: job, directory: "/none")) == nil)
  }
}

extension OlderOutputTests {
  @Test func `the files of a foreign executor are a whole log`() throws {
    _ = try logs(lines(0..<3), lines(0..<1, "oops"))
    let chunks = ScreenFeed.chunks(ofFilesOf: job, in: folder, now: 7)
    #expect(chunks.map(\.sequence) == [1, 2, 3])
    #expect(chunks.map(\.stream) == [.standardOutput, .standardError, .end])
    #expect(chunks[0].bytes == lines(0..<3))
    #expect(ScreenFeed.chunks(ofFilesOf: job, in: "/nowhere", now: 7).isEmpty)
  }
}
