internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The groups, one per row; below them the effect of keys, and the tasks of the group.
enum FailuresView {
  /// Lines of the preview.
  private static let previewRows = 4

  /// The rows of each part. A part that does not fit has no rows and no divider.
  private struct Parts {
    let list: Int
    let preview: Int
    let tasks: Int

    /// The list gets rows for all groups if possible, then the tasks of the selected group. The
    /// height of the list does not depend on the group under the cursor.
    init(rows: Int, groups: Int) {
      guard rows >= previewRows + 4 else {
        (list, preview, tasks) = (rows, 0, 0)
        return
      }
      preview = previewRows
      let left = rows - previewRows - 1
      let kept = left >= 12 ? max(4, left / 4) : 0
      list = min(max(1, groups), left - kept)
      tasks = max(0, left - list - 1)
    }
  }

  /// The number of rows of the list.
  static func listHeight(_ model: Model) -> Int {
    let area = model.layout.panes[.failures] ?? model.layout.body
    return Parts(rows: area.inset().rows, groups: model.failures.groups.count).list
  }

  /// The task of the group at a row inside the pane.
  static func task(_ model: Model, at row: Int) -> FiringID? {
    let area = model.layout.panes[.failures] ?? model.layout.body
    let parts = Parts(rows: area.inset().rows, groups: model.failures.groups.count)
    // A divider is above each part.
    let place = row - parts.list - parts.preview - 2
    guard place >= 0, place < parts.tasks else { return nil }
    return model.failures.group?.tasks[guarding: place]
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let failures = model.failures
    guard !failures.groups.isEmpty else {
      let text = "no failures; failed tasks appear here, grouped by cause and last line"
      return Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
    }
    let parts = Parts(rows: area.inset().rows, groups: failures.groups.count)
    drawGroups(model, in: area, height: parts.list, on: &buffer)
    let inner = area.inset(padding: 1)
    var row = inner.row + parts.list
    func part(_ title: String, _ lines: [Line], rows: Int) {
      guard rows > 0 else { return }
      Frame.drawDivider(
        row: row, title: title, in: area, isFocused: model.focus == .failures,
        theme: model.theme, on: &buffer)
      for (offset, line) in lines.prefix(rows).enumerated() {
        buffer.write(
          line.cut(to: inner.columns, ellipsis: model.theme.ellipsis),
          at: Point(column: inner.column, row: row + 1 + offset), width: inner.columns)
      }
      row += rows + 1
    }
    part("effect of each key", preview(model, columns: inner.columns), rows: parts.preview)
    guard let group = failures.group else { return }
    let rows = Array(group.tasks.prefix(parts.tasks))
    let grid = TaskGrid(model, width: inner.columns, rows: rows, hasTitles: false)
    let tasks = rows.map { TaskRow(model, $0).line(grid) }
    part("tasks of the group (\(model.keyName(.shell(.open))): show all)", tasks, rows: parts.tasks)
  }

  private static func drawGroups(
    _ model: Model, in area: Rectangle, height: Int, on buffer: inout CellBuffer
  ) {
    let failures = model.failures
    let inner = area.inset(padding: 1)
    let columns = Columns(model, width: inner.columns)
    for offset in 0..<height {
      guard let group = failures.groups[guarding: failures.window.top + offset] else { break }
      buffer.write(
        line(group, columns, model), at: Point(column: inner.column, row: inner.row + offset),
        width: inner.columns)
    }
    if let cursor = failures.cursor.row {
      Frame.markCursor(
        row: inner.row + cursor - failures.window.top, in: area,
        isFocused: model.focus == .failures, theme: model.theme, on: &buffer)
    }
    Frame.drawScroll(
      top: failures.window.top, height: height, count: failures.groups.count, in: area,
      theme: model.theme, on: &buffer)
  }

  // MARK: Groups

  /// Widths; 0 hides a column.
  private struct Columns {
    let count: Int
    let cause: Int
    let signature: Int
    let stages: Int
    let times: Int

    init(_ model: Model, width: Int) {
      let groups = model.failures.groups.prefix(200)
      count = max(3, groups.map { "\($0.count)".utf8.count }.max() ?? 3)
      let widest = groups.map { DisplayWidth.of($0.cause.summary.displayName) }.max() ?? 8
      cause = min(widest, width >= 70 ? 22 : 16)
      let rest = width - count - 2 - cause - 2
      let longest = groups.map { DisplayWidth.of(FailuresView.times($0, model)) }.max() ?? 0
      times = rest >= 66 ? longest : 0
      let stage = groups.map { DisplayWidth.of(FailuresView.stages($0, model)) }.max() ?? 0
      let available = rest - (times > 0 ? times + 2 : 0)
      // The error comes first.
      let error = groups.map { DisplayWidth.of(FailuresView.error($0, model)) }.max() ?? 0
      let left = max(available - error - 2, min(12, available / 4))
      stages = available >= 50 ? min(stage, left, available / 3) : 0
      signature = max(0, available - (stages > 0 ? stages + 2 : 0))
    }
  }

  private static func line(_ group: FailureGroup, _ columns: Columns, _ model: Model) -> Line {
    let theme = model.theme
    let appearance = Self.appearance(group)
    var line = Line()
    line.rightColumn("\(group.count)", columns.count, theme.strong, ellipsis: theme.ellipsis)
    line.append(theme.times + " ", theme.dim)
    var style = theme.style(appearance)
    style.attributes.remove(.bold)
    line.column(group.cause.summary.displayName, columns.cause, style, ellipsis: theme.ellipsis)
    line.append("  ")
    line.column(error(group, model), columns.signature, ellipsis: theme.ellipsis)
    if columns.stages > 0 {
      line.append("  ")
      line.column(stages(group, model), columns.stages, theme.dim, ellipsis: theme.ellipsis)
    }
    if columns.times > 0 {
      line.append("  ")
      line.rightColumn(times(group, model), columns.times, theme.dim, ellipsis: theme.ellipsis)
    }
    return line
  }

