/// Finds the first error in a log.
enum FirstError {
  private static let errorWords = [
    "error", "fatal", "exception", "traceback", "panic", "segmentation fault", "failed", "cannot ",
    "no such file", "permission denied", "killed", "abort",
  ].map { ByteFinder($0, foldsCase: true) }

  /// The first line with a word for an error, else the first line of standard error. `after` a
  /// line, only lines with such a word.
  static func find(in store: LogStore, after line: Int? = nil) -> Int? {
    var errorLine: Int?
    var standardErrorLine: Int?
    let start = line.map { max(store.first, $0 + 1) } ?? store.first
    guard start < store.end else { return nil }
    _ = store.visit(start..<store.end) { number, entry, bytes in
      if entry.kind == .error, standardErrorLine == nil { standardErrorLine = number }
      guard entry.kind == .error || entry.kind == .output else { return true }
      if isError(bytes, entry.traits) { errorLine = number }
      return errorLine == nil
    }
    return line == nil ? errorLine ?? standardErrorLine : errorLine
  }

  private static func isError(
    _ bytes: UnsafeBufferPointer<UInt8>, _ traits: KeptLine.Traits
  ) -> Bool {
    guard traits.contains(.isStyled) else { return isError(bytes) }
    return StyleTable.plain(bytes).withUnsafeBufferPointer { isError($0) }
  }

  private static func isError(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    errorWords.contains { $0.find(in: bytes) != nil }
  }
}
