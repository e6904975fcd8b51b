import JobProtocol
import Testing

/// Repeated and missing chunks are put into order.
@Suite struct ChunkOrderTests {
  private func chunk(_ sequence: Int, _ stream: LogChunk.Stream = .standardOutput) -> LogChunk {
    LogChunk(sequence: sequence, stream: stream, time: 0, bytes: stream == .end ? [] : [65])
  }

  private func piece(_ sequence: Int, missing: Int = 0) -> ChunkOrder.OrderedChunk {
    ChunkOrder.OrderedChunk(chunk(sequence), missing: missing)
  }

  @Test func `a repeated chunk is shown once`() {
    var order = ChunkOrder()
    #expect(order.receive([chunk(1), chunk(2), chunk(2)]) == [piece(1), piece(2)])
    #expect(order.receive([chunk(2)]).isEmpty)
    #expect(order.receive([chunk(1), chunk(3)]) == [piece(3)])
  }

  @Test func `the chunks of one batch are sorted`() {
    var order = ChunkOrder()
    #expect(order.receive([chunk(3), chunk(1), chunk(2)]) == (1...3).map { piece($0) })
  }

  @Test func `missing chunks are counted`() {
    var order = ChunkOrder()
    #expect(order.receive([chunk(5)]) == [piece(5, missing: 4)])
    #expect(order.receive([chunk(6), chunk(9)]) == [piece(6), piece(9, missing: 2)])
  }

  @Test func `reading again from the beginning returns nothing new`() {
    var order = ChunkOrder()
    _ = order.receive([chunk(1), chunk(2), chunk(3)])
    #expect(order.receive((1...5).map { chunk($0) }) == [piece(4), piece(5)])
  }

  @Test func `the end chunk completes the output, and later chunks are ignored`() {
    var order = ChunkOrder()
    _ = order.receive([chunk(1), chunk(2, .standardError)])
    #expect(!order.isComplete)
    #expect(order.receive([chunk(3, .end), chunk(4)]).map(\.chunk) == [chunk(3, .end)])
    #expect(order.isComplete)
    #expect(order.receive([chunk(5)]).isEmpty)
  }

  @Test func `the output of a silent job is complete at its end chunk`() {
    var order = ChunkOrder()
    _ = order.receive([chunk(1, .end)])
    #expect(order.isComplete)
  }
}