  private static func appearance(_ group: FailureGroup) -> TaskAppearance {
    if group.stuckCount == 0 { return .retrying }
    switch group.cause {
    case .lost: return .lost
    case .cancelled: return .cancelled
    default: return .failed
    }
  }

  /// The last line of its first task: the signature hides names and numbers.
  private static func error(_ group: FailureGroup, _ model: Model) -> String {
    let text = group.lastLine(model.run)
    if !text.isEmpty { return text }
    switch group.cause {
    case .exit, .signal, .timeout, .outOfMemory: return "no output"
    default: return model.theme.rule
    }
  }

  /// `mDiffFit`, or `mDiffFit × 3, mAdd`.
  private static func stages(_ group: FailureGroup, _ model: Model) -> String {
    guard group.stages.count == 1, let only = group.stages.first else {
      return StageText.names(group.stages, model)
    }
    return StageText.names([StageCount(stage: only.stage, count: 1)], model)
  }

  private static func times(_ group: FailureGroup, _ model: Model) -> String {
    func time(_ milliseconds: Int) -> String {
      Formats.time(milliseconds: milliseconds, offset: model.timeZoneOffset)
    }
    let (first, last) = (time(group.failedAt.lowerBound), time(group.failedAt.upperBound))
    return first == last ? first : "\(first) \(model.theme.ascii ? "-" : "–") \(last)"
  }

  // MARK: The preview

  static func preview(_ model: Model, columns: Int) -> [Line] {
    guard let group = model.failures.group else { return [] }
    let after = model.failures.downstream
    return [
      retryLine(group, after, model), waitingLine(group, after, model, columns),
      scheduledLine(group, model) ?? memoryLine(group, model), keysLine(model, columns),
    ].compactMap { $0 }
  }

  private static func retryLine(
    _ group: FailureGroup, _ after: Downstream, _ model: Model
  ) -> Line {
    let theme = model.theme
    var line = Line(model.keyName(.task(.retry)), theme.key)
    line.append(" retries ")
    line.append(Formats.counted(group.count, "task"), theme.strong)
    if after.fired.isEmpty {
      line.append("; no downstream task has run")
    } else {
      line.append("; ")
      line.append("\(Formats.counted(after.fired.count, "task")) downstream", theme.warning)
      line.append(" already used their outputs: you choose whether they run again")
    }
    return line
  }

  private static func scheduledLine(_ group: FailureGroup, _ model: Model) -> Line? {
    guard group.scheduledCount > 0 else { return nil }
    let next = group.tasks.compactMap { model.run.task($0)?.retryDueAt }.min() ?? model.now
    let seconds = max(0, next - model.now + 999) / 1000
    let countText = group.stuckCount == 0 ? "all" : "\(group.scheduledCount)"
    return Line(
      "\(countText) of them \(group.scheduledCount == 1 ? "is" : "are") retried automatically, "
        + "the next in \(seconds) s", model.theme.style(.retrying))
  }

  private static func waitingLine(
    _ group: FailureGroup, _ after: Downstream, _ model: Model, _ columns: Int
  ) -> Line {
    guard after.waitingCount > 0 else { return Line("no task waits for them", model.theme.dim) }
    var line = Line(model.run.areAllTasksOfTheirProcesses(group.tasks) ? "" : "at most ")
    line.append("\(after.waitingCount)", model.theme.strong)
    line.append(after.waitingCount == 1 ? " waits for them: " : " wait for them: ")
    // As many names as fit.
    let names = (1...8).reversed().lazy.map { StageText.names(after.waiting, model, limit: $0) }
    let fitting = names.first { line.width + DisplayWidth.of($0) <= columns }
    line.append(fitting ?? StageText.names(after.waiting, model, limit: 1))
    return line
  }

  /// The peak memory of jobs that ran out of memory.
  private static func memoryLine(_ group: FailureGroup, _ model: Model) -> Line? {
    guard case .outOfMemory = group.cause else { return nil }
    let maximum =
      group.tasks.compactMap { model.run.task($0)?.lastAttempt?.usage }
      .map(\.maxResidentKilobytes).max() ?? 0
    guard maximum > 0 else { return nil }
    return Line("peak memory \(Formats.size(bytes: maximum * 1024))", model.theme.warning)
  }

  private static func keysLine(_ model: Model, _ columns: Int) -> Line {
    let long: [(Action, String)] = [
      (.task(.edit), "edits and retries all"), (.task(.skip), "skips them"),
      (.failures(.log), "shows the first task's output"), (.failures(.copy), "copies the error"),
    ]
    let short: [(Action, String)] = [
      (.task(.edit), "edits all"), (.task(.skip), "skips them"),
      (.failures(.log), "first output"), (.failures(.copy), "copies"),
    ]
    let lines = [long, short].map { keys in
      keys.reduce(into: Line()) { line, key in
        if line.width > 0 { line.append("   ") }
        line.append(model.keyName(key.0), model.theme.key)
        line.append(" " + key.1, model.theme.dim)
      }
    }
    return lines.first { $0.width <= columns } ?? lines[1]
  }
}

extension FailureGroup {
  /// The last line of the first task; the others are similar.
  func lastLine(_ run: RunState) -> String {
    tasks.first.flatMap { run.task($0)?.outcomeText } ?? ""
  }
}
