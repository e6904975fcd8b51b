/// Puts the chunks of one attempt into their order, each once, and counts those that are missing.
///
/// Streams and channels may bring a chunk twice: an executor of an earlier version sends it again
/// after a lost connection, and a reader may begin anew. Whoever shows output keeps such an order.
public struct ChunkOrder: Sendable, Equatable {
  public struct Piece: Sendable, Equatable {
    public let chunk: LogChunk
    /// How many chunks before this one are not kept any more.
    public let missing: Int

    public init(_ chunk: LogChunk, missing: Int = 0) {
      self.chunk = chunk
      self.missing = missing
    }
  }

  /// 0 before the first chunk.
  public private(set) var lastSequence = 0
  /// Whether the end has been received.
  public private(set) var isComplete = false

  public init() {}

  /// What of the chunks is new.
  public mutating func receive(_ chunks: [LogChunk]) -> [Piece] {
    var pieces: [Piece] = []
    for chunk in chunks.sorted(by: { $0.sequence < $1.sequence })
    where chunk.sequence > lastSequence && !isComplete {
      pieces.append(Piece(chunk, missing: chunk.sequence - lastSequence - 1))
      lastSequence = chunk.sequence
      isComplete = chunk.stream == .end
    }
    return pieces
  }
}
