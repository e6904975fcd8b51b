internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The form: fields above, below what changes and what then runs.
enum EditView {
  private static let labelWidth = 13

  static func draw(
    _ model: Model, _ form: EditForm, in area: Rectangle, on buffer: inout CellBuffer
  ) {
    let theme = model.theme
    let title = Line("Edit and retry \(model.name(of: form.tasks))", theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: theme, on: &buffer)
    let inner = area.inset(padding: 1)
    let fields = fields(form, model, width: inner.columns)
    let changes = EditChanges.lines(form, model, width: inner.columns)
    // The fields have what they need, unless there are more variables than rows.
    let above = min(fields.count, max(3, inner.rows - 1 - min(changes.count, 8)))
    let current = fields.firstIndex { $0.place == form.place } ?? 0
    let top = max(0, min(current - above + 1, fields.count - above))
    for (offset, field) in fields.dropFirst(top).prefix(above).enumerated() {
      write(field, at: inner.row + offset, inner, model, on: &buffer)
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
    let place: EditForm.Place?
    let label: String
    let value: Line
  }

  private static func fields(_ form: EditForm, _ model: Model, width: Int) -> [Row] {
    let theme = model.theme
    let room = max(8, width - labelWidth)
    func field(_ place: EditForm.Place, _ label: String, _ text: TextField, _ note: String = "")
      -> Row
    {
      let isHere = form.place == place
      var line = FieldText.line(text, width: room, isFocused: isHere, theme: theme)
      if !note.isEmpty, line.width + 3 < room {
        line.append((line.width > 0 ? "   " : "") + note, theme.dim)
      }
      return Row(place: place, label: label, value: line)
    }
    var rows = failure(form, model)
    if form.hasOneCommand {
      rows.append(field(.command, "command", form.command, form.isShell ? "for a shell" : ""))
    } else {
      let note = "each keeps its arguments"
      rows.append(
        form.hasOneExecutable
          ? field(.command, "command", form.command, note)
          : Row(place: nil, label: "command", value: Line("different ones", theme.dim)))
      let words = form.appended.text.isEmpty ? "words to put behind each command" : ""
      rows.append(field(.append, "append", form.appended, words))
    }
    let note = form.hasOneTimeout ? "" : "they differ: empty keeps each"
    rows.append(field(.timeout, "timeout", form.timeout, note))
    for (index, variable) in form.variables.enumerated() {
      let label = index == 0 ? "environment" : ""
      let isNext = index == form.variables.count - 1 && variable.text.isEmpty
      rows.append(field(.variable(index), label, variable, isNext ? "NAME=VALUE" : ""))
    }
    if !form.downstream.fired.isEmpty {
      rows.append(Row(place: .scope, label: "runs again", value: scope(form, model)))
    }
    if let memory = memory(form, model) {
      rows.append(Row(place: nil, label: "memory", value: memory))
    }
    return rows
  }

  /// What went wrong, where that is the same in all: it is what one edits for.
  private static func failure(_ form: EditForm, _ model: Model) -> [Row] {
    let records = form.tasks.compactMap { model.run.task($0) }
    guard let first = records.first, let key = first.failureKey,
      records.allSatisfy({ $0.failureKey == key })
    else { return [] }
    var line = Line(key.cause.displayName, model.theme.bad)
    let words = first.lastWords
    if !words.isEmpty { line.append("  " + words, model.theme.dim) }
    return [Row(place: nil, label: "failed with", value: line)]
  }

  private static func scope(_ form: EditForm, _ model: Model) -> Line {
    let theme = model.theme
    let count = form.downstream.fired.count
    let style = form.place == .scope ? theme.accent.adding(.underline) : Style.plain
    var line = Line()
    let text =
      form.scope == .alone
      ? (form.tasks.count == 1 ? "only this task" : "only these tasks")
      : "this and \(Formats.counted(count, "task")) downstream"
    line.append(text, style)
    line.append("   Space changes", theme.dim)
    return line
  }

  /// What they used, where that is why they failed.
  private static func memory(_ form: EditForm, _ model: Model) -> Line? {
    let records = form.tasks.compactMap { model.run.task($0) }
    let killed = records.filter {
      if case .outOfMemory? = $0.cause { true } else { false }
    }
    let most = killed.compactMap { $0.lastAttempt?.usage.maxResidentKilobytes }.max() ?? 0
    guard most > 0 else { return nil }
    return Line("killed at \(Formats.size(bytes: most * 1024))", model.theme.warning)
  }

  private static func write(
    _ row: Row, at place: Int, _ inner: Rectangle, _ model: Model, on buffer: inout CellBuffer
  ) {
    guard case .edit(let form) = model.overlay else { return }
    let theme = model.theme
    var line = Line()
    let isHere = row.place != nil && row.place == form.place
    line.column(
      row.label, labelWidth, isHere ? theme.accent : theme.dim, ellipsis: theme.ellipsis)
    line.append(row.value)
    buffer.write(
      line.cut(to: inner.columns, ellipsis: theme.ellipsis),
      at: Point(column: inner.column, row: place), width: inner.columns)
    if isHere {
      buffer.write(
        theme.cursorMark, at: Point(column: inner.column - 1, row: place),
        style: Style(foreground: theme.accentColor))
    }
  }
}
