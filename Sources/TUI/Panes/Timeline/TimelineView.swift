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
    let plan = model.timelinePlan
    var lines = TimelineRows.slotsInUse(model, scale, rows: plan.slotRows)
    lines += rows(model, scale, plan)
    let axis = min(lines.count, inner.rows - 1)
    if plan.hasBoth { lines += [Line(), Line()] + others(model, scale) }
    for (offset, line) in lines.enumerated() where offset != axis {
      buffer.write(
        line, at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    drawCuts(model, scale, in: inner, axis: inner.row + axis, on: &buffer)
    drawNow(model, scale, in: inner, axis: inner.row + axis, on: &buffer)
    drawAxis(model, scale, in: inner, row: inner.row + axis, on: &buffer)
    markRow(model, plan, in: inner, on: &buffer)
    Frame.drawScroll(
      top: timeline.window.top, height: plan.count, count: timeline.rowCount, in: area,
      theme: model.theme, on: &buffer)
    drawDetail(model, in: area, on: &buffer)
  }

  private static func rows(_ model: Model, _ scale: TimelineScale, _ plan: TimelinePlan) -> [Line] {
    let timeline = model.timeline
    let top = timeline.window.top
    return (top..<min(timeline.rowCount, top + plan.count)).flatMap { row -> [Line] in
      switch timeline.grouping {
      case .workers:
        (0..<plan.barRows).map { TimelineRows.lane(model, row, scale, part: $0) }
      case .stages: [TimelineRows.stage(model, row, scale)]
      }
    }
  }

  /// The rows of the other grouping.
  private static func others(_ model: Model, _ scale: TimelineScale) -> [Line] {
    let data = model.timeline.data
    switch model.timeline.grouping {
    case .workers: return data.tracks.indices.map { TimelineRows.stage(model, $0, scale) }
    case .stages: return data.lanes.indices.map { TimelineRows.lane(model, $0, scale) }
    }
  }

  /// The width of row names and a figure, including a space.
  static func labelColumns(_ model: Model) -> Int {
    let names = model.timeline.data.lanes.map { TimelineRows.name(model, $0) }
    let stages = model.run.graph.stages.lazy.map { DisplayWidth.of($0.name.displayName) }
    let widest = max(names.lazy.map { DisplayWidth.of($0) }.max() ?? 0, stages.max() ?? 0)
    return min(max(8, widest), max(8, model.size.columns / 8)) + TimelineRows.figureColumns + 1
  }

  /// Marks the periods that are cut, with their lengths.
  private static func drawCuts(
    _ model: Model, _ scale: TimelineScale, in area: Rectangle, axis: Int,
    on buffer: inout CellBuffer
  ) {
    let theme = model.theme
    for cut in scale.cuts {
      let start = area.column + labelColumns(model) + cut.columns.lowerBound
      let dash = theme.ascii ? "-" : "╌"
      let length = Formats.age(milliseconds: cut.time.count)
      let text = Truncation.end(
        "\(dash) \(length) \(dash)", cut.columns.count, ellipsis: theme.ellipsis)
      let middle = start + (cut.columns.count - DisplayWidth.of(text)) / 2
      buffer.write(text, at: Point(column: middle, row: axis), style: theme.dim)
      for row in area.row..<axis {
        for column in [start + 1, start + cut.columns.count - 2]
        where buffer[column, row].text == " " {
          buffer.write(
            theme.ascii ? ":" : "┊", at: Point(column: column, row: row), style: theme.border)
        }
      }
    }
  }

  /// A vertical line at the present.
  private static func drawNow(
    _ model: Model, _ scale: TimelineScale, in area: Rectangle, axis: Int,
    on buffer: inout CellBuffer
  ) {
    guard model.phase == .live else { return }
    let column = scale.column(of: model.timelineNow)
    guard (0..<scale.columns).contains(column) else { return }
    let place = area.column + labelColumns(model) + column
    for row in area.row..<axis where buffer[place, row].text == " " {
      buffer.write(
        model.theme.ascii ? "|" : "│", at: Point(column: place, row: row),
        style: model.theme.border)
    }
  }

  private static func drawAxis(
    _ model: Model, _ scale: TimelineScale, in area: Rectangle, row: Int,
    on buffer: inout CellBuffer
  ) {
    let theme = model.theme
    let start = area.column + labelColumns(model)
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
    _ model: Model, _ plan: TimelinePlan, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let offset = model.timeline.window.cursor - model.timeline.window.top
    guard offset >= 0, offset < plan.count else { return }
    let row = area.row + plan.slotRows + offset * plan.barRows
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
    case .workers: model.timeline.chosenBar.map { barDetail(model, $0) } ?? legend(model)
    }
  }

  /// The legend of the bars' colours, unless the rows of the stages show them.
  private static func legend(_ model: Model) -> Line? {
    let theme = model.theme
    guard theme.colors != .none, !model.timelinePlan.hasBoth else { return nil }
    var line = Line()
    for stage in model.run.graph.stages.prefix(20)
    where model.timeline.data.tracks[guarding: stage.index]?.peak ?? 0 > 0 {
      if line.width > 0 { line.append("  ") }
      line.append(theme.bar.done + " ", theme.stage(stage.index))
      line.append(stage.name.displayName, theme.dim)
    }
    return line.width > 0 ? line : nil
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
      words = ["\(from) to \(until ?? "now")", LogRows.endText(record)]
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
    words += state.counts.statesNeedingAttention.map {
      "\(state.counts[$0]) \(TaskAppearance($0).word)"
    }
    if track.peak > 0 { words.append("peak \(track.peak) at a time") }
    if let mean = state.meanMilliseconds {
      words.append("\(Formats.mean(milliseconds: Double(mean))) each")
    }
    for word in words { line.append(" \(theme.dot) \(word)", theme.dim) }
    return line
  }
}
