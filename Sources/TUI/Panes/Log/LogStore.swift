internal import Glibc

/// Stores lines of output compactly: their text in blocks, and sixteen bytes for each line.
///
/// Line numbers never change. If the store is full, the oldest block is discarded.
struct LogStore {
  /// Lines of a block.
  static let blockLines = 512

  enum Kind: UInt8 {
    case output, error
    /// The number of lines that the executor dropped.
    case dropped
    /// The number of chunks that Redis no longer has.
    case missing
    /// The end of the source's output.
    case ended
    /// A remark about where the following lines come from.
    case remark
  }

  /// The data of a line besides its text.
  struct Entry {
    fileprivate var end: UInt32
    fileprivate var delay: Int32
    let source: UInt32
    let kind: Kind
    let traits: KeptLine.Traits
  }

  struct Row {
    let kind: Kind
    let source: Int
    /// Milliseconds since 1970.
    let time: Int
    let traits: KeptLine.Traits
    let bytes: [UInt8]
  }

  private struct Block {
    /// Times are stored relative to this one.
    let time: Int
    var bytes: [UInt8] = []
    var entries: [Entry] = []

    func range(_ index: Int) -> Range<Int> {
      (index == 0 ? 0 : Int(entries[index - 1].end))..<Int(entries[index].end)
    }
  }

  private var blocks: [Block] = []
  /// The number of the first line that is kept.
  private(set) var first = 0
  /// The number of the next line.
  private(set) var end = 0
  private(set) var byteCount = 0

  var count: Int { end - first }
  var isEmpty: Bool { end == first }

  mutating func append(
    _ kind: Kind, source: Int, time: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ traits: KeptLine.Traits = []
  ) {
    if blocks.isEmpty || end % Self.blockLines == 0 { blocks.append(Block(time: time)) }
    let last = blocks.count - 1
    blocks[last].bytes.append(contentsOf: bytes)
    blocks[last].entries.append(
      Entry(
        end: UInt32(clamping: blocks[last].bytes.count),
        delay: Int32(clamping: time - blocks[last].time), source: UInt32(clamping: source),
        kind: kind, traits: traits))
    byteCount += bytes.count + MemoryLayout<Entry>.stride
    end += 1
  }

  mutating func append(_ kind: Kind, source: Int, time: Int, count: Int) {
    append(kind, source: source, time: time, text: String(count))
  }

  mutating func append(_ kind: Kind, source: Int, time: Int, text: String) {
    Array(text.utf8).withUnsafeBufferPointer { append(kind, source: source, time: time, $0) }
  }

  /// Discards the oldest lines until the store is within a number of bytes. Keeps the last
  /// block, and the one with the line `pinned`.
  mutating func shrink(to limit: Int, keeping pinned: Int? = nil) {
    var discardedCount = 0
    let maximum = min(blocks.count - 1, pinned.map { ($0 - first) / Self.blockLines } ?? Int.max)
    while byteCount > limit, discardedCount < maximum {
      let block = blocks[discardedCount]
      byteCount -= block.bytes.count + block.entries.count * MemoryLayout<Entry>.stride
      discardedCount += 1
    }
    guard discardedCount > 0 else { return }
    blocks.removeFirst(discardedCount)
    first += discardedCount * Self.blockLines
  }

  /// A line that is kept.
  subscript(number: Int) -> Row? {
    guard (first..<end).contains(number) else { return nil }
    let block = blocks[(number - first) / Self.blockLines]
    let index = number % Self.blockLines
    let entry = block.entries[index]
    return Row(
      kind: entry.kind, source: Int(entry.source), time: block.time + Int(entry.delay),
      traits: entry.traits, bytes: Array(block.bytes[block.range(index)]))
  }

  /// Calls a function for consecutive lines, without copying them, until it returns false.
  /// Returns the number of the line at which it stopped.
  func visit(
    _ numbers: Range<Int>,
    _ body: (Int, Entry, UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Int {
    var number = max(numbers.lowerBound, first)
    let end = min(numbers.upperBound, self.end)
    while number < end {
      let block = blocks[(number - first) / Self.blockLines]
      let start = number % Self.blockLines
      let stop = min(block.entries.count, start + end - number)
      let shown = block.bytes.withUnsafeBufferPointer { bytes in
        for index in start..<stop {
          let text = UnsafeBufferPointer(rebasing: bytes[block.range(index)])
          if !body(number + index - start, block.entries[index], text) { return index + 1 - start }
        }
        return stop - start
      }
      number += shown
      if shown < stop - start { return number }
    }
    return number
  }
}
