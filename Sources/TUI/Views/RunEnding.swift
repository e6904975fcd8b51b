internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

/// The figures of a run that has ended; computed once.
struct RunEnding: Equatable {
  struct Item: Equatable {
    let name: String
    let milliseconds: Int
    /// How many tasks it represents.
    var count = 1
  }

  /// The time at which the run settled, for which the figures were computed.
  let settledAt: Int
  /// The run's duration, and the time in which jobs ran, all together.
  let wall: Int
  private(set) var busy = 0
  let slots: Int
  private(set) var times = PhaseBar.Times()
  /// The slowest tasks and stages, the slowest first.
  private(set) var tasks: [Item] = []
  private(set) var stages: [Item] = []
  /// Tasks that were retried, and those of them that then succeeded.
  private(set) var retried = 0
  private(set) var helped: [String] = []
  /// Files that tasks wrote and no other task reads: the results of the run.
  private(set) var files: [String] = []
  private(set) var fileCount = 0

  private static let mostNamed = 3
  private static let mostFiles = 12

  init?(_ run: RunState, slots: Int) {
    guard let settledAt = run.settledAt else { return nil }
    self.settledAt = settledAt
    wall = run.elapsed(now: settledAt)
    self.slots = slots
    var slowest: [(task: FiringID, time: Int)] = []
    for process in run.processes {
      for task in process.tasks {
        guard let last = task.lastAttempt else { continue }
        let time = last.duration(now: settledAt) ?? 0
        if slowest.count < Self.mostNamed || time > slowest[slowest.count - 1].time {
          slowest.append((task.id, time))
          slowest.sort { $0.time > $1.time }
          slowest = Array(slowest.prefix(Self.mostNamed))
        }
        add(task, run)
      }
    }
    findFiles(run)
    tasks = slowest.filter { $0.time > 0 }.map {
      Item(name: run.label($0.task), milliseconds: $0.time)
    }
    stages = zip(run.graph.stages, run.stages).map { stage, state in
      Item(
        name: stage.name.displayName, milliseconds: state.totalMilliseconds,
        count: state.timedJobs)
    }.filter { $0.milliseconds > 0 }.sorted { $0.milliseconds > $1.milliseconds }
    stages = Array(stages.prefix(Self.mostNamed))
  }

  private mutating func findFiles(_ run: RunState) {
    var read = Set<SignalID>()
    for process in run.workflow.processes { read.formUnion(process.inputs.map(\.signal)) }
    for process in run.processes {
      guard JobCommand(run.workflow[process.id]) != nil else { continue }
      for task in process.tasks where task.state == .succeeded {
        let outputs = run.workflow[process.id].dataOutputs(ofFiring: task.id.number)
        for output in outputs where !read.contains(output.signal) {
          let name = run.workflow[output.signal].name
          guard DetailFiles.isFileName(name) else { continue }
          fileCount += 1
          if files.count < Self.mostFiles { files.append(name) }
        }
      }
    }
  }

  private mutating func add(_ task: TaskRecord, _ run: RunState) {
    // A single attempt needs no array.
    let attempts = task.attemptCount == 1 ? task.lastAttempt.map { [$0] } ?? [] : task.attempts
    for attempt in attempts {
      let phases = AttemptTimes(attempt)
      times.add(phases)
      busy += phases[.run] ?? 0
    }
    guard task.attemptCount > 1 else { return }
    retried += 1
    if task.state == .succeeded {
      helped.append(helped.count < Self.mostNamed ? run.label(task.id) : "")
    }
  }

  // MARK: Lines

  private static let labelWidth = 10

  /// The most important first.
  func lines(_ theme: Theme, columns: Int) -> [Line] {
    let available = columns - Self.labelWidth
    return [
      row("time", timeLine(columns: available, theme), theme),
      row("made", fileLine(columns: available, theme), theme),
      row("task time", PhaseBar.line(times, columns: available, theme: theme), theme),
      row("slowest", items(tasks, columns: available, theme), theme),
      row("stages", items(stages, columns: available, theme), theme),
      row("retries", retryLine(theme), theme),
    ].compactMap { $0 }
  }

  private func row(_ label: String, _ content: Line, _ theme: Theme) -> Line? {
    guard content.width > 0 else { return nil }
    var line = Line()
    line.column(label, Self.labelWidth, theme.dim, ellipsis: theme.ellipsis)
    line.append(content)
    return line
  }

  /// `0:04:12, 3.3 times as fast as one slot, 4 slots busy 83 %`, as much as fits.
  private func timeLine(columns: Int, _ theme: Theme) -> Line {
    var line = Line(Formats.duration(milliseconds: wall), theme.strong)
    guard wall > 0, busy > 0 else { return line }
    let speed = Double(busy) / Double(wall)
    var fast = Line(", ")
    fast.append("\(Formats.oneDecimal(speed)) \(theme.times)", theme.strong)
    fast.append(" as fast as one slot")
    guard line.width + fast.width <= columns else { return line }
    line.append(fast)
    if slots > 0 {
      let share = min(100, Int(speed / Double(slots) * 100 + 0.5))
      let rest = ", \(Formats.counted(slots, "slot")) busy \(share) %"
      if line.width + rest.utf8.count <= columns { line.append(rest) }
    }
    return line
  }

  private func items(_ items: [Item], columns: Int, _ theme: Theme) -> Line {
    var line = Line()
    for item in items {
      var part = Line(line.width > 0 ? "   " : "")
      part.append(item.name)
      part.append(" " + Formats.mean(milliseconds: Double(item.milliseconds)), theme.dim)
      if item.count > 1 { part.append(" in \(Formats.count(item.count)) tasks", theme.dim) }
      if line.width + part.width > columns { break }
      line.append(part)
    }
    return line
  }

  private func fileLine(columns: Int, _ theme: Theme) -> Line {
    var line = Line()
    var shown = 0
    for name in files {
      let part = (shown > 0 ? "   " : "") + name.displayName
      // Leave columns for the number of the other files.
      guard line.width + DisplayWidth.of(part) <= columns - 12 || shown == 0 else { break }
      line.append(part)
      shown += 1
    }
    if fileCount > shown {
      line.append("   and \(Formats.count(fileCount - shown)) more", theme.dim)
    }
    return line.cut(to: columns, ellipsis: theme.ellipsis)
  }

  private func retryLine(_ theme: Theme) -> Line {
    guard retried > 0 else { return Line() }
    var line = Line(
      "\(Formats.counted(helped.count, "task")) of \(retried) retried succeeded",
      helped.isEmpty ? theme.warning : theme.good)
    let names = helped.filter { !$0.isEmpty }
    if !names.isEmpty {
      let more = helped.count > names.count ? [theme.ellipsis] : []
      line.append(": " + (names + more).joined(separator: ", "), theme.dim)
    }
    return line
  }
}
