internal import Engine
internal import JobProtocol
internal import Workflow

/// The text below the fields: the changes, and the command that will run.
enum EditChanges {
  /// How many rows a command may take; a long common prefix is shortened.
  private static let rows = 3
  /// How much of the prefix stays.
  private static let context = 16

  static func lines(_ form: EditForm, _ model: Model, width: Int) -> [Line] {
    let theme = model.theme
    let edits: [JobEdit]
    do throws(CommandText.Mistake) {
      edits = try form.result()
    } catch {
      return [Line(error.text, theme.warning)] + outcomeLines(form, model, width: width)
    }
    var lines: [Line] = []
    if let mistake = form.mistake { lines.append(Line(mistake, theme.warning)) }
    lines +=
      Array(zip(form.commandsNow, edits)).first.map { before, edit in
        difference(before, form, edit, model, width: width)
      } ?? []
    if lines.isEmpty {
      let subject = form.tasks.count == 1 ? "the task runs" : "the tasks run"
      lines.append(Line("nothing changed: \(subject) again as before", theme.dim))
    }
    return lines + outcomeLines(form, model, width: width)
  }

  private static func difference(
    _ before: JobCommand, _ form: EditForm, _ edit: JobEdit, _ model: Model, width: Int
  ) -> [Line] {
    let theme = model.theme
    guard let original = form.tasks.first.map({ model.run.workflow[$0.process] }),
      let after = JobCommand(original)?.applying(edit)
    else { return [] }
    var lines: [Line] = []
    func changed(_ old: String?, _ new: String?) {
      lines += pair(old?.displayName, new?.displayName, theme, width: width)
    }
    let (old, new) = (CommandText.text(before), CommandText.text(after))
    if old != new {
      changed(old, new)
      if !form.hasOneCommand {
        lines.append(Line("  and in all \(form.tasks.count) tasks", theme.dim))
      }
    }
    if before.timeout != after.timeout {
      changed(
        form.hasOneTimeout ? "timeout \(CommandText.text(timeout: before.timeout))" : nil,
        "timeout \(CommandText.text(timeout: after.timeout))")
    }
    let names = Set(before.environment.keys).union(after.environment.keys).sorted()
    for name in names where before.environment[name] != after.environment[name] {
      changed(
        before.environment[name].map { "\(name)=\($0)" },
        after.environment[name].map { "\(name)=\($0)" })
    }
    return lines
  }

  // MARK: Before and after

  /// Two long texts, shortened so that the difference is visible.
  static func pair(_ old: String?, _ new: String?, _ theme: Theme, width: Int) -> [Line] {
    let columns = max(8, width - 2)
    let isLong = [old, new].contains { DisplayWidth.of($0 ?? "") > columns * rows }
    let common = old.map { new?.commonPrefix(with: $0).count ?? 0 } ?? 0
    let left = isLong ? max(0, common - context) : 0
    func side(_ sign: String, _ text: String?, _ style: Style) -> [Line] {
      guard let text else { return [] }
      let begin = left > 0 ? theme.ellipsis : ""
      let shown = Line(begin + text.dropFirst(left), style)
        .cut(to: columns * rows, ellipsis: theme.ellipsis)
      return shown.wrapped(to: columns).enumerated().map { row, piece in
        var line = Line(row == 0 ? sign : "  ", style)
        line.append(piece)
        return line
      }
    }
    return side("- ", old, theme.bad) + side("+ ", new, theme.good)
  }

  // MARK: Afterwards

  private static func outcomeLines(_ form: EditForm, _ model: Model, width: Int) -> [Line] {
    let theme = model.theme
    var lines: [Line] = []
    if form.scope == .downstream {
      let stages = model.run.stageCounts(of: form.downstream.fired)
      lines += sentence("runs again: ", stages, model, width: width)
    }
    if form.downstream.waiting.isEmpty {
      if lines.isEmpty { lines.append(Line("no task waits for it", theme.dim)) }
    } else {
      let begin =
        model.run.areAllTasksOfTheirProcesses(form.tasks) ? "then runs: " : "then runs, at most: "
      lines += sentence(begin, form.downstream.waiting, model, width: width)
    }
    return lines
  }

  private static func sentence(
    _ begin: String, _ stages: [StageCount], _ model: Model, width: Int
  ) -> [Line] {
    var line = Line(begin, model.theme.dim)
    line.append(StageText.names(stages, model, marksHeld: true))
    return line.wrapped(to: width, margin: begin.count)
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> Substring {
    self[
      ..<(zip(indices, other).first { self[$0] != $1 }?.0
        ?? index(startIndex, offsetBy: Swift.min(count, other.count)))]
  }
}
