internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// One box of the layered drawing, in a buffer of its own.
///
/// The border has the colour of its state, is heavy on the critical path, and has slanted
/// corners for a choice or a join. The selected box has its name marked.
struct NodeBox {
  private let model: Model
  private let node: NodeGraph.Node
  private let zoom: GraphPane.Zoom
  private let width: Int
  private let isChosen: Bool
  private let isCritical: Bool
  private let feedsItself: Bool
  private let figures: NodeFigures
  private let theme: Theme
  /// The processes of an open stage.
  private let cells: [StageCells.Cell]
  private let height: Int
  /// Neighbours that are not drawn.
  private let hidden: GraphScene.HiddenNeighbours

  init(
    _ model: Model, _ node: NodeGraph.Node, zoom: GraphPane.Zoom, size: Size, isChosen: Bool,
    isCritical: Bool, feedsItself: Bool, hidden: GraphScene.HiddenNeighbours = .init()
  ) {
    self.model = model
    self.node = node
    self.hidden = hidden
    if case .stage(let stage) = node { cells = model.graph.cells[stage] } else { cells = [] }
    // A box of one row shows no cells.
    self.zoom = cells.isEmpty || zoom != .names ? zoom : .boxes
    (width, height) = (size.columns, size.rows)
    self.isChosen = isChosen
    self.isCritical = isCritical
    self.feedsItself = feedsItself
    figures = NodeFigures(node, model.run)
    theme = model.theme
  }

  /// The least width of the bar.
  private let leastBar = 4

  /// Whether it has borders, which lines can join.
  var hasBorder: Bool { zoom != .names }
  private var stroke: Stroke { isCritical ? .heavy : .light }

  private var borderStyle: Style {
    if isChosen { return Style(foreground: theme.accentColor) }
    switch figures.appearance {
    case .waiting, .succeeded, .skipped, .ready, .submitted, .queued, .starting:
      return isCritical ? .plain : theme.border
    default: return theme.style(figures.appearance)
    }
  }

  func draw() -> CellBuffer {
    var buffer = CellBuffer(Size(columns: width, rows: height), ascii: theme.ascii)
    guard zoom != .names else {
      buffer.write(label(), at: Point(column: 0, row: 0), width: width)
      fill(&buffer)
      return buffer
    }
    drawBorder(on: &buffer)
    buffer.write(title(), at: Point(column: 2, row: 0), width: width - 3)
    buffer.write(content(), at: Point(column: 2, row: 1), width: width - 4)
    if zoom == .figures {
      buffer.write(second(), at: Point(column: 2, row: 2), width: width - 4)
    }
    drawCells(from: zoom == .figures ? 3 : 2, on: &buffer)
    drawHidden(on: &buffer)
    return buffer
  }

  private func drawCells(from row: Int, on buffer: inout CellBuffer) {
    let columns = max(1, width - 4)
    for (index, cell) in cells.enumerated() {
      buffer.write(
        theme.symbol(cell), at: Point(column: 2 + index % columns, row: row + index / columns),
        style: theme.style(cell.appearance))
    }
  }

  /// How many neighbours are hidden, before and after the box: `◂ 3` and `2 ▸`.
  private func drawHidden(on buffer: inout CellBuffer) {
    let (before, after) = theme.hidden(hidden)
    if !before.isEmpty {
      buffer.write(" \(before) ", at: Point(column: 1, row: height - 1), style: theme.dim)
    }
    if !after.isEmpty {
      let start = width - 3 - DisplayWidth.of(after)
      buffer.write(" \(after) ", at: Point(column: start, row: height - 1), style: theme.dim)
    }
  }

  /// Joins the border with a line, without breaking the name.
  func open(_ buffer: inout CellBuffer, _ point: Point, _ port: LinePainter.Cell) {
    var line = LineCell(.horizontal, stroke)
    let isName = point.row == 0 && point.column < 2 + title().width
    let isText = point.row > 0 && buffer[point.column, point.row].text.contains { $0.isNumber }
    guard !isName, !isText else { return }
    line.merge(port.line)
    buffer.write(
      String(line.glyph(ascii: theme.ascii)), at: point,
      style: port.tone > .back ? theme.style(port.tone) : borderStyle)
  }

  // MARK: Parts

  private func drawBorder(on buffer: inout CellBuffer) {
    let (right, bottom) = (width - 1, height - 1)
    func put(_ joint: Joint, _ column: Int, _ row: Int) {
      let slanted = slant(joint)
      let glyph = slanted ?? LineCell(joint, stroke).glyph(ascii: theme.ascii)
      buffer.write(String(glyph), at: Point(column: column, row: row), style: borderStyle)
    }
    for column in 1..<max(1, right) {
      put(.horizontal, column, 0)
      put(.horizontal, column, bottom)
    }
    for row in 1..<max(1, bottom) {
      put(.vertical, 0, row)
      put(.vertical, right, row)
    }
    put([.down, .right], 0, 0)
    put([.down, .left], right, 0)
    put([.up, .right], 0, bottom)
    put([.up, .left], right, bottom)
  }

  private func slant(_ joint: Joint) -> Unicode.Scalar? {
    switch NodeText.kind(node, model.run) {
    case .choice, .join: break
    case .dataflow, .foreach, .splitter: return nil
    }
    switch joint {
    case [.down, .right], [.up, .left]: return theme.ascii ? "/" : "╱"
    case [.down, .left], [.up, .right]: return theme.ascii ? "\\" : "╲"
    default: return nil
    }
  }

