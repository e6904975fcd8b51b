@testable import TUI

/// A parser with the style table of a log book.
struct Lines {
  private var parser = LogLineParser()
  private var styles = StyleTable()

  /// The lines that the bytes complete.
  mutating func feed(_ bytes: [UInt8]) -> [Line] {
    var kept: [[UInt8]] = []
    parser.feed(bytes, &styles) { line, _ in kept.append(Array(line)) }
    return kept.map { styles.line($0) }
  }

  var unfinished: Line? { parser.line.isEmpty ? nil : styles.line(parser.line.bytes) }
}
