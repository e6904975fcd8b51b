package import JobProtocol

/// Job output as lines of safe plain text.
package enum OutputText {
  /// The lines of one stream, whose output `pieces` are in order. A last line without a line feed
  /// counts.
  package static func lines(_ pieces: [[UInt8]]) -> [String] {
    var parser = LogLineParser()
    var styles = StyleTable()
    var lines: [String] = []
    let sink: LogLineParser.Sink = { bytes, _ in
      lines.append(String(decoding: StyleTable.plain(bytes), as: UTF8.self))
    }
    for piece in pieces { parser.feed(piece, &styles, sink) }
    parser.finish(sink)
    return lines
  }

  /// The lines of one stream's chunks. Output after a gap begins on a new line.
  package static func lines(of chunks: [LogChunk]) -> [String] {
    var pieces: [[UInt8]] = []
    var lines: [String] = []
    for chunk in chunks {
      var bytes = chunk.bytes
      if chunk.droppedLines > 0 {
        let before = cutLines(pieces)
        lines += before.lines
        pieces = []
        if before.isCut, bytes.first == 0x0A { bytes.removeFirst() }
      }
      pieces.append(bytes)
    }
    return lines + self.lines(pieces)
  }

  /// The lines before a gap; the last one may be cut.
  package static func cutLines(_ pieces: [[UInt8]]) -> (lines: [String], isCut: Bool) {
    var parser = LogLineParser()
    var styles = StyleTable()
    var lines: [String] = []
    let sink: LogLineParser.Sink = { bytes, _ in
      lines.append(String(decoding: StyleTable.plain(bytes), as: UTF8.self))
    }
    for piece in pieces { parser.feed(piece, &styles, sink) }
    let isCut = parser.cut(sink)
    return (lines, isCut)
  }
}