  private func title() -> Line {
    var name = NodeText.name(node, model.run)
    let symbol = NodeText.symbol(node, model.run, ascii: theme.ascii)
    let loop = feedsItself ? (theme.ascii ? "@" : "↺") : ""
    let marks = [symbol, loop].filter { !$0.isEmpty }.joined(separator: " ")
    let available = width - 6 - (marks.isEmpty ? 0 : DisplayWidth.of(marks) + 1)
    name = Truncation.middle(name, available, ellipsis: theme.ellipsis)
    var style = isCritical ? theme.strong : figures.appearance == .waiting ? theme.dim : .plain
    if isChosen { style = theme.chosen }
    var line = Line(" \(name) ", style)
    if !marks.isEmpty { line.append(marks + " ", feedsItself ? theme.warning : theme.dim) }
    return line
  }

  private func content() -> Line {
    var line = Line(theme.glyph(figures.appearance) + " ", theme.style(figures.appearance))
    if let words = figures.text(model) {
      line.append(words, figures.appearance == .waiting ? theme.dim : .plain)
      return line
    }
    let counts = figures.counts
    let text = "\(counts.done)/\(counts.total)"
    let available = width - 4 - 2 - 1 - DisplayWidth.of(text)
    let attention = zoom == .boxes ? theme.attention(counts, columns: available - leastBar) : Line()
    let bar = available - attention.width
    line.append(
      ProgressBar.line(
        done: counts.done, active: counts[.running], failed: counts.needingAttention,
        total: counts.total, columns: max(0, bar), theme: theme))
    line.append(attention)
    line.append(" " + text, figures.appearance == .waiting ? theme.dim : .plain)
    return line
  }

  /// Remaining tasks, and the rate.
  private func second() -> Line {
    var parts: [Line] = []
    let states: [TaskState] = [
      .failed, .lost, .cancelled, .retrying, .running, .starting, .queued, .submitted, .ready,
      .held,
    ]
    for state in states where figures.task == nil && figures.counts[state] > 0 {
      let appearance = TaskAppearance(state)
      parts.append(
        Line("\(theme.glyph(appearance)) \(figures.counts[state])", theme.style(appearance)))
    }
    if let mean = figures.meanMilliseconds, figures.task == nil {
      parts.append(Line(Formats.mean(milliseconds: Double(mean)), theme.dim))
    }
    if case .stage(let stage) = node,
      let rate = model.graph.rates.rate(
        stage, now: model.now, since: model.run.startedAt ?? model.now)
    {
      parts.append(Line(Formats.rate(perSecond: rate), theme.dim))
    }
    if let task = figures.task {
      parts.append(Line(single(task), theme.dim))
    }
    let line = parts.reduce(into: Line()) { line, part in
      if line.width > 0 { line.append("  ") }
      line.append(part)
    }
    return line.width > 0 ? line : Line(expectation, theme.dim)
  }

  /// The text of a node without progress: what it waits for, else its number of tasks.
  private var expectation: String {
    if figures.appearance == .waiting, let first = NodeText.process(node, model.run),
      let text = WaitText.text(model, FiringID(first, 1))
    {
      return text
    }
    return Formats.counted(figures.counts.total, "task")
  }

  /// For a single task: its host, or what it waits for.
  private func single(_ task: FiringID) -> String {
    if let host = model.run.task(task)?.lastAttempt?.executor?.host { return host.displayName }
    return WaitText.text(model, task) ?? ""
  }

  /// In a box of one row, the space between its edges is the progress bar.
  private func fill(_ buffer: inout CellBuffer) {
    let counts = figures.counts
    let widths = ProgressBar.widths(
      of: [counts.done, counts.needingAttention, counts[.running]], total: counts.total,
      columns: width - 2)
    var column = 1
    let rest = width - 2 - widths.reduce(0, +)
    let parts = zip([BoxFill.done, .failed, .running, .remaining], widths + [rest])
    for (part, columns) in parts {
      let place = Rectangle(column: column, row: 0, columns: columns, rows: 1)
      buffer.restyle(place) { style, _ in
        if style.background == .standard, style.attributes != .reverse { theme.fill(part, &style) }
      }
      column += columns
    }
  }

  /// In one row: state, name, progress, between two edges.
  private func label() -> Line {
    let edges = theme.ascii ? ("[", "]") : isCritical ? ("▐", "▌") : ("▕", "▏")
    var line = Line(edges.0, borderStyle)
    line.append(" ")
    line.append(theme.glyph(figures.appearance) + " ", theme.style(figures.appearance))
    let many = figures.text(model) == nil ? "\(figures.counts.done)/\(figures.counts.total)" : ""
    let available = width - 6 - (many.isEmpty ? 0 : DisplayWidth.of(many) + 1)
    var style = figures.appearance == .waiting && !isCritical ? theme.dim : .plain
    if isChosen { style = theme.chosen }
    let name = NodeText.name(node, model.run)
    line.append(Truncation.middle(name, max(1, available), ellipsis: theme.ellipsis), style)
    line.pad(to: width - 2 - DisplayWidth.of(many))
    line.append(many + " ", theme.dim)
    line.append(edges.1, borderStyle)
    return line
  }
}
