internal import Engine
internal import HumanText
internal import Workflow

/// Rows of the timeline as styled text.
enum TimelineRows {
  private struct Sign {
    var text: String
    var style: Style
    /// The glyph of a full column.
    var bar: Int?
  }

  static func look(_ fate: TimelineData.Fate) -> TaskLook {
    switch fate {
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

  static func lane(_ model: Model, _ row: Int, _ scale: TimelineScale) -> Line {
    guard let lane = model.timeline.data.lanes[guarding: row] else { return Line() }
    let isCursor = row == model.timeline.cursor.row
    let chosen = isCursor ? model.timeline.chosen : nil
    var signs = (0..<scale.columns).map { sign(model, lane, $0, scale, chosen) }
    write(names: &signs, model, lane, chosen)
    write(idle: &signs, model, lane, scale)
    let busy = lane.utilisation(since: model.timelineStart, now: model.timelineNow)
    var line = head(
      model, name(model, lane), "\(Int((busy * 100).rounded()))%",
      lane.isGone ? model.theme.dim : .plain)
    for sign in signs { line.append(sign.text, sign.style) }
    return line
  }

  private static func sign(
    _ model: Model, _ lane: TimelineData.Lane, _ column: Int, _ scale: TimelineScale,
    _ chosen: AttemptID?
  ) -> Sign {
    let theme = model.theme
    let (start, end) = (scale.time(at: column), scale.time(at: column + 1))
    guard end > start else { return Sign(text: " ", style: .plain) }
    switch lane.stretch(start, end, now: model.timelineNow) {
    case .idle: return Sign(text: " ", style: .plain)
    case .many(let busy, let hasTrouble):
      let style = hasTrouble ? theme.bad : Style(foreground: theme.good.foreground)
      return Sign(text: theme.shade(busy), style: style)
    case .bar(let index, let from, let until):
      let bar = lane.bars[index]
      var style = Style(foreground: theme.style(look(bar.fate)).foreground)
      if theme.colors == .none { style = .plain }
      if bar.attempt == chosen { style = theme.key }
      let isWhole = from == start && until == end
      if isWhole { return Sign(text: theme.fill(bar.fate), style: style, bar: index) }
      if isShort(bar, scale, model.timelineNow), bar.fate.isTrouble {
        return Sign(text: theme.glyph(look(bar.fate)), style: style)
      }
      let part = Double(until - from) / Double(end - start)
      return edge(part, startsInside: from > start && until == end, bar.fate, style, theme)
    }
  }

  private static func isShort(
    _ bar: TimelineData.Bar, _ scale: TimelineScale, _ now: Int
  ) -> Bool {
    Double((bar.end ?? now) - bar.start) < 2 * scale.perColumn
  }

  /// A column that is partly filled: on its left, or on its right if the bar begins there.
  private static func edge(
    _ part: Double, startsInside: Bool, _ fate: TimelineData.Fate, _ style: Style, _ theme: Theme
  ) -> Sign {
    if theme.ascii { return Sign(text: part < 0.5 ? "|" : theme.fill(fate), style: style) }
    let eighths = min(7, max(1, Int((part * 8).rounded())))
    if startsInside {
      // The right part of a cell is the reversed left part.
      return Sign(text: theme.leftPart(8 - eighths), style: style.adding(.reverse))
    }
    return Sign(text: theme.leftPart(eighths), style: style)
  }

  /// Writes task names into wide bars, and a sign at the end of failed ones.
  private static func write(
    names signs: inout [Sign], _ model: Model, _ lane: TimelineData.Lane, _ chosen: AttemptID?
  ) {
    let theme = model.theme
    var start = 0
    while start < signs.count {
      guard let bar = signs[start].bar else {
        start += 1
        continue
      }
      var end = start
      while end < signs.count, signs[end].bar == bar { end += 1 }
      let fate = lane.bars[bar].fate
      if fate.isTrouble, end - start >= 1 {
        put(theme.glyph(look(fate)), at: end - 1, &signs)
      }
      let room = end - start - (fate.isTrouble ? 2 : 0)
      if room >= 6 {
        let name = Truncation.middle(
          model.run.label(lane.bars[bar].attempt.firing), room - 2, ellipsis: theme.ellipsis)
        // Selection must not be shown by colour alone.
        let isChosen = lane.bars[bar].attempt == chosen
        put(
          isChosen ? "[\(name)]" : " \(name) ", at: start + (room - DisplayWidth.of(name) - 2) / 2,
          &signs)
      }
      // Adjacent bars are separated by a gap.
      let isTight = end < signs.count && signs[end].bar != nil
      if isTight, !fate.isTrouble { signs[end - 1].text = theme.leftPart(7) }
      start = end
    }
  }

  /// Writes how long a slot has been idle, if there is room.
  private static func write(
    idle signs: inout [Sign], _ model: Model, _ lane: TimelineData.Lane, _ scale: TimelineScale
  ) {
    guard model.phase == .live, !lane.isGone, let end = lane.bars.last?.end else { return }
    let text = "idle \(Formats.duration(milliseconds: model.timelineNow - end))"
    let now = min(scale.column(of: model.timelineNow), signs.count)
    let start = now - text.utf8.count - 1
    guard start > scale.column(of: end) + 1, start >= 0 else { return }
    for (offset, character) in text.enumerated() {
      signs[start + offset] = Sign(text: String(character), style: model.theme.dim)
    }
  }

  /// Dark text on the colour of the bar; a wide character replaces two signs.
  private static func put(_ text: String, at place: Int, _ signs: inout [Sign]) {
    var place = place
    for scalar in text.unicodeScalars {
      let width = DisplayWidth.of(scalar)
      if width == 0 {
        if place > 0 { signs[place - 1].text += String(scalar) }
        continue
      }
      guard place + width <= signs.count else { return }
      signs[place].text = String(scalar)
      signs[place].style = signs[place].style.adding(.reverse)
      if width == 2 { signs[place + 1].text = "" }
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
      peak == 0 ? theme.dim : .plain)
    let now = scale.column(of: model.timelineNow)
    for column in 0..<scale.columns {
      let (start, end) = (scale.time(at: column), scale.time(at: column + 1))
      guard end > start, column <= now else {
        line.append(" ")
        continue
      }
      let (jobs, hasTrouble) = track.stretch(start, end)
      if hasTrouble {
        line.append(theme.glyph(.failed), theme.bad)
      } else {
        line.append(
          theme.height(jobs, of: peak),
          jobs == 0 ? .plain : Style(foreground: theme.good.foreground))
      }
    }
    return line
  }
}

extension Theme {
  /// The busy fraction of a column.
  func shade(_ busy: Double) -> String {
    let signs = ascii ? [".", "-", "=", "#"] : ["░", "▒", "▓", "█"]
    return signs[min(3, max(0, Int(busy * 4)))]
  }

  /// The left eighths of a cell.
  func leftPart(_ eighths: Int) -> String {
    if ascii { return "|" }
    return [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"][min(8, max(0, eighths))]
  }

  func fill(_ fate: TimelineData.Fate) -> String {
    switch fate {
    case .running: bar.running
    case .done: bar.done
    case .failed, .lost: bar.failed
    case .cancelled: bar.empty
    }
  }

  /// A height for a value of a maximum; in ASCII the number.
  func height(_ count: Int, of most: Int) -> String {
    guard count > 0, most > 0 else { return " " }
    if ascii { return count > 9 ? "+" : "\(count)" }
    let signs = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    return signs[min(7, max(0, (count * 8 + most - 1) / most - 1))]
  }
}
