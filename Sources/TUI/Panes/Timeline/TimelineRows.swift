internal import Engine
internal import HumanText
internal import Workflow

/// Rows of the timeline as styled text.
enum TimelineRows {
  private struct Symbol {
    var text: String
    var style: Style
    /// The glyph of a full column.
    var bar: Int?
  }

  static func appearance(_ state: TimelineData.BarState) -> TaskAppearance {
    switch state {
    case .running: .running
    case .done: .succeeded
    case .failed: .failed
    case .lost: .lost
    case .cancelled: .cancelled
    }
  }

  /// `node-a/1`: the host if it identifies the worker, else the worker's name.
  static func name(_ model: Model, _ lane: TimelineData.Lane) -> String {
    let name = model.timeline.data.isShared(host: lane.host) ? lane.worker : lane.host
    return "\(name.displayName)/\(lane.slot)"
  }

  static let figureColumns = 5

  /// The columns before the bars.
  private static func head(
    _ model: Model, _ name: String, _ figure: String, _ style: Style
  ) -> Line {
    let theme = model.theme
    let columns = TimelineView.labelColumns(model) - figureColumns - 1
    var line = Line(Truncation.middle(name, columns, ellipsis: theme.ellipsis), style)
    line.pad(to: columns)
    line.rightColumn(figure, figureColumns, theme.dim, ellipsis: theme.ellipsis)
    line.append(" ")
    return line
  }

  // MARK: Slots

  /// `part`: the row of a bar that is several rows high; the first has the names.
  static func lane(_ model: Model, _ row: Int, _ scale: TimelineScale, part: Int = 0) -> Line {
    guard let lane = model.timeline.data.lanes[guarding: row] else { return Line() }
    let isCursor = row == model.timeline.cursor.row
    let chosen = isCursor ? model.timeline.chosen : nil
    var symbols = (0..<scale.columns).map { symbol(model, lane, $0, scale, chosen) }
    write(names: &symbols, model, lane, chosen, isBlank: part > 0)
    if part > 0 {
      var line = Line()
      line.pad(to: TimelineView.labelColumns(model))
      for symbol in symbols {
        var style = symbol.style
        let isRight = style.attributes.contains(.reverse)
        style.attributes.remove(.reverse)
        line.append(model.theme.lower(symbol.text, isRight: isRight), style)
      }
      return line
    }
    write(idle: &symbols, model, lane, scale)
    let busy = lane.utilisation(since: model.timelineStart, now: model.timelineNow)
    var line = head(
      model, name(model, lane), "\(Int((busy * 100).rounded()))%",
      lane.isGone ? model.theme.dim : .plain)
    for symbol in symbols { line.append(symbol.text, symbol.style) }
    return line
  }

  private static func symbol(
    _ model: Model, _ lane: TimelineData.Lane, _ column: Int, _ scale: TimelineScale,
    _ chosen: AttemptID?
  ) -> Symbol {
    let theme = model.theme
    let (start, end) = (scale.time(at: column), scale.time(at: column + 1))
    guard end > start, scale.cut(at: column) == nil else { return Symbol(text: " ", style: .plain) }
    switch lane.stretch(start, end, now: model.timelineNow) {
    case .idle: return Symbol(text: " ", style: .plain)
    case .many(let busy, let hasFailure):
      let first = lane.firstBar(endingAfter: start)
      let style = hasFailure ? theme.bad : style(of: lane.bars[first], model)
      return Symbol(text: theme.shade(busy), style: style)
    case .bar(let index, let from, let until):
      let bar = lane.bars[index]
      let style = bar.attempt == chosen ? theme.key : style(of: bar, model)
      let isWhole = from == start && until == end
      if isWhole { return Symbol(text: theme.fill(bar.state), style: style, bar: index) }
      if isShort(bar, scale, model.timelineNow), bar.state.isFailure {
        return Symbol(text: theme.glyph(appearance(bar.state)), style: style)
      }
      let part = Double(until - from) / Double(end - start)
      return edge(part, startsInside: from > start && until == end, bar.state, style, theme)
    }
  }

