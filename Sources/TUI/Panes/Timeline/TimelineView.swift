internal import Engine
internal import HumanText
internal import Workflow

/// Draws the timeline: bars in slots or heights of stages, and the time axis.
enum TimelineView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let timeline = model.timeline
    guard !timeline.data.lanes.isEmpty, inner.rows > 1 else {
      let text = "no jobs yet; each job will be a bar in a slot of its worker"
      Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
      return
    }
    let scale = model.timelineScale
    let height = inner.rows - 1
    for (offset, line) in rows(model, scale, height).enumerated() {
      buffer.write(
        line, at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    drawNow(model, scale, in: inner, on: &buffer)
    drawAxis(model, scale, in: inner, on: &buffer)
    markRow(model, in: inner, on: &buffer)
    Frame.drawScroll(
      top: timeline.window.top, height: height, count: timeline.rowCount, in: area,
      theme: model.theme, on: &buffer)
    drawDetail(model, in: area, on: &buffer)
  }

  /// The chosen grouping; below it the other one, if everything fits.
  private static func rows(_ model: Model, _ scale: TimelineScale, _ height: Int) -> [Line] {
    let timeline = model.timeline
    let (lanes, stages) = (timeline.data.lanes.count, timeline.data.tracks.count)
    let first = timeline.window.top..<min(timeline.rowCount, timeline.window.top + height)
    let hasBoth = lanes + 1 + stages <= height
    switch timeline.grouping {
    case .workers:
      return first.map { TimelineRows.lane(model, $0, scale) }
        + (hasBoth ? [Line()] + (0..<stages).map { TimelineRows.stage(model, $0, scale) } : [])
    case .stages:
      return first.map { TimelineRows.stage(model, $0, scale) }
        + (hasBoth ? [Line()] + (0..<lanes).map { TimelineRows.lane(model, $0, scale) } : [])
    }
  }

  /// The width of row names and a figure, including a space.
  static func labelColumns(_ model: Model) -> Int {
    let names = model.timeline.data.lanes.map { TimelineRows.name(model, $0) }
    let stages = model.run.graph.stages.lazy.map { DisplayWidth.of($0.name.displayName) }
    let widest = max(names.lazy.map { DisplayWidth.of($0) }.max() ?? 0, stages.max() ?? 0)
    return min(max(8, widest), max(8, model.size.columns / 8)) + TimelineRows.figureColumns + 1
  }

  /// A vertical line at the present.
  private static func drawNow(
    _ model: Model, _ scale: TimelineScale, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    guard model.phase == .live else { return }
    let column = scale.column(of: model.timelineNow)
    guard (0..<scale.columns).contains(column) else { return }
    let place = area.column + labelColumns(model) + column
    for row in area.row..<area.endRow - 1 where buffer[place, row].text == " " {
      buffer.write(
        model.theme.ascii ? "|" : "│", at: Point(column: place, row: row),
        style: model.theme.border)
    }
  }

  private static func drawAxis(
    _ model: Model, _ scale: TimelineScale, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let theme = model.theme
    let start = area.column + labelColumns(model)
    let row = area.endRow - 1
    let isFine = scale.perColumn < 80
    let now = model.phase == .live ? scale.column(of: model.timelineNow) : Int.max
    for tick in scale.ticks(labelColumns: isFine ? 12 : 8, offset: model.timeZoneOffset) {
      var text = Formats.time(milliseconds: tick.time, offset: model.timeZoneOffset)
      if isFine { text += "." + String(String(tick.time % 1000 + 1000).dropFirst()) }
      guard tick.column + text.utf8.count <= scale.columns else { break }
      // The present takes precedence.
      if (tick.column - 1...tick.column + text.utf8.count + 4).contains(now) { continue }
      buffer.write(text, at: Point(column: start + tick.column, row: row), style: theme.dim)
    }
    if now >= 3, now < scale.columns {
      let mark = theme.ascii ? "now|" : "now│"
      buffer.write(mark, at: Point(column: start + now - 3, row: row), style: theme.key)
    }
  }

  private static func markRow(
    _ model: Model, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let row = area.row + model.timeline.window.cursor - model.timeline.window.top
    guard row < area.endRow - 1 else { return }
    let columns = labelColumns(model) - 1
    if model.focus == .timeline {
      let place = Rectangle(column: area.column - 1, row: row, columns: columns + 1, rows: 1)
      buffer.restyle(place) { style, scalar in model.theme.markCursor(&style, on: scalar) }
    } else {
      buffer.write(
        model.theme.cursorMark, at: Point(column: area.column - 1, row: row),
        style: model.theme.key)
    }
  }

  // MARK: Detail

  /// The selected bar's details, on the lower border.
  private static func drawDetail(
    _ model: Model, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    guard var line = detail(model) else { return }
    line = line.cut(to: area.columns - 6, ellipsis: model.theme.ellipsis)
    var padded = Line(" ")
    padded.append(line)
    padded.append(" ")
    buffer.write(
      padded, at: Point(column: area.column + 2, row: area.endRow - 1), width: area.columns - 4)
  }

  private static func detail(_ model: Model) -> Line? {
    switch model.timeline.grouping {
    case .stages: stageDetail(model)
    case .workers: model.timeline.chosenBar.map { barDetail(model, $0) }
    }
  }

  private static func barDetail(_ model: Model, _ bar: TimelineData.Bar) -> Line {
    let theme = model.theme
    let appearance = TimelineRows.appearance(bar.state)
    var line = Line("\(theme.glyph(appearance)) ", theme.style(appearance))
    line.append(LogRows.name(model, bar.attempt), theme.strong)
    let until = bar.end.map { Formats.time(milliseconds: $0, offset: model.timeZoneOffset) }
    let from = Formats.time(milliseconds: bar.start, offset: model.timeZoneOffset)
    let length = (bar.end ?? model.timelineNow) - bar.start
    var words = ["\(from) to \(until ?? "now")", Formats.mean(milliseconds: Double(length))]
    if let record = model.run.record(of: bar.attempt), record.outcome != nil {
      words = ["\(from) to \(until ?? "now")", LogRows.words(record)]
    }
    for word in words { line.append(" \(theme.dot) \(word)", theme.dim) }
    return line
  }

  private static func stageDetail(_ model: Model) -> Line? {
    let theme = model.theme
    guard let stage = model.run.graph.stages[guarding: model.timeline.window.cursor],
      let state = model.run.stages[guarding: stage.index],
      let track = model.timeline.data.tracks[guarding: stage.index]
    else { return nil }
    var line = Line(stage.name.displayName, theme.strong)
    var words = ["\(state.counts.done) of \(state.counts.total) done"]
    words += state.counts.troubles.map { "\(state.counts[$0]) \(TaskAppearance($0).word)" }
    if track.peak > 0 { words.append("peak \(track.peak) at a time") }
    if let mean = state.meanMilliseconds {
      words.append("\(Formats.mean(milliseconds: Double(mean))) each")
    }
    for word in words { line.append(" \(theme.dot) \(word)", theme.dim) }
    return line
  }
}
