/// Puts the chunks of one attempt into their order, each once, and counts those that are missing.
///
/// A stream may have a chunk twice, because an executor of an earlier version sends it again after
/// a lost connection, and a reader may start again. Screens and commands that show output keep a
/// `ChunkOrder` for each attempt.
public struct ChunkOrder: Sendable, Equatable {
  public struct OrderedChunk: Sendable, Equatable {
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

  /// Returns the new chunks among these, in order.
  public mutating func receive(_ chunks: [LogChunk]) -> [OrderedChunk] {
    var ordered: [OrderedChunk] = []
    for chunk in chunks.sorted(by: { $0.sequence < $1.sequence })
    where chunk.sequence > lastSequence && !isComplete {
      ordered.append(OrderedChunk(chunk, missing: chunk.sequence - lastSequence - 1))
      lastSequence = chunk.sequence
      isComplete = chunk.stream == .end
    }
    return ordered
  }
}