  /// The colour of the stage; that of failures for failed bars only.
  private static func style(of bar: TimelineData.Bar, _ model: Model) -> Style {
    let theme = model.theme
    if bar.state.isFailure || bar.state == .cancelled {
      return theme.colors == .none
        ? .plain : Style(foreground: theme.style(appearance(bar.state)).foreground)
    }
    let process = bar.attempt.firing.process.index
    return theme.stage(model.run.graph.stageOf[guarding: process] ?? 0)
  }

  private static func isShort(
    _ bar: TimelineData.Bar, _ scale: TimelineScale, _ now: Int
  ) -> Bool {
    Double((bar.end ?? now) - bar.start) < 2 * scale.perColumn
  }

  /// A column that is partly filled: on its left, or on its right if the bar begins there.
  private static func edge(
    _ part: Double, startsInside: Bool, _ state: TimelineData.BarState, _ style: Style,
    _ theme: Theme
  ) -> Symbol {
    if theme.ascii { return Symbol(text: part < 0.5 ? "|" : theme.fill(state), style: style) }
    let eighths = min(7, max(1, Int((part * 8).rounded())))
    if startsInside {
      // The right part of a cell is the reversed left part.
      return Symbol(text: theme.leftPart(8 - eighths), style: style.adding(.reverse))
    }
    return Symbol(text: theme.leftPart(eighths), style: style)
  }

  /// Writes task names into wide bars, and a glyph at the end of failed ones.
  private static func write(
    names symbols: inout [Symbol], _ model: Model, _ lane: TimelineData.Lane,
    _ chosen: AttemptID?, isBlank: Bool
  ) {
    let theme = model.theme
    var start = 0
    while start < symbols.count {
      guard let bar = symbols[start].bar else {
        start += 1
        continue
      }
      var end = start
      while end < symbols.count, symbols[end].bar == bar { end += 1 }
      let state = lane.bars[bar].state
      if state.isFailure, end - start >= 1, !isBlank {
        put(theme.glyph(appearance(state)), at: end - 1, &symbols)
      }
      let available = end - start - (state.isFailure ? 2 : 0)
      let attempt = lane.bars[bar].attempt
      if !isBlank, let name = name(of: attempt, available, model) {
        // Selection must not be shown by colour alone.
        put(
          attempt == chosen ? "[\(name)]" : " \(name) ",
          at: start + (available - DisplayWidth.of(name) - 2) / 2, &symbols)
      } else if !isBlank, attempt == chosen, available > 0 {
        put(theme.chosenMark, at: start, &symbols)
      }
      // Adjacent bars are separated by a gap.
      let isTight = end < symbols.count && symbols[end].bar != nil
      if isTight, !state.isFailure { symbols[end - 1].text = theme.leftPart(7) }
      start = end
    }
  }

  /// The name of a bar of some columns: `mAdd:2`, or `:2` if the colour tells the stage; `nil` if
  /// neither fits.
  private static func name(of attempt: AttemptID, _ columns: Int, _ model: Model) -> String? {
    let name = model.run.label(attempt.firing)
    if DisplayWidth.of(name) + 2 <= columns { return name }
    if model.theme.colors != .none, let mark = name.lastIndex(of: ":") {
      let number = String(name[mark...])
      return DisplayWidth.of(number) + 2 <= columns ? number : nil
    }
    guard columns >= 6 else { return nil }
    return Truncation.middle(name, columns - 2, ellipsis: model.theme.ellipsis)
  }

  /// Writes how long a slot has been idle, if the text fits.
  private static func write(
    idle symbols: inout [Symbol], _ model: Model, _ lane: TimelineData.Lane, _ scale: TimelineScale
  ) {
    guard model.phase == .live, !lane.isGone, let end = lane.bars.last?.end else { return }
    let text = "idle \(Formats.duration(milliseconds: model.timelineNow - end))"
    let now = min(scale.column(of: model.timelineNow), symbols.count)
    let start = now - text.utf8.count - 1
    guard start > scale.column(of: end) + 1, start >= 0 else { return }
    for (offset, character) in text.enumerated() {
      symbols[start + offset] = Symbol(text: String(character), style: model.theme.dim)
    }
  }

  /// Dark text on the colour of the bar; a wide character replaces two cells.
  private static func put(_ text: String, at place: Int, _ symbols: inout [Symbol]) {
    var place = place
    for scalar in text.unicodeScalars {
      let width = DisplayWidth.of(scalar)
      if width == 0 {
        if place > 0 { symbols[place - 1].text += String(scalar) }
        continue
      }
      guard place + width <= symbols.count else { return }
      symbols[place].text = String(scalar)
      symbols[place].style = symbols[place].style.adding(.reverse)
      if width == 2 { symbols[place + 1].text = "" }
      place += width
    }
  }

