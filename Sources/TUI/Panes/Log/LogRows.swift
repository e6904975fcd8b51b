internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The rows of a log: time, stream, task, text.
enum LogRows {
  /// Columns before the text.
  static func prefixColumns(_ model: Model) -> Int {
    if model.log.isTextOnly { return 0 }
    return timeColumns(model) + 2 + labelColumns(model)
  }

  /// The least width of each of two logs that have times.
  private static func timeColumns(_ model: Model) -> Int {
    let isNarrow = model.log.other != nil && model.logArea.columns < leastForTimes
    return model.log.settings.times == .none || isNarrow ? 0 : 9
  }

  private static let leastForTimes = 120

  /// For a merged log; at most a fifth of the pane.
  private static func labelColumns(_ model: Model) -> Int {
    guard model.log.target.isMerged else { return 0 }
    return min(20, max(10, model.logArea.columns / 5)) + 1
  }

  /// The visible rows, from the top.
  static func lines(_ model: Model, isOther: Bool = false) -> [Line] {
    let viewport = isOther ? model.log.other ?? model.log.viewport : model.log.viewport
    let view = model.logViewSize(isOther: isOther)
    let shown = viewport.shown(view)
    let beside = isOther ? model.log.viewport : model.log.other
    let common = beside.map { ComparedLines($0, near: shown) }
    var last: (index: Int, pieces: [Line])?
    return shown.map { position in
      if last?.index != position.index {
        let pieces = pieces(model, viewport, position.index, view, isOther, common)
        last = (position.index, pieces)
      }
      return last?.pieces[guarding: position.part] ?? Line()
    }
  }

  /// A line in the rows that it takes.
  private static func pieces(
    _ model: Model, _ viewport: LogViewport, _ index: Int, _ view: LogViewport.ViewSize,
    _ isOther: Bool, _ common: ComparedLines?
  ) -> [Line] {
    if index < viewport.count {
      guard let row = viewport.book.store[viewport.line(at: index)] else { return [] }
      let number = viewport.line(at: index)
      return self.pieces(model, viewport, row, view, number: number, common)
    }
    if let under = viewport.unfinished[guarding: index - viewport.count] {
      let row = LogStore.Row(
        kind: under.isError ? .error : .output, source: under.source, time: under.time,
        traits: under.line.traits, bytes: under.line.bytes)
      return pieces(model, viewport, row, view, number: nil)
    }
    let columns = view.columns + prefixColumns(model)
    return [ending(model, model.logEnding(isOther: isOther), columns: columns)]
  }

  private static func pieces(
    _ model: Model, _ viewport: LogViewport, _ row: LogStore.Row, _ view: LogViewport.ViewSize,
    number: Int?, _ common: ComparedLines? = nil
  ) -> [Line] {
    switch row.kind {
    case .output, .error: break
    case .dropped, .missing, .remark: return [remark(model, viewport, row)]
    case .ended: return [ended(model, viewport, row, columns: view.columns)]
    }
    var text = viewport.book.styles.line(row.bytes)
    let isCurrent = number != nil && number == viewport.current
    for pattern in [model.log.settings.filter, model.log.settings.search].compactMap({ $0 }) {
      let isSearch = pattern.text == model.log.settings.search?.text
      text = text.restyled(pattern.ranges(in: text.text)) {
        model.theme.markFound(&$0, isCurrent: isSearch && isCurrent, isSearch: isSearch)
      }
    }
    if let common, !common.contains(text.text) {
      text = text.restyled([0..<text.text.utf8.count]) { model.theme.markDifferent(&$0) }
    }
    let isError = ErrorLine.weight(of: text.text) > .none
    let shifted = view.wraps ? text : text.dropping(columns: model.log.settings.shift)
    return (view.wraps ? shifted.wrapped(to: view.columns) : [shifted]).enumerated().map {
      var line = prefix(model, viewport, row, isFirst: $0.offset == 0, isError: isError)
      line.append($0.element)
      return line
    }
  }

  // MARK: Before the text

  private static func prefix(
    _ model: Model, _ viewport: LogViewport, _ row: LogStore.Row, isFirst: Bool,
    isError: Bool = false
  ) -> Line {
    var line = Line()
    let theme = model.theme
    if model.log.isTextOnly { return line }
    let columns = timeColumns(model)
    if columns > 0, isFirst { line.append(time(model, viewport, row), theme.dim) }
    line.pad(to: columns)
    line.append(label(model, viewport, row, isFirst: isFirst))
    // Much of standard error is progress output, so only error lines are red.
    if isError {
      line.append(theme.errorMark, theme.alarm)
    } else {
      line.append(row.kind == .error ? theme.streamMark : " ", theme.dim)
    }
    line.append(" ")
    return line
  }

  private static func time(_ model: Model, _ viewport: LogViewport, _ row: LogStore.Row) -> String {
    if row.traits.contains(.isUntimed) { return "" }
    switch model.log.settings.times {
    case .none: return ""
    case .timeOfDay: return Formats.time(milliseconds: row.time, offset: model.timeZoneOffset)
    case .sinceStart:
      let record = viewport.book.sources[guarding: row.source].flatMap(model.run.record)
      let start = model.log.target.isMerged ? model.run.startedAt : record?.startedAt
      let since = max(0, row.time - (start ?? record?.madeAt ?? row.time))
      return since < 600_000
        ? "+" + Formats.oneDecimal(Double(since) / 1000) + " s"
        : Formats.duration(milliseconds: since)
    }
  }

