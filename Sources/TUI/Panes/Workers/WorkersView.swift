internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// Draws the table of workers, and the jobs of the selected one.
enum WorkersView {
  /// Rows for workers, without titles; jobs get the rest.
  static func listRows(_ model: Model) -> Int {
    let rows = model.layout.height(.workers) - 1
    return max(1, min(model.workerRows.count, max(rows / 2, rows - 3 - jobs(model).count)))
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let inner = area.inset(padding: 1)
    let rows = model.workerRows
    guard !rows.isEmpty else {
      let text =
        [InvokerKind.oneshot, .kubernetes].map(\.rawValue).contains(model.run.info?.invoker)
        ? "no workers: each job has its own executor"
        : "no workers yet"
      Frame.drawEmpty(text, in: area, theme: model.theme, on: &buffer)
      return
    }
    let table = WorkerTable(model, columns: inner.columns)
    write(table.titles, 0, inner, model, on: &buffer)
    let height = listRows(model)
    let top = model.workers.cursor.window.top
    for offset in 0..<height {
      guard let row = rows[guarding: top + offset] else { break }
      write(table.line(row), 1 + offset, inner, model, on: &buffer)
    }
    if let cursor = model.workers.cursor.row {
      Frame.markCursor(
        row: inner.row + 1 + cursor - top, in: area, isFocused: model.focus == .workers,
        theme: model.theme, on: &buffer)
    }
    for (offset, line) in jobLines(model, inner.columns).enumerated() {
      write(line, height + 2 + offset, inner, model, on: &buffer)
    }
  }

  private static func write(
    _ line: Line, _ row: Int, _ area: Rectangle, _ model: Model, on buffer: inout CellBuffer
  ) {
    guard row < area.rows else { return }
    buffer.write(
      line.cut(to: area.columns, ellipsis: model.theme.ellipsis),
      at: Point(column: area.column, row: area.row + row), width: area.columns)
  }

  // MARK: Jobs

  private static func jobs(_ model: Model) -> [AttemptID] {
    model.chosenWorker.map { model.timeline.data.running(on: $0.name) } ?? []
  }

  private static func jobLines(_ model: Model, _ columns: Int) -> [Line] {
    guard let worker = model.chosenWorker else { return [] }
    let theme = model.theme
    var head = Line(String(repeating: theme.rule, count: 2) + " ", theme.border)
    head.append(worker.name.displayName, theme.strong)
    let jobs = jobs(model)
    head.append(jobs.isEmpty ? " runs nothing " : " runs ", theme.dim)
    head.append(String(repeating: theme.rule, count: max(0, columns - head.width)), theme.border)
    return [head]
      + jobs.map { attempt in
        var line = Line("\(theme.glyph(.running)) ", theme.style(.running))
        line.column(LogRows.name(model, attempt), 24, ellipsis: theme.ellipsis)
        let duration = model.run.record(of: attempt)?.duration(now: model.now) ?? 0
        line.rightColumn(
          Formats.duration(milliseconds: duration), 9, ellipsis: theme.ellipsis)
        if let words = model.lastLines[attempt.firing] {
          line.append("  ")
          line.append(words, theme.dim)
        }
        return line
      }
  }
}

/// The columns of the table, as many as fit.
private struct WorkerTable {
  private let model: Model
  private let nameColumns: Int
  private let showsHost: Bool
  private let siteColumns: Int
  private let showsHealth: Bool
  private let showsMemory: Bool
  private let showsBars: Bool
  /// Memory that jobs have booked, if any has.
  private let showsBooked: Bool

  init(_ model: Model, columns: Int) {
    self.model = model
    let widest = model.workerRows.map { DisplayWidth.of($0.name.displayName) }.max() ?? 0
    nameColumns = min(max(8, widest), max(12, columns / 4))
    showsHost = columns >= 90
    let sites = model.workerRows.map { $0.site.displayName }
    let longest = sites.map(DisplayWidth.of).max() ?? 0
    siteColumns = longest > 0 && columns >= 80 ? min(14, max(5, longest + 1)) : 0
    // There are no heartbeats of workers that have left.
    showsHealth = model.workerRows.contains { $0.status != .gone }
    showsMemory = columns >= 70
    showsBars = columns >= 100
    showsBooked = columns >= 100 && model.workerRows.contains { $0.bookedMemory > 0 }
  }

  private var showsMemoryBar: Bool { showsBars && !showsBooked }

