internal import Engine
internal import Workflow

/// The last row: a question, a message, or the keys that work now.
enum HintView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let line = line(model, columns: area.columns - 2)
    buffer.write(
      line.cut(to: area.columns - 2, ellipsis: model.theme.ellipsis),
      at: Point(column: 1, row: area.row), width: area.columns - 2)
    // A question keeps its row; a message is above it.
    guard case .question = model.overlay, let status = model.status, area.row > 0 else { return }
    let above = Rectangle(column: area.column, row: area.row - 1, columns: area.columns, rows: 1)
    buffer.fill(above)
    let text = Truncation.end(status, area.columns - 2, ellipsis: model.theme.ellipsis)
    buffer.write(
      Line(text, model.theme.warning), at: Point(column: 1, row: above.row),
      width: area.columns - 2)
  }

  static func line(_ model: Model, columns: Int) -> Line {
    let theme = model.theme
    if case .question(let question) = model.overlay {
      return questionLine(model, question, columns)
    }
    if case .edit = model.overlay {
      let keys = [("Enter", "start"), ("Esc", "cancel"), ("Tab", "next field")]
      let all = appendKeys(Line(), keys + [("Ctrl-e", "whole text in $EDITOR")], theme)
      return all.width <= columns ? all : appendKeys(Line(), keys + [("Ctrl-e", "all")], theme)
    }
    if model.overlay == .help, model.status == nil {
      let isLong = model.overlayLineCount > max(1, model.layout.body.rows - 2)
      let moves = isLong ? [("Up Down PgUp PgDn", "scroll")] : []
      return appendKeys(Line(), moves + [("Esc", "close")], theme)
    }
    if case .menu(let menu) = model.overlay, model.status == nil {
      if let reason = model.items(of: menu)[guarding: menu.row]?.objection {
        return Line(Truncation.end(reason, columns, ellipsis: theme.ellipsis), theme.warning)
      }
      return appendKeys(Line(), [("Enter", "do it"), ("Esc", "close")], theme)
    }
    if let prompt = model.prompt { return promptLine(prompt, columns, theme) }
    if let status = model.status {
      return Line(Truncation.end(status, columns, ellipsis: theme.ellipsis), theme.warning)
    }
    if case .lost(let reason) = model.connection {
      let text = "no connection to Redis, trying again: \(reason)"
      return Line(Truncation.end(text, columns, ellipsis: theme.ellipsis), theme.warning)
    }
    return keysLine(model, columns: columns)
  }

  private static func promptLine(_ prompt: Prompt, _ columns: Int, _ theme: Theme) -> Line {
    var line = Line(prompt.label, theme.strong)
    let available = max(8, columns - line.width)
    line.append(FieldText.line(prompt.field, width: available, isFocused: true, theme: theme))
    if let note = prompt.note {
      line.append("   " + note, theme.warning)
      return line
    }
    let meanings = prompt.meanings
    return appendKeys(line, [("Enter", meanings.enter), ("Esc", meanings.escape)], theme)
  }

  private static func questionLine(
    _ model: Model, _ question: Question, _ columns: Int
  ) -> Line {
    let theme = model.theme
    // If the line is too short, the text after the question is left out: its keys must be visible.
    func questionLine(_ text: String, _ keys: [(String, String)]) -> Line {
      let whole = appendKeys(Line(text, theme.strong), keys, theme)
      guard whole.width > columns, let mark = text.firstIndex(of: "?") else { return whole }
      let answers = appendKeys(Line(" "), keys, theme, gap: 2).width
      let short = Truncation.end(
        String(text[...mark]), max(8, columns - answers), ellipsis: theme.ellipsis)
      return appendKeys(Line(short, theme.strong), keys, theme, gap: 2)
    }
    switch question {
    case .leave:
      switch model.phase {
      case .live:
        return questionLine(
          "Leave?", [("d", "detach, keep running"), ("s", "stop the run"), ("Esc", "stay")])
      case .open where model.run.status == .succeeded, .closed:
        return questionLine("Leave?", [("q", "leave"), ("Esc", "stay")])
      case .open:
        return questionLine(
          "Leave? The run closes; a retry reopens it.",
          [("q", "leave"), ("Esc", "stay")])
      }
    case .stop:
      return questionLine(
        "Stop the run? Running jobs are cancelled.", [("y", "stop it"), ("Esc", "no")])
    case .stopAndLeave:
      return questionLine(
        "Stop the run and leave? Running jobs are cancelled.",
        [("y", "stop it"), ("Esc", "no")])
    case .close:
      return questionLine(
        "Close the run? A retry reopens it.", [("y", "close"), ("Esc", "no")])
    case .drain(let worker):
      return questionLine(
        "Drain \(worker.displayName)? It finishes its jobs, then exits.",
        [("y", "drain"), ("Esc", "no")])
    case .removeWorker(let site, let id):
      return questionLine(
        "Remove the worker \(site.displayName) \(id.displayName)? Its jobs are retried.",
        [("y", "remove"), ("Esc", "no")])
    case .tasks(let question):
      let (text, keys) = question.text(model)
      return questionLine(text, keys)
    }
  }

  private static func keysLine(_ model: Model, columns: Int) -> Line {
    let hints = hints(model, columns: columns)
    return appendKeys(
      Line(), hints.map { ($0.key, $0.text) }, model.theme, gap: gap(columns))
  }

  /// The action of a click on the last row; `nil` between the hints.
  static func action(_ model: Model, at column: Int) -> Action? {
    guard model.overlay == nil, model.prompt == nil, model.status == nil,
      case .live = model.connection
    else { return nil }
    let columns = model.size.columns - 2
    var start = 1
    for hint in hints(model, columns: columns) {
      let width = DisplayWidth.of(hint.key) + 1 + DisplayWidth.of(hint.text)
      if (start..<start + width).contains(column) { return hint.action }
      start += width + gap(columns)
    }
    return nil
  }

  private static func gap(_ columns: Int) -> Int { columns < 100 ? 2 : 3 }

  /// Keys that are not possible now are left out; help and leave always show.
  private static func hints(
    _ model: Model, columns: Int
  ) -> [(key: String, text: String, action: Action)] {
    let bindings = model.keys.bindings(in: model.focus).filter { $0.hint != nil }
    let always = bindings.filter { isAlwaysShown($0.action) }
    var others = bindings.filter { binding in
      !isAlwaysShown(binding.action) && binding.action != .show(model.focus)
        && model.objection(to: binding.action) == nil
    }
    let isOfTasks = !runPanes.contains(model.focus)
    let own = isOfTasks ? [] : Set((model.keys.local[model.focus] ?? []).map(\.action))
    let isOpened = model.focus == model.arrangement.opened
    while true {
      var hints = (others + always).map {
        (key: $0.keys.first?.name ?? "", text: hint(of: $0, model), action: $0.action)
      }
      if isOpened { hints.append((key: "Esc", text: "close", action: .shell(.back))) }
      let width = hints.reduce(-gap(columns)) { sum, hint in
        sum + DisplayWidth.of(hint.key) + 1 + DisplayWidth.of(hint.text) + gap(columns)
      }
      if width <= columns || others.isEmpty { return hints }
      others.remove(at: leastNeeded(others, own: own))
    }
  }

  /// Panes in which retrying is not the main action.
  private static let runPanes: Set<Pane> = [.timeline, .workers, .events, .runs]

  /// The binding to leave out first if the line is too short. Two of the pane's own bindings stay
  /// longer than essential ones, and Enter stays longest.
  private static func leastNeeded(_ bindings: [KeyBinding], own: Set<Action>) -> Int {
    let first = bindings.indices.filter { own.contains(bindings[$0].action) }.prefix(2)
    let spare = bindings.indices.last { !bindings[$0].isEssential && !first.contains($0) }
    return spare ?? bindings.lastIndex { !isOpening($0) && !own.contains($0.action) }
      ?? bindings.lastIndex { !isOpening($0) } ?? bindings.count - 1
  }

  private static func hint(of binding: KeyBinding, _ model: Model) -> String {
    (isOpening(binding) ? model.focus.content?.opening : nil)
      ?? model.focus.content?.hint(for: binding.action, in: model) ?? binding.hint ?? ""
  }

  private static func isOpening(_ binding: KeyBinding) -> Bool {
    binding.action == .shell(.open)
  }

  private static func isAlwaysShown(_ action: Action) -> Bool {
    [.shell(.palette), .shell(.help), .shell(.quit)].contains(action)
  }

  private static func appendKeys(
    _ line: Line, _ keys: [(String, String)], _ theme: Theme, gap: Int = 3
  ) -> Line {
    var line = line
    for (key, meaning) in keys {
      if line.width > 0 { line.append(String(repeating: " ", count: gap)) }
      line.append(key, theme.key)
      line.append(" " + meaning, theme.dim)
    }
    return line
  }
}