  private static func label(
    _ model: Model, _ viewport: LogViewport, _ row: LogStore.Row, isFirst: Bool
  ) -> Line {
    let columns = labelColumns(model)
    guard columns > 0, let source = viewport.book.sources[guarding: row.source] else {
      return Line()
    }
    var line = Line()
    let style = model.theme.source(row.source)
    if isFirst {
      line.append(
        Truncation.middle(name(model, source), columns - 1, ellipsis: model.theme.ellipsis), style)
    }
    line.pad(to: columns)
    return line
  }

  /// `mAdd:1`, from the second attempt on `mAdd:1 #2`.
  static func name(_ model: Model, _ attempt: AttemptID) -> String {
    let label = model.run.label(attempt.firing)
    return attempt.number > 1 ? "\(label) #\(attempt.number)" : label
  }

  // MARK: Remarks

  private static func remark(_ model: Model, _ viewport: LogViewport, _ row: LogStore.Row) -> Line {
    var line = prefix(model, viewport, row, isFirst: true)
    line.append(remark(row), model.theme.warning)
    return line
  }

  /// The text of a row that is a remark; also copied and saved.
  static func remark(_ row: LogStore.Row) -> String {
    let text = String(decoding: row.bytes, as: UTF8.self)
    let count = Int(text) ?? 0
    return switch row.kind {
    case .dropped: "\(Formats.counted(count, "line")) dropped (too fast): see the log file"
    case .missing:
      "\(Formats.counted(count, "piece")) of output removed from Redis: see the log file"
    default: text.displayName
    }
  }

  private static func ended(
    _ model: Model, _ viewport: LogViewport, _ row: LogStore.Row, columns: Int
  ) -> Line {
    var line = prefix(model, viewport, row, isFirst: true)
    let record = viewport.book.sources[guarding: row.source].flatMap(model.run.record)
    let rest = line.width + columns
    line.append(rule(model, record, columns: max(0, rest - line.width), lead: 2))
    return line
  }

  /// `──── exit 1 after 2.1 s, max 212 MB, node-a ────`
  private static func ending(_ model: Model, _ record: AttemptRecord?, columns: Int) -> Line {
    rule(model, record, columns: columns, lead: max(2, timeColumns(model) + 1))
  }

  private static func rule(
    _ model: Model, _ record: AttemptRecord?, columns: Int, lead: Int
  ) -> Line {
    let theme = model.theme
    var line = Line(String(repeating: theme.rule, count: min(lead, columns)), theme.border)
    let style: Style
    switch record?.outcome {
    case .succeeded: style = theme.good
    case .failed(.cancelled): style = theme.style(.cancelled)
    case .failed: style = theme.alarm
    case nil: style = theme.dim
    }
    let view = columns - line.width - 2
    line.append(" \(record.map { endText($0, columns: view) } ?? "ended") ", style)
    line.append(
      String(repeating: theme.rule, count: max(0, columns - line.width)), theme.border)
    return line
  }

  /// `exit 1 after 2.1 s, max 212 MB, node-a`, as much as fits.
  static func endText(_ attempt: AttemptRecord, columns: Int = .max) -> String {
    var endText = "ended"
    switch attempt.outcome {
    case .succeeded: endText = "succeeded"
    // The time follows.
    case .failed(.timeout): endText = "timed out"
    case .failed(let cause): endText = cause.summary.displayName
    case nil: break
    }
    var more: [String] = []
    if let duration = attempt.duration(now: attempt.endedAt ?? 0) {
      more.append(" after \(Formats.mean(milliseconds: Double(duration)))")
    }
    if attempt.usage.maxResidentKilobytes > 0 {
      more.append(", max \(Formats.size(bytes: attempt.usage.maxResidentKilobytes * 1024))")
    }
    if let host = attempt.executor?.host { more.append(", \(host.displayName)") }
    for fact in more {
      guard DisplayWidth.of(endText + fact) <= columns else { break }
      endText += fact
    }
    return endText
  }
}

extension Theme {
  /// Matches of a search.
  func markFound(_ style: inout Style, isCurrent: Bool, isSearch: Bool) {
    if !isSearch {
      style.attributes.insert(.underline)
    } else if colors == .none {
      style.attributes.formUnion(isCurrent ? [.reverse, .bold] : .reverse)
    } else {
      style = Style(foreground: .palette(0), background: isCurrent ? accentColor : .palette(3))
    }
  }

  /// A line that the other attempt does not have.
  func markDifferent(_ style: inout Style) {
    if colors == .none {
      style.attributes.insert(.underline)
    } else if style.foreground == .standard {
      style.foreground = accentColor
    }
  }

  /// The name of a task in a merged log: neighbours differ, and none looks like a state.
  func source(_ number: Int) -> Style {
    guard colors == .many else { return number % 2 == 0 ? dim : .plain }
    let tints: [UInt8] = [110, 146, 139, 109, 180, 103]
    return Style(foreground: .palette(tints[number % tints.count]))
  }
}
