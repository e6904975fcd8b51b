internal import Engine
internal import HumanText
internal import Workflow

/// A group of tasks as a row: `▾ mDiffFit   580   ✘ 2  ▶ 4  ◌ 376  ✔ 198`.
struct TaskGroupRow {
  private let model: Model
  private let group: TaskGroup?

  init(_ model: Model, _ key: TaskGroupKey) {
    self.model = model
    group = model.tasks.shown.group(key)
  }

  func line(width: Int) -> Line {
    let theme = model.theme
    guard let group else { return Line() }
    let counts = counts(group, width)
    let isUnfolded = model.tasks.shown.unfolded.contains(group.key)
    var line = Line(theme.fold(isOpen: isUnfolded) + " ", theme.accent)
    let available = max(8, width - 2 - counts.width - 2)
    let isError = if case .error = group.key { true } else { false }
    let title = isError ? error(group) : group.key.title(model.run)
    line.append(
      isError
        ? Truncation.end(title, available, ellipsis: theme.ellipsis)
        : Truncation.middle(title, available, ellipsis: theme.ellipsis),
      group.key == .others ? theme.dim : theme.strong)
    line.pad(to: width - counts.width)
    line.append(counts)
    return line
  }

  /// The error of its first task; the signature hides names and numbers.
  private func error(_ group: TaskGroup) -> String {
    guard case .error(let key) = group.key,
      let first = group.rows.first.map({ model.tasks.index.rows[Int($0)] })
    else { return group.key.title(model.run) }
    return "\(key.cause.displayName)  \(model.run.task(first)?.outcomeText ?? "")"
  }

  /// The width of the states, so that the numbers of tasks are aligned.
  private static let statesColumns = 28

  private func counts(_ group: TaskGroup, _ width: Int) -> Line {
    let theme = model.theme
    let digits = "\(model.run.counts.total)".utf8.count
    let states = states(group)
    var line = Line()
    line.rightColumn("\(group.rows.count)", digits, theme.strong, ellipsis: theme.ellipsis)
    line.append(states)
    if width >= 60 { line.pad(to: digits + Self.statesColumns) }
    return line
  }

  private func states(_ group: TaskGroup) -> Line {
    let theme = model.theme
    var line = Line()
    for state in TaskOrder.states where group.counts[state] > 0 {
      let appearance = TaskAppearance(state)
      line.append(
        "  \(theme.glyph(appearance)) \(group.counts[state])", theme.listStyle(appearance))
    }
    return line
  }
}
