import JobProtocol
import Testing

@testable import Runner

/// Chunks from the stored backlog and from the channel, put into one order.
@Suite struct ChunkOrderTests {
  private func chunk(_ sequence: Int, _ stream: LogChunk.Stream = .standardOutput) -> LogChunk {
    LogChunk(sequence: sequence, stream: stream, time: 0, bytes: stream == .end ? [] : [65])
  }

  @Test func `what comes twice is shown once`() {
    var order = ChunkOrder()
    #expect(order.receive([chunk(1), chunk(2), chunk(2)]) == [.chunk(chunk(1)), .chunk(chunk(2))])
    #expect(order.receive([chunk(2)]).isEmpty)
    #expect(order.receive([chunk(1), chunk(3)]) == [.chunk(chunk(3))])
  }

  @Test func `one batch is sorted`() {
    var order = ChunkOrder()
    #expect(order.receive([chunk(3), chunk(1), chunk(2)]) == (1...3).map { .chunk(chunk($0)) })
  }

  @Test func `what is kept no more is counted`() {
    var order = ChunkOrder()
    #expect(order.receive([chunk(5)]) == [.missing(chunks: 4), .chunk(chunk(5))])
    #expect(
      order.receive([chunk(6), chunk(9)]) == [
        .chunk(chunk(6)), .missing(chunks: 2), .chunk(chunk(9)),
      ])
  }

  @Test func `the backlog after the first live chunks brings nothing again`() {
    var order = ChunkOrder()
    _ = order.receive([chunk(1), chunk(2), chunk(3)])
    #expect(order.receive((1...5).map { chunk($0) }) == [.chunk(chunk(4)), .chunk(chunk(5))])
  }

  @Test func `the end completes it, and nothing else does`() {
    var order = ChunkOrder()
    _ = order.receive([chunk(1), chunk(2, .standardError)])
    #expect(!order.isComplete)
    #expect(order.receive([chunk(3, .end)]) == [.chunk(chunk(3, .end))])
    #expect(order.isComplete)
  }

  @Test func `a job without output is complete at its end`() {
    var order = ChunkOrder()
    _ = order.receive([chunk(1, .end)])
    #expect(order.isComplete)
  }
}
