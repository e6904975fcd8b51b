internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// Draws the form: the fields, then the changes and the command that will run.
enum EditView {
  private static let labelWidth = 13

  static func draw(
    _ model: Model, _ form: EditForm, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let theme = model.theme
    let title = Line("Edit and retry \(model.name(of: form.tasks))", theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: theme, on: &buffer)
    let inner = area.inset(padding: 1)
    let rows = fields(form, model, width: inner.columns, rows: max(1, min(4, inner.rows / 4)))
    let fields = rows.flatMap { $0.lines(theme, width: inner.columns) }
    let changes = EditChanges.lines(form, model, width: inner.columns)
    // The fields get the rows they need, unless there are more variables than rows.
    let above = min(fields.count, max(3, inner.rows - 1 - min(changes.count, 8)))
    let first = rows.firstIndex { $0.field == form.focusedField } ?? 0
    let current =
      rows[..<first].reduce(0) { $0 + $1.value.count }
      + (rows[guarding: first].map { FieldText.cursorRow($0.value) } ?? 0)
    let top = max(0, min(current - above + 1, fields.count - above))
    for (offset, field) in fields.dropFirst(top).prefix(above).enumerated() {
      buffer.write(
        field, at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
      if top + offset == current {
        buffer.write(
          theme.cursorMark, at: Point(column: inner.column - 1, row: inner.row + offset),
          style: Style(foreground: theme.accentColor))
      }
    }
    let row = inner.row + above
    guard row < inner.endRow else { return }
    Frame.drawDivider(
      row: row, title: "changes", in: area, isFocused: true, theme: theme, on: &buffer)
    for (offset, line) in changes.prefix(inner.endRow - row - 1).enumerated() {
      buffer.write(
        line.cut(to: inner.columns, ellipsis: theme.ellipsis),
        at: Point(column: inner.column, row: row + 1 + offset), width: inner.columns)
    }
  }

  // MARK: Fields

  private struct Row {
    let field: EditForm.Field?
    let label: String
    /// At least one row.
    let value: [Line]
    let isFocused: Bool

    init(_ field: EditForm.Field?, _ label: String, _ value: [Line], _ form: EditForm) {
      self.field = field
      self.label = label
      self.value = value
      isFocused = field != nil && field == form.focusedField
    }

    func lines(_ theme: Theme, width: Int) -> [Line] {
      value.enumerated().map { index, content in
        var line = Line()
        line.column(
          index == 0 ? label : "", labelWidth, isFocused ? theme.accent : theme.dim,
          ellipsis: theme.ellipsis)
        line.append(content)
        return line.cut(to: width, ellipsis: theme.ellipsis)
      }
    }
  }

  private static func fields(
    _ form: EditForm, _ model: Model, width: Int, rows maximum: Int
  ) -> [Row] {
    let theme = model.theme
    let available = max(8, width - labelWidth)
    func field(_ field: EditForm.Field, _ label: String, _ text: TextField, _ note: String = "")
      -> Row
    {
      let isFocused = form.focusedField == field
      var lines = FieldText.lines(
        text, width: available, rows: maximum, isFocused: isFocused, theme: theme)
      let last = lines.count - 1
      if !note.isEmpty, lines[last].width + 3 + DisplayWidth.of(note) <= available {
        lines[last].append((lines[last].width > 0 ? "   " : "") + note, theme.dim)
      }
      return Row(field, label, lines, form)
    }
    var rows = failure(form, model)
    if form.hasOneCommand {
      rows.append(field(.command, "command", form.command, form.isShell ? "for a shell" : ""))
    } else {
      let note = "each keeps its arguments"
      rows.append(
        form.hasOneExecutable
          ? field(.command, "command", form.command, note)
          : Row(nil, "command", [Line("different commands", theme.dim)], form))
      let words = form.appended.text.isEmpty ? "arguments to append to each command" : ""
      rows.append(field(.append, "append", form.appended, words))
    }
    let note = form.hasOneTimeout ? CommandText.noTimeout : "different; empty keeps each"
    rows.append(
      field(
        .timeout, "timeout", form.timeout,
        form.timeout.text.isEmpty || !form.hasOneTimeout ? note : ""))
    for (index, variable) in form.variables.enumerated() {
      let label = index == 0 ? "environment" : ""
      let isNext = index == form.variables.count - 1 && variable.text.isEmpty
      rows.append(field(.variable(index), label, variable, isNext ? "NAME=VALUE" : ""))
    }
    if !form.downstream.fired.isEmpty {
      rows.append(Row(.scope, "runs again", [scope(form, model)], form))
    }
    if let memory = memory(form, model) {
      rows.append(Row(nil, "memory", [memory], form))
    }
    return rows
  }

  /// The error of the tasks, if they have the same one.
  private static func failure(_ form: EditForm, _ model: Model) -> [Row] {
    let records = form.tasks.compactMap { model.run.task($0) }
    guard let first = records.first, let key = first.failureKey,
      records.allSatisfy({ $0.failureKey == key })
    else { return [] }
    var line = Line(key.cause.displayName, model.theme.bad)
    let words = first.outcomeText
    if !words.isEmpty { line.append("  " + words, model.theme.dim) }
    return [Row(nil, "failed with", [line], form)]
  }

  private static func scope(_ form: EditForm, _ model: Model) -> Line {
    let theme = model.theme
    let count = form.downstream.fired.count
    let style = form.focusedField == .scope ? theme.accent.adding(.underline) : Style.plain
    var line = Line()
    let text =
      form.scope == .alone
      ? (form.tasks.count == 1 ? "only this task" : "only these tasks")
      : "this and \(Formats.counted(count, "task")) downstream"
    line.append(text, style)
    line.append("   Space changes", theme.dim)
    return line
  }

  /// The peak memory of tasks that ran out of memory.
  private static func memory(_ form: EditForm, _ model: Model) -> Line? {
    let records = form.tasks.compactMap { model.run.task($0) }
    let killed = records.filter {
      if case .outOfMemory? = $0.cause { true } else { false }
    }
    let maximum = killed.compactMap { $0.lastAttempt?.usage.maxResidentKilobytes }.max() ?? 0
    guard maximum > 0 else { return nil }
    return Line("killed at \(Formats.size(bytes: maximum * 1024))", model.theme.warning)
  }
}
