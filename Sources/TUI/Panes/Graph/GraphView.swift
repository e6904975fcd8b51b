internal import Engine
internal import HumanText
internal import Workflow

/// The stages as rails, with a bar and figures each.
enum GraphView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let rows = model.graphRows
    let window = model.graph.window
    guard !rows.isEmpty else {
      Frame.drawEmpty("no processes", in: area, theme: model.theme, on: &buffer)
      return
    }
    let columns = Columns(model, width: inner.columns)
    for offset in 0..<inner.rows {
      guard let row = rows[guarding: window.top + offset] else { break }
      buffer.write(
        line(model, row, columns), at: Point(column: inner.column, row: inner.row + offset),
        width: inner.columns)
    }
    Frame.markCursor(
      row: inner.row + window.cursor - window.top, in: area, isFocused: model.focus == .graph,
      theme: model.theme, on: &buffer)
    Frame.drawScroll(
      top: window.top, height: inner.rows, count: rows.count, in: area, theme: model.theme,
      on: &buffer)
  }

  /// Widths of the parts of a row, the same for all rows.
  private struct Columns {
    let lanes: Int
    let name: Int
    let bar: Int
    let figures: Int
    let failed: Int

    init(_ model: Model, width: Int) {
      let stages = model.run.stages
      let widest = stages.map { "\($0.counts.done)/\($0.counts.total)".utf8.count }.max() ?? 3
      let mostFailed = stages.map(\.counts.needingAttention).max() ?? 0
      lanes = model.graph.rails.laneCount * 2
      figures = max(3, widest) + 1
      failed = mostFailed > 0 ? "\(mostFailed)".utf8.count + 3 : 0
      let names =
        model.run.graph.stages.prefix(500)
        .map { DisplayWidth.of($0.name.displayName) }.max() ?? 8
      // Lanes, name, two blanks, bar, figures, failed, a mean of eight columns.
      let room = width - lanes - 2 - figures - failed - 8
      name = max(6, min(names, room - 6))
      bar = max(0, min(40, room - name))
    }
  }

  private static func line(_ model: Model, _ row: StageGraph.Row, _ columns: Columns) -> Line {
    let theme = model.theme
    guard let stage = row.stage else { return lanes(row.lanes, .waiting, Style.plain, theme) }
    let state = model.run.stages[stage]
    let counts = state.counts
    let look = TaskLook(stage: counts)
    var line = lanes(row.lanes, look, theme.style(look), theme)
    line.pad(to: columns.lanes)
    let name = model.run.graph.stages[stage].name.displayName
    line.column(
      Truncation.middle(name, columns.name, ellipsis: theme.ellipsis), columns.name,
      look == .waiting ? theme.dim : .plain, ellipsis: theme.ellipsis)
    line.append("  ")
    line.append(
      ProgressBar.line(
        done: counts.done, active: counts[.running], failed: counts.needingAttention,
        total: counts.total, columns: columns.bar, theme: theme))
    line.rightColumn(
      "\(counts.done)/\(counts.total)", columns.figures, look == .waiting ? theme.dim : .plain,
      ellipsis: theme.ellipsis)
    if columns.failed > 0 {
      let failed = counts.needingAttention
      let text = failed > 0 ? "\(theme.glyph(.failed)) \(failed)" : ""
      line.rightColumn(text, columns.failed, theme.style(.failed), ellipsis: theme.ellipsis)
    }
    let mean = state.meanMilliseconds.map { Formats.mean(milliseconds: Double($0)) } ?? ""
    line.rightColumn(mean, 8, theme.dim, ellipsis: theme.ellipsis)
    return line
  }

  // MARK: Lanes

  static func lanes(
    _ lanes: [StageGraph.Lane], _ look: TaskLook, _ style: Style, _ theme: Theme
  ) -> Line {
    var line = Line()
    for (index, lane) in lanes.prefix(StageGraph.laneLimit).enumerated() {
      switch lane {
      case .empty: line.append(" ")
      case .stage: line.append(theme.glyph(look), style)
      case .line(let joint): line.append(glyph(joint, theme), theme.border)
      }
      let goesOn = if case .line(let joint) = lane { joint.contains(.right) } else { false }
      let isLast = index == min(lanes.count, StageGraph.laneLimit) - 1
      line.append(goesOn && !isLast ? theme.rule : " ", theme.border)
    }
    return line
  }

  static func glyph(_ joint: StageGraph.Joint, _ theme: Theme) -> String {
    switch joint {
    case [.up], [.down], [.up, .down]: theme.ascii ? "|" : "│"
    case [.left], [.right], [.left, .right]: theme.ascii ? "-" : "─"
    default: theme.ascii ? "+" : rounded(joint)
    }
  }

  private static func rounded(_ joint: StageGraph.Joint) -> String {
    switch joint {
    case [.up, .down, .right]: "├"
    case [.up, .down, .left]: "┤"
    case [.down, .left, .right]: "┬"
    case [.up, .left, .right]: "┴"
    case [.down, .left]: "╮"
    case [.down, .right]: "╭"
    case [.up, .left]: "╯"
    case [.up, .right]: "╰"
    default: "┼"
    }
  }
}

extension TaskLook {
  /// What stands out of a stage's tasks.
  init(stage counts: TaskCounts) {
    if counts[.failed] > 0 {
      self = .failed
    } else if counts[.lost] > 0 {
      self = .lost
    } else if counts[.running] > 0 {
      self = .running
    } else if counts[.queued] > 0 {
      self = .queued
    } else if counts[.ready] > 0 {
      self = .ready
    } else if counts[.cancelled] > 0 {
      self = .cancelled
    } else if counts.total > 0, counts.done == counts.total {
      self = counts[.succeeded] > 0 ? .succeeded : .skipped
    } else {
      self = .waiting
    }
  }
}
