package import JobProtocol

/// A job's output as lines of harmless plain text, for whoever shows it elsewhere.
package enum OutputText {
  /// `pieces` are what one stream brought, in order. A last line without a line feed is one too.
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

  /// The lines of one stream's chunks, in order. What follows left-out output is a line of its own.
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

  /// The lines of what comes before left-out output; the last one may be cut.
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
