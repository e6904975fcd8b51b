/// How much of one job's output Redis keeps: its latest chunks, bounded in bytes and number, so
/// that neither one job that writes gigabytes nor one that talks for weeks fills the server.
public struct LogBudget: Sendable {
  public static let byteLimit = 2 << 20
  public static let chunkLimit = 10_000
  /// What the server needs beside the bytes, about.
  static let chunkCost = 64

  private var sizes: [Int] = []
  /// Sizes before this place are of chunks that are gone.
  private var first = 0
  private var total = 0

  public init() {}

  /// Notes one more chunk; returns how many of the latest may stay, this one included.
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
