internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// One task as a row of the table.
struct TaskRow {
  let model: Model
  let firing: FiringID
  private let record: TaskRecord?
  private let appearance: TaskAppearance
  /// Text of tasks that need no attention is dim.
  private let plain: Style

  init(_ model: Model, _ firing: FiringID) {
    self.model = model
    self.firing = firing
    record = model.run.task(firing)
    appearance = Self.appearance(model.run, firing)
    let isCalm =
      appearance == .waiting || appearance == .succeeded || appearance == .skipped
      || appearance == .cancelled
    plain = isCalm ? model.theme.dim : .plain
  }

  /// A task that is held before it has fired looks held.
  static func appearance(_ run: RunState, _ firing: FiringID) -> TaskAppearance {
    let state = run.state(of: firing)
    let isHeld =
      state == .waiting
      && (run.heldTasks.contains(firing) || run.heldProcesses.contains(firing.process))
    return isHeld ? .held : TaskAppearance(state)
  }

  func line(_ grid: TaskGrid) -> Line {
    let theme = model.theme
    var line = Line(theme.glyph(appearance) + " ", theme.listStyle(appearance))
    for place in grid.places {
      line.pad(to: place.start)
      if place.column == .name {
        let name = Truncation.middle(
          model.run.label(firing), place.width, ellipsis: theme.ellipsis)
        line.append(name, plain)
        continue
      }
      guard record?.lastAttempt != nil, appearance != .waiting else {
        // The reason for waiting needs the width of all columns.
        let room = (grid.places.last?.end ?? place.end) - place.start
        let text = WaitText.text(model, firing) ?? appearance.word
        line.append(Truncation.end(text, room, ellipsis: theme.ellipsis), waitStyle)
        break
      }
      append(place, to: &line)
    }
    return line
  }

  private var waitStyle: Style { appearance == .held ? model.theme.style(.held) : plain }

  private func append(_ place: TaskGrid.ColumnSpan, to line: inout Line) {
    let (text, style) = cell(place.column)
    let ellipsis = model.theme.ellipsis
    if place.column.isNumeric {
      line.rightColumn(text, place.width, style, ellipsis: ellipsis)
    } else {
      line.column(text, place.width, style, ellipsis: ellipsis)
    }
  }

  private func cell(_ column: TaskColumn) -> (String, Style) {
    let theme = model.theme
    guard let record, let attempt = record.lastAttempt else { return ("", plain) }
    let usage = attempt.usage
    switch column {
    case .name: return (model.run.label(firing), plain)
    case .state:
      var style = theme.listStyle(appearance)
      style.attributes.remove(.bold)
      return (stateText(record), style)
    case .time:
      let time = attempt.duration(now: model.now).map {
        Formats.duration(milliseconds: $0, fine: record.state != .running)
      }
      return (time ?? "", plain)
    case .tries: return (attempt.number > 1 ? "#\(attempt.number)" : "", theme.warning)
    case .host: return (attempt.executor?.host.displayName ?? "", theme.dim)
    case .memory:
      let bytes = usage.maxResidentKilobytes * 1024
      return (bytes > 0 ? Formats.size(bytes: bytes) : "", plain)
    case .cpu:
      let cpu = usage.userMilliseconds + usage.systemMilliseconds
      return (attempt.outcome == nil ? "" : Formats.mean(milliseconds: Double(cpu)), plain)
    case .wait:
      let waited = AttemptTimes(attempt).waited
      return (waited.map { Formats.mean(milliseconds: Double($0)) } ?? "", plain)
    case .started:
      let time = attempt.startedAt.map {
        Formats.time(milliseconds: $0, offset: model.timeZoneOffset)
      }
      return (time ?? "", theme.dim)
    case .lastLine: return (says(record), theme.dim)
    }
  }

  /// The task's current output line, or its error. The last line of a task that succeeded is
  /// not shown.
  private func says(_ record: TaskRecord) -> String {
    if record.state.isDone { return "" }
    return model.lastLines[firing] ?? record.outcomeText
  }

  /// The cause in short form.
  private static func brief(_ cause: FailureCause) -> String {
    switch cause {
    case .signal(let number): "signal \(UnixSignalName.short(number))"
    case .timeout: cause.summary.replacing("timed out after", with: "timeout").displayName
    case .outOfMemory(certain: false): "out of memory?"
    default: cause.summary.displayName
    }
  }

  private func stateText(_ record: TaskRecord) -> String {
    if record.lastAttempt?.isCancelRequested == true, !record.state.isOver { return "cancelling" }
    if let cause = record.cause, record.state.needsAttention { return Self.brief(cause) }
    return WaitText.text(model, firing) ?? TaskAppearance(record.state).word
  }
}
