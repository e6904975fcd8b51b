internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// The signals of a task, with facts about the files that they name.
enum DetailFiles {
  /// More signals are counted but not inspected.
  private static let limit = 60
  /// Spaces between two items.
  private static let gap = 3

  /// The names of files to inspect: those of data signals.
  static func names(of task: FiringID, _ run: RunState) -> [String] {
    let process = run.workflow[task.process]
    let signals =
      process.inputs.filter { $0.control == nil }.prefix(limit).map(\.signal)
      + process.dataOutputs(ofFiring: task.number).prefix(limit).map(\.signal)
    return signals.compactMap { path(of: $0, task, run) }
  }

  /// The addresses of its files that exist, by the names on the screen.
  static func links(_ model: Model, _ task: FiringID) -> [String: String] {
    let process = model.run.workflow[task.process]
    let signals =
      process.inputs.prefix(limit).map(\.signal)
      + process.dataOutputs(ofFiring: task.number).prefix(limit).map(\.signal)
    var links: [String: String] = [:]
    for signal in signals {
      guard let path = path(of: signal, task, model.run), model.detail.files[path]?.size != nil
      else { continue }
      links[model.run.workflow[signal].name.displayName] = model.address(ofFile: path)
    }
    return links
  }

  /// `nil` for an in-engine function, whose signals are data, not files.
  private static func path(of signal: SignalID, _ task: FiringID, _ run: RunState) -> String? {
    let name = run.workflow[signal].name
    guard let directory = JobCommand(run.workflow[task.process])?.directory else { return nil }
    return directory.isEmpty || name.hasPrefix("/") ? name : "\(directory)/\(name)"
  }

  static func inputs(_ model: Model, _ task: FiringID, width: Int) -> [Line] {
    let run = model.run
    let hasFired = run.task(task) != nil
    let queued = run.processes[guarding: task.process.index]?.queued ?? []
    return lines(
      run.workflow[task.process].inputs.enumerated().map { port, input in
        Item(
          signal: input.signal, isSent: hasFired || (queued[guarding: port] ?? 0) > 0,
          path: input.control == nil ? path(of: input.signal, task, run) : nil)
      }, model, width: width)
  }

  static func outputs(_ model: Model, _ task: FiringID, width: Int) -> [Line] {
    let run = model.run
    let process = run.workflow[task.process]
    let isDone = run.state(of: task).isDone
    let data = process.dataOutputs(ofFiring: task.number)
    let control = process.outputs.filter { $0.control != nil }
    let startedAt = run.task(task)?.lastAttempt?.startedAt
    return lines(
      data.map {
        Item(
          signal: $0.signal, isSent: isDone, path: path(of: $0.signal, task, run),
          writtenSince: startedAt ?? .max)
      }
        + control.map { Item(signal: $0.signal, isSent: isDone, path: nil) },
      model, width: width)
  }

  private struct Item {
    let signal: SignalID
    /// Whether its instance has been sent.
    let isSent: Bool
    /// `nil` for signals that do not name a file.
    let path: String?
    /// An older file is from an earlier attempt.
    var writtenSince = Int.min
  }

  /// In columns, if names have similar lengths.
  private static func lines(_ items: [Item], _ model: Model, width: Int) -> [Line] {
    let theme = model.theme
    guard !items.isEmpty else { return [Line("none", theme.dim)] }
    let texts = items.prefix(limit).map { text($0, model) }
    let column = min(texts.map(\.width).max() ?? 0, max(16, width / 2)) + gap
    var lines = [Line()]
    for text in texts {
      let last = lines.count - 1
      let place = (lines[last].width + column - 1) / column * column
      if place > 0, place + text.width > width {
        lines.append(text)
      } else {
        lines[last].pad(to: place)
        lines[last].append(text)
      }
    }
    if items.count > limit {
      let sent = items.count(where: \.isSent)
      lines.append(Line("\(sent) of \(items.count) exist", theme.dim))
    }
    return lines
  }

  /// `✔ fits.tbl 1.2 kB`. A missing file is mentioned only if the name looks like a file
  /// name: many signals are named after steps.
  private static func text(_ item: Item, _ model: Model) -> Line {
    let theme = model.theme
    let appearance = item.isSent ? TaskAppearance.succeeded : .waiting
    var line = Line(theme.glyph(appearance) + " ", theme.style(appearance))
    line.append(model.run.workflow[item.signal].name.displayName)
    if let fact = item.path.flatMap({ model.detail.files[$0] }) {
      if let size = fact.size {
        let isOld = !item.isSent && (fact.modifiedAt ?? item.writtenSince) < item.writtenSince
        line.append(" " + Formats.size(bytes: size) + (isOld ? " (old)" : ""), theme.dim)
      } else if item.isSent, isFileName(fact.name) {
        line.append(" no such file", theme.warning)
      }
    }
    return line
  }

  /// Whether the name has an extension: `fits.tbl`.
  static func isFileName(_ path: String) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return false }
    let ending = name[name.index(after: dot)...]
    return !ending.isEmpty && ending.count <= 8 && ending.contains { $0.isLetter }
  }
}
