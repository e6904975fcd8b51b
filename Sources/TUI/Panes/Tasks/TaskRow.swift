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

  /// The appearance of a task. A task that is held before it has fired looks held.
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
    for (index, place) in grid.places.enumerated() {
      if line.width > place.start { continue }
      line.pad(to: place.start)
      if place.column == .name {
        let name = Truncation.middle(
          model.run.label(firing), place.width, ellipsis: theme.ellipsis)
        line.append(name, plain)
        continue
      }
      guard record?.lastAttempt != nil, appearance != .waiting else {
        // The reason for waiting needs the width of all columns.
        let available = (grid.places.last?.end ?? place.end) - place.start
        let text = WaitText.text(model, firing) ?? appearance.word
        line.append(Truncation.end(text, available, ellipsis: theme.ellipsis), waitStyle)
        break
      }
      append(place, width: width(of: place, in: grid.places[(index + 1)...]), to: &line)
    }
    return line
  }

  /// A message also takes the columns behind it that are empty in this row.
  private func width(
    of place: TaskGrid.ColumnSpan, in others: ArraySlice<TaskGrid.ColumnSpan>
  ) -> Int {
    guard place.column == .lastLine, isFailed, let last = others.last else { return place.width }
    let next = others.first { !text($0.column).isEmpty }
    guard let next else { return last.end - place.start }
    return next == others.first ? place.width : next.start - 1 - place.start
  }

  private var waitStyle: Style { appearance == .held ? model.theme.style(.held) : plain }

  private func append(_ place: TaskGrid.ColumnSpan, width: Int, to line: inout Line) {
    var (text, style) = (text(place.column), style(place.column))
    if place.column == .lastLine, text.isEmpty, hasPrintedNothing {
      (text, style) = ("no output", model.theme.dim)
    }
    let ellipsis = model.theme.ellipsis
    if place.column.isNumeric {
      line.rightColumn(text, width, style, ellipsis: ellipsis)
    } else {
      line.column(text, width, style, ellipsis: ellipsis)
    }
  }

  /// Whether it needs attention or is retried because it failed.
  var isFailed: Bool {
    record?.cause != nil && (record?.state.needsAttention == true || record?.state == .retrying)
  }

  /// Whether the task failed after its program ran and printed nothing. False for a lost task,
  /// whose output is unknown.
  private var hasPrintedNothing: Bool {
    switch record?.cause {
    case .exit, .signal, .timeout, .outOfMemory: isFailed && message.isEmpty
    default: false
    }
  }

  /// The task's current output line, or the line that explains its failure. Empty for a task that
  /// succeeded.
  var message: String {
    guard let record, record.lastAttempt != nil, !record.state.isDone else { return "" }
    if record.state.needsAttention || record.state == .retrying {
      let explained = record.outcomeText
      if !explained.isEmpty { return explained }
    }
    return model.lastLines[firing] ?? ""
  }

  /// The text of a column; empty while the row has the reason for waiting instead.
  func text(_ column: TaskColumn) -> String {
    guard let record, let attempt = record.lastAttempt, appearance != .waiting else { return "" }
    let usage = attempt.usage
    switch column {
    case .name: return model.run.label(firing)
    case .state: return stateText(record)
    case .time: return time(attempt)
    case .tries: return attempt.number > 1 ? "#\(attempt.number)" : ""
    case .host: return attempt.executor?.host.displayName ?? ""
    case .memory:
      let bytes = usage.maxResidentKilobytes * 1024
      return bytes > 0 ? Formats.size(bytes: bytes) : ""
    case .cpu:
      let cpu = usage.userMilliseconds + usage.systemMilliseconds
      return attempt.outcome == nil ? "" : Formats.mean(milliseconds: Double(cpu))
    case .wait:
      let waited = AttemptTimes(attempt).waited
      return waited.map { Formats.mean(milliseconds: Double($0)) } ?? ""
    case .started:
      return attempt.startedAt.map {
        Formats.time(milliseconds: $0, offset: model.timeZoneOffset)
      } ?? ""
    case .lastLine: return message
    }
  }

  /// Whole seconds while it runs.
  private func time(_ attempt: AttemptRecord) -> String {
    guard let time = attempt.duration(now: model.now) else { return "" }
    if attempt.outcome != nil || time >= 59_500 { return Formats.mean(milliseconds: Double(time)) }
    return "\(time / 1000) s"
  }

  private func style(_ column: TaskColumn) -> Style {
    let theme = model.theme
    switch column {
    case .state:
      var style = theme.listStyle(appearance)
      style.attributes.remove(.bold)
      return style
    case .tries: return theme.warning
    case .host, .started: return theme.dim
    case .lastLine: return isFailed ? .plain : theme.dim
    case .name, .time, .memory, .cpu, .wait: return plain
    }
  }

  /// The cause in short form.
  private static func brief(_ cause: FailureCause) -> String {
    switch cause {
    case .signal(let number):
      Int(UnixSignalName.short(number)) == nil
        ? "SIG\(UnixSignalName.short(number))" : "signal \(number)"
    case .timeout: "timed out"
    case .outOfMemory(certain: false): "out of memory?"
    default: cause.summary.displayName
    }
  }

  private func stateText(_ record: TaskRecord) -> String {
    if record.lastAttempt?.isCancelRequested == true, !record.state.isOver { return "cancelling" }
    if let cause = record.cause, record.state.needsAttention { return Self.brief(cause) }
    if record.state == .running, let part = LineProgress.part(in: message) {
      return "\(bar(part)) \(Int(part * 100))%"
    }
    return WaitText.text(model, firing) ?? TaskAppearance(record.state).word
  }

  /// `▰▰▰▰▱▱`
  private func bar(_ part: Double) -> String {
    if model.theme.isForScreenReader { return "" }
    let full = min(6, Int((part * 6).rounded()))
    let (on, off) = model.theme.meter
    return String(repeating: on, count: full) + String(repeating: off, count: 6 - full)
  }
}
