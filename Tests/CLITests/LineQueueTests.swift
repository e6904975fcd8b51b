import Glibc
import Posix
import Testing

@testable import CLI

/// Lines for a reader that does not read until all lines were appended.
@Suite struct LineQueueTests {
  private func queue(_ pipe: borrowing Pipe, limit: Int) -> LineQueue {
    LineQueue(to: pipe.writeEnd.number, limit: limit) { "\($0) left out" }
  }

  /// What a reader gets that starts now.
  private func read(_ pipe: borrowing Pipe, after queue: LineQueue) throws -> [Substring] {
    let mark = "the end"
    queue.append([mark], areLast: true)
    var bytes: [UInt8] = []
    while !bytes.suffix(mark.utf8.count + 1).elementsEqual((mark + "\n").utf8) {
      bytes += try DescriptorIO.read(pipe.readEnd.number) ?? []
    }
    queue.flush()
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropLast()
  }

  @Test func `append never waits for the reader, who gets all lines in order`() throws {
    let pipe = try Pipe()
    let queue = queue(pipe, limit: .max)
    let lines = (1...50_000).map { "line \($0)" }
    for line in lines { queue.append([line]) }
    #expect(try read(pipe, after: queue).elementsEqual(lines) { $0 == $1 })
  }

  @Test func `lines beyond the limit are dropped, counted and reported in place`() throws {
    let pipe = try Pipe()
    let queue = queue(pipe, limit: 1 << 20)
    let line = String(repeating: "x", count: 1023)
    for _ in 0..<3000 { queue.append([line]) }
    queue.append(["last words"], areLast: true)
    let got = try read(pipe, after: queue)
    let kept = got.count { $0 == line }
    // The pipe also holds some of the output.
    #expect((1024..<2000).contains(kept))
    let leftOut = got.compactMap { $0.hasSuffix(" left out") ? Int($0.prefix { $0 != " " }) : nil }
    #expect(kept + leftOut.reduce(0, +) == 3000)
    #expect(got.count == kept + leftOut.count + 1)
    #expect(got.last == "last words")
  }

  @Test func `lines dropped at the end are reported, too`() throws {
    let pipe = try Pipe()
    let queue = queue(pipe, limit: 0)
    queue.append(["a", "b"])
    queue.flush()
    #expect(try read(pipe, after: queue) == ["2 left out"])
  }

  private func writeEnd(of pipe: consuming Pipe) -> Int32 { pipe.writeEnd.release() }

  @Test func `a reader that closes the pipe is not an error`() throws {
    signal(SIGPIPE, SIG_IGN)
    let end = writeEnd(of: try Pipe())
    defer { close(end) }
    let queue = LineQueue(to: end) { "\($0) left out" }
    queue.append(["nobody hears this"])
    queue.flush()
  }
}
