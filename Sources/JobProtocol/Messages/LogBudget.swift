/// How much of a job's output Redis keeps: the latest chunks, limited in bytes and number, so
/// that no job fills the server.
public struct LogBudget: Sendable {
  public static let byteLimit = 2 << 20
  public static let chunkLimit = 10_000
  /// The server's approximate overhead for a chunk.
  static let chunkCost = 64

  private var sizes: [Int] = []
  /// Sizes before this index are of removed chunks.
  private var first = 0
  private var total = 0

  public init() {}

  /// Adds a chunk; returns how many of the latest chunks may stay, including this one.
  public mutating func keep(bytes: Int) -> Int {
    sizes.append(bytes + LogBudget.chunkCost)
    total += bytes + LogBudget.chunkCost
    while sizes.count - first > 1, total > LogBudget.byteLimit || count > LogBudget.chunkLimit {
      total -= sizes[first]
      first += 1
    }
    if first > 1024 {
      sizes.removeFirst(first)
      first = 0
    }
    return count
  }

  private var count: Int { sizes.count - first }
}
