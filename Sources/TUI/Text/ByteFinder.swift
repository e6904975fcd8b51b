internal import Glibc

/// Finds text in bytes (Horspool's algorithm).
struct ByteFinder {
  /// Lower case if case does not matter.
  private let needle: [UInt8]
  private let foldsCase: Bool
  /// How far to skip after a mismatch, by the last byte.
  private let steps: [Int]

  /// With `foldsCase`, the case of ASCII letters does not matter.
  init(_ text: String, foldsCase: Bool) {
    let needle = Array(text.utf8).map { foldsCase ? Self.folded($0) : $0 }
    var steps = [Int](repeating: max(1, needle.count), count: 256)
    for (place, byte) in needle.enumerated().dropLast() {
      steps[Int(byte)] = needle.count - 1 - place
    }
    if foldsCase {
      for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") {
        steps[Int(byte)] = steps[Int(Self.folded(byte))]
      }
    }
    self.needle = needle
    self.foldsCase = foldsCase
    self.steps = steps
  }

  var count: Int { needle.count }

  /// The first match from a position on.
  func find(in bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int? {
    guard let last = needle.last else { return start <= bytes.count ? start : nil }
    return needle.withUnsafeBufferPointer { needle in
      steps.withUnsafeBufferPointer { steps in
        let tail = needle.count - 1
        var end = start + tail
        while end < bytes.count {
          let byte = bytes[end]
          if byte == last || foldsCase && Self.folded(byte) == last,
            matches(needle, bytes, at: end - tail)
          {
            return end - tail
          }
          end += steps[Int(byte)]
        }
        return nil
      }
    }
  }

  @inline(__always)
  private func matches(
    _ needle: UnsafeBufferPointer<UInt8>, _ bytes: UnsafeBufferPointer<UInt8>, at place: Int
  ) -> Bool {
    for index in 0..<needle.count {
      let byte = bytes[place + index]
      guard (foldsCase ? Self.folded(byte) : byte) == needle[index] else { return false }
    }
    return true
  }

  @inline(__always)
  private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