  // MARK: Stages

  /// The number of running jobs of the stage, as heights.
  static func stage(_ model: Model, _ row: Int, _ scale: TimelineScale) -> Line {
    let theme = model.theme
    guard let track = model.timeline.data.tracks[guarding: row],
      let stage = model.run.graph.stages[guarding: row]
    else { return Line() }
    let peak = track.peak
    var line = head(
      model, stage.name.displayName, peak > 0 ? "\(theme.times)\(peak)" : "",
      peak == 0 ? theme.dim : theme.stage(row))
    for column in 0..<scale.columns {
      guard let (jobs, hasFailure) = jobs(of: track, at: column, scale, model) else {
        line.append(" ")
        continue
      }
      if hasFailure {
        line.append(theme.glyph(.failed), theme.bad)
      } else {
        line.append(theme.height(jobs, of: peak), jobs == 0 ? .plain : theme.stage(row))
      }
    }
    return line
  }

  /// `nil` after the present and in a cut.
  private static func jobs(
    of track: TimelineData.Track, at column: Int, _ scale: TimelineScale, _ model: Model
  ) -> (jobs: Int, hasFailure: Bool)? {
    let (start, end) = (scale.time(at: column), scale.time(at: column + 1))
    guard end > start, column <= scale.column(of: model.timelineNow), scale.cut(at: column) == nil
    else { return nil }
    return track.stretch(start, end)
  }

  // MARK: Slots in use

  /// The number of running jobs as an area of some rows.
  static func slotsInUse(_ model: Model, _ scale: TimelineScale, rows: Int) -> [Line] {
    let (theme, track) = (model.theme, model.timeline.data.whole)
    let maximum = max(model.slotCount, track.peak, 1)
    let isNarrow = TimelineView.labelColumns(model) < figureColumns + 1 + 12
    let counts = (0..<scale.columns).map { jobs(of: track, at: $0, scale, model)?.jobs ?? 0 }
    return (0..<rows).map { row in
      let below = rows - 1 - row
      var line =
        row == 0
        ? head(model, isNarrow ? "slots" : "slots in use", "\(theme.times)\(maximum)", theme.dim)
        : head(model, "", "", .plain)
      let text = counts.map { theme.level($0 * rows * 8 / maximum - below * 8) }.joined()
      line.append(text, theme.area)
      return line
    }
  }
}

extension Theme {
  /// The busy fraction of a column.
  func shade(_ busy: Double) -> String {
    let symbols = ascii ? [".", "-", "=", "#"] : ["░", "▒", "▓", "█"]
    return symbols[min(3, max(0, Int(busy * 4)))]
  }

  /// A cell of the second row of a bar: its upper half, so that bars do not touch the next slot.
  func lower(_ text: String, isRight: Bool) -> String {
    if ascii { return text }
    if isRight { return "▝" }
    switch text {
    case " ": return " "
    case "▏", "▎", "▍", "▌", "▉": return "▘"
    default: return "▀"
    }
  }

  /// The lower eighths of a cell.
  func level(_ eighths: Int) -> String {
    if ascii { return eighths >= 4 ? "#" : eighths > 0 ? "." : " " }
    return [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][min(8, max(0, eighths))]
  }

  /// The left eighths of a cell.
  func leftPart(_ eighths: Int) -> String {
    if ascii { return "|" }
    return [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"][min(8, max(0, eighths))]
  }

  func fill(_ state: TimelineData.BarState) -> String {
    switch state {
    case .running: bar.running
    case .done: bar.done
    // Where failures have their own colour, a shade would look like another red.
    case .failed, .lost: colors == .none || ascii ? bar.failed : bar.done
    case .cancelled: bar.empty
    }
  }

  /// A height for a value of a maximum; in ASCII the number.
  func height(_ count: Int, of maximum: Int) -> String {
    guard count > 0, maximum > 0 else { return " " }
    if ascii { return count > 9 ? "+" : "\(count)" }
    let symbols = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    return symbols[min(7, max(0, (count * 8 + maximum - 1) / maximum - 1))]
  }
}
