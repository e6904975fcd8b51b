import HumanText
internal import Workflow

/// Notes about lines that are not visible, on the lower border of the log.
enum LogFooter {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let theme = model.theme
    var line = Line()
    for note in notes(model) {
      if line.width > 0 { line.append(" \(theme.rule)", theme.border) }
      line.append(" ")
      line.append(note)
    }
    guard line.width > 0 else { return }
    line.append(" ")
    buffer.write(
      line.cut(to: area.columns - 4, ellipsis: theme.ellipsis),
      at: Point(column: area.column + 2, row: area.endRow - 1), width: area.columns - 4)
  }

  /// The most important first, because the end may be cut off.
  static func notes(_ model: Model) -> [Line] {
    [found(model), filtered(model), streams(model)].compactMap { $0 } + lost(model)
      + [below(model)].compactMap { $0 }
  }

  /// `/overlap 3 of 128`
  private static func found(_ model: Model) -> Line? {
    guard let search = model.log.settings.search else { return nil }
    let theme = model.theme
    let viewport = model.log.viewport
    var line = Line("/\(search.text.displayName)", theme.key)
    let count = viewport.matches?.count ?? 0
    let isKnown = viewport.matches?.isComplete(viewport.book.store) ?? true
    let many = "\(count)\(isKnown ? "" : "+")"
    if let ordinal = viewport.ordinal {
      line.append(" \(ordinal) of \(many)")
    } else {
      let noun = count == 1 && isKnown ? "line" : "lines"
      line.append(count == 0 && isKnown ? " not found" : " in \(many) \(noun)")
    }
    if let problem = search.problem { line.append(" (\(problem))", theme.warning) }
    return line
  }

  /// `&mProject 12 of 300 lines`
  private static func filtered(_ model: Model) -> Line? {
    guard let filter = model.log.settings.filter else { return nil }
    let viewport = model.log.viewport
    var line = Line("&\(filter.text.displayName)", model.theme.key)
    let isKnown = viewport.lines?.isComplete(viewport.book.store) ?? true
    let all = Formats.counted(viewport.book.store.count, "line")
    line.append(" \(viewport.count)\(isKnown ? "" : "+") of \(all)")
    if let problem = filter.problem { line.append(" (\(problem))", model.theme.warning) }
    return line
  }

  private static func streams(_ model: Model) -> Line? {
    switch model.log.settings.streams {
    case .both: nil
    case .error: Line("stderr only", model.theme.key)
    case .output: Line("stdout only", model.theme.key)
    }
  }

  private static func lost(_ model: Model) -> [Line] {
    let book = model.log.viewport.book
    var texts: [String] = []
    if book.droppedLines > 0 {
      texts.append("\(Formats.counted(book.droppedLines, "line")) dropped (too fast)")
    }
    if book.store.first > 0 {
      let early = Formats.counted(book.store.first, "early line", "early lines")
      texts.append("\(early) discarded")
    }
    if book.refusedLines > 0 {
      let waiting = Formats.counted(book.refusedLines, "new line", "new lines")
      texts.append("\(waiting): \(model.keyName(.move(.last))) shows them")
    }
    return texts.map { Line($0, model.theme.warning) }
  }

  private static func below(_ model: Model) -> Line? {
    guard !model.log.viewport.isFollowing else { return nil }
    let below = model.log.viewport.countBelow(model.logViewSize())
    return below > 0 ? Line("\(below) more below", model.theme.dim) : nil
  }
}