  var titles: Line {
    var line = Line("  ")
    let (style, ellipsis) = (model.theme.dim, model.theme.ellipsis)
    line.column("worker", nameColumns + 1, style, ellipsis: ellipsis)
    if showsHost { line.column("host", 15, style, ellipsis: ellipsis) }
    if siteColumns > 0 { line.column("site", siteColumns, style, ellipsis: ellipsis) }
    line.column("state", 10, style, ellipsis: ellipsis)
    guard showsHealth else { return line }
    line.rightColumn("slots", 7, style, ellipsis: ellipsis)
    if showsBars { line.append(String(repeating: " ", count: 12)) }
    line.rightColumn("load", 7, style, ellipsis: ellipsis)
    if showsMemory {
      line.rightColumn("memory", 18, style, ellipsis: ellipsis)
      if showsBooked { line.rightColumn("booked", 9, style, ellipsis: ellipsis) }
      if showsMemoryBar { line.append(String(repeating: " ", count: 12)) }
    }
    line.rightColumn("seen", 9, style, ellipsis: ellipsis)
    return line
  }

  func line(_ row: WorkerRow) -> Line {
    let (theme, ellipsis) = (model.theme, model.theme.ellipsis)
    let (glyph, word, style) = status(row.status)
    let isGone = row.status == .gone
    let plain = isGone ? theme.dim : .plain
    var line = Line("\(glyph) ", style)
    line.append(Truncation.middle(row.name.displayName, nameColumns, ellipsis: ellipsis), plain)
    line.pad(to: nameColumns + 3)
    if showsHost {
      line.append(Truncation.middle(row.host.displayName, 14, ellipsis: ellipsis), plain)
      line.pad(to: nameColumns + 18)
    }
    if siteColumns > 0 {
      line.column(row.site.displayName, siteColumns, plain, ellipsis: ellipsis)
    }
    line.column(word, 10, style, ellipsis: ellipsis)
    if !row.isWorker {
      line.append("  ")
      if let age = row.placeAge { line.append("\(Formats.age(milliseconds: age))  ") }
      line.append(row.note.displayName, theme.dim)
      return line
    }
    line.rightColumn(isGone ? "" : "\(row.busy)/\(row.slots)", 7, plain, ellipsis: ellipsis)
    appendBar(row.slots > 0 && !isGone ? Double(row.busy) / Double(row.slots) : nil, to: &line)
    let health = isGone ? nil : row.health
    line.rightColumn(
      health.map { Formats.oneDecimal(Double($0.loadPercent) / 100) } ?? "", 7, plain,
      ellipsis: ellipsis)
    if showsMemory {
      line.rightColumn(health.flatMap(memory) ?? "", 18, plain, ellipsis: ellipsis)
      if showsBooked {
        let booked = row.bookedMemory
        let text = booked > 0 ? Formats.size(bytes: booked * 1024) : ""
        line.rightColumn(text, 9, plain, ellipsis: ellipsis)
      }
      if showsMemoryBar { appendBar(health.flatMap(memoryPart), to: &line) }
    }
    line.rightColumn(
      age(row), 9, row.status == .silent ? theme.warning : theme.dim, ellipsis: ellipsis)
    return line
  }

  private func status(_ status: WorkerRow.Status) -> (String, String, Style) {
    let theme = model.theme
    return switch status {
    case .serving: (theme.connected, "serving", theme.good)
    case .draining: (theme.glyph(.held), "draining", theme.warning)
    case .pending: (theme.glyph(.waiting), "pending", theme.style(.waiting))
    case .starting: (theme.glyph(.ready), "starting", theme.style(.ready))
    case .silent: (theme.glyph(.lost), "silent", theme.style(.lost))
    case .gone: (theme.disconnected, "gone", theme.dim)
    }
  }

  private func appendBar(_ part: Double?, to line: inout Line) {
    guard showsBars else { return }
    line.append("  ")
    guard let part else { return line.append(String(repeating: " ", count: 10)) }
    let full = min(10, max(0, Int((part * 10).rounded())))
    line.append(String(repeating: model.theme.gauge.done, count: full), model.theme.key)
    line.append(String(repeating: model.theme.gauge.empty, count: 10 - full), model.theme.dim)
  }

  private func memory(_ health: WorkerHealth) -> String? {
    guard health.memoryTotal > 0 else { return nil }
    return "\(Formats.size(bytes: health.memoryUsed * 1024)) / "
      + Formats.size(bytes: health.memoryTotal * 1024)
  }

  private func memoryPart(_ health: WorkerHealth) -> Double? {
    health.memoryTotal > 0 ? Double(health.memoryUsed) / Double(health.memoryTotal) : nil
  }

  private func age(_ row: WorkerRow) -> String {
    guard row.status != .gone, let age = row.age else { return "" }
    return "\(Formats.age(milliseconds: age)) ago"
  }
}
