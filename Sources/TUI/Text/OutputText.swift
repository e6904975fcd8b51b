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
}
