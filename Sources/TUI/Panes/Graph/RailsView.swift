internal import Engine
internal import HumanText
internal import Workflow

/// Draws the graph as rails: a row for each node, with a bar and figures.
struct RailsView {
  private let model: Model
  private let pane: GraphPane
  private let theme: Theme
  private let columns: Columns
  /// The selected node, whose lanes are highlighted.
  private let chosen: Int?

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let pane = model.graph
    guard !pane.scene.items.isEmpty else {
      Frame.drawEmpty("no processes", in: area, theme: model.theme, on: &buffer)
      return
    }
    let inner = area.inset()
    let view = RailsView(model, width: inner.columns - 1)
    for offset in 0..<inner.rows {
      let line = pane.window.top + offset
      let row = line / pane.spacing
      guard row < pane.scene.items.count else { break }
      let shown = line % pane.spacing == 0 ? view.line(row) : view.link(below: row)
      let place = Point(column: inner.column, row: inner.row + offset)
      buffer.write(shown, at: place, width: inner.columns - 1)
    }
    Frame.markCursor(
      row: inner.row + pane.window.cursor - pane.window.top, in: area,
      isFocused: model.focus == .graph, theme: model.theme, on: &buffer)
    Frame.drawScroll(
      top: pane.window.top, height: inner.rows, count: pane.lineCount, in: area, theme: model.theme,
      on: &buffer)
  }

  private init(_ model: Model, width: Int) {
    self.model = model
    pane = model.graph
    theme = model.theme
    columns = Columns(model, width: width)
    chosen =
      if case .node(let node)? = pane.scene.items[guarding: pane.row(model.run)] { node } else {
        nil
      }
  }

  /// Widths of the parts of a row, the same for all rows and states.
  private struct Columns {
    let lanes: Int
    let name: Int
    let bar: Int
    let figures: Int
    let failed: Int
    let mean: Int
    let rate: Int

    init(_ model: Model, width: Int) {
      let (run, pane) = (model.run, model.graph)
      // Columns for the numbers of hidden neighbours.
      let width = width - Self.hiddenColumns(pane, model.theme)
      lanes = 1 + pane.rails.laneCount * 2
      let names = pane.scene.items.prefix(500).map { item in
        let node = pane.node(of: item)
        let symbol = NodeText.symbol(node, run, ascii: model.theme.ascii)
        return DisplayWidth.of(NodeText.name(node, run)) + (symbol.isEmpty ? 0 : symbol.count + 1)
      }
      let widest = names.max() ?? 8
      guard pane.scene.items.prefix(500).contains(where: { pane.node(of: $0).isStage }) else {
        (bar, figures, failed, mean, rate) = (0, 0, 0, 0, 0)
        name = max(8, min(widest, width - lanes - 16))
        return
      }
      // The number of firings may be large or unknown.
      let maximum =
        zip(run.graph.stages, run.stages)
        .map { max($0.processes.count, $1.counts.total) }.max() ?? 1
      figures = 2 * "\(maximum)".utf8.count + 2
      let available = width - lanes - 2 - figures
      // Names and the number of failures come before bars and means.
      failed = available >= 14 ? "\(maximum)".utf8.count + 3 : 0
      let largest = run.stages.map(\.counts.total).max() ?? 0
      // Names that are cut anyway also leave room for a short bar.
      let rest = available - failed - min(largest, Self.shortBar) - 1
      let cut = min(available - failed, max(Self.shortName, rest))
      name = max(6, widest <= available - failed ? widest : cut)
      let left = max(0, available - failed - name)
      mean = left >= 14 ? 8 : 0
      rate = left - mean >= 22 ? 9 : 0
      let columns = min(36, left - mean - rate)
      // If each task has a cell, no more columns are needed.
      bar = largest > 0 ? min(largest, columns) : columns
    }

    private static let (shortName, shortBar) = (18, 10)

    /// The columns that the numbers of hidden neighbours take.
    private static func hiddenColumns(_ pane: GraphPane, _ theme: Theme) -> Int {
      pane.scene.hidden.prefix(500).map { hidden in
        let (before, after) = theme.hidden(hidden)
        return [before, after].reduce(0) { $0 + ($1.isEmpty ? 0 : DisplayWidth.of($1) + 2) }
      }.max() ?? 0
    }
  }

  // MARK: Rows

  private func line(_ row: Int) -> Line {
    let item = pane.scene.items[row]
    let node = pane.node(of: item)
    let figures = NodeFigures(node, model.run)
    var line = lanes(pane.rails.lanes(row), appearance: figures.appearance)
    if case .heading = item { line = heading(row) }
    line.pad(to: columns.lanes)
    append(name: node, figures.appearance, to: &line)
    if let words = figures.text(model), case .process = node {
      line.append(" " + words, theme.listStyle(figures.appearance).plain)
    } else {
      append(figures, node, to: &line)
    }
    if case .node(let place) = item, let hidden = pane.scene.hidden[guarding: place] {
      let (before, after) = theme.hidden(hidden)
      for text in [before, after] where !text.isEmpty { line.append("  " + text, theme.dim) }
    }
    return line
  }

  /// An open stage has no node of its own: the mark is to the right of the passing lanes.
  private func heading(_ row: Int) -> Line {
    let cells = pane.rails.lanes(row)
    var line = lanes(cells, appearance: .waiting)
    line.pad(to: columns.lanes - 2)
    line.append(theme.ascii ? "v" : "▾", theme.dim)
    return line
  }

  private func append(name node: NodeGraph.Node, _ appearance: TaskAppearance, to line: inout Line)
  {
    let symbol = NodeText.symbol(node, model.run, ascii: theme.ascii)
    let available = columns.name - (symbol.isEmpty ? 0 : DisplayWidth.of(symbol) + 1)
    let end = line.width + columns.name
    let style = appearance == .waiting ? theme.dim : .plain
    let name = NodeText.name(node, model.run)
    line.append(Truncation.middle(name, available, ellipsis: theme.ellipsis), style)
    if !symbol.isEmpty { line.append(" " + symbol, theme.dim) }
    line.pad(to: end)
    line.append(" ")
  }

  private func append(_ figures: NodeFigures, _ node: NodeGraph.Node, to line: inout Line) {
    let counts = figures.counts
    let calm = figures.appearance == .waiting ? theme.dim : .plain
    func column(_ text: String, _ width: Int, _ style: Style) {
      line.rightColumn(text, width, style, ellipsis: theme.ellipsis)
    }
    line.append(" ")
    append(bar: node, counts, to: &line)
    column("\(counts.done)/\(counts.total)", columns.figures, calm)
    let attention = theme.attention(counts, columns: columns.failed)
    if attention.width <= columns.failed {
      line.pad(to: line.width + columns.failed - attention.width)
      line.append(attention)
    }
    let mean = figures.meanMilliseconds.map { Formats.mean(milliseconds: Double($0)) } ?? ""
    column(mean, columns.mean, theme.dim)
    guard columns.rate > 0, case .stage(let stage) = node else { return }
    let rate = pane.rates.rate(stage, now: model.now, since: model.run.startedAt ?? model.now)
    column(rate.map { Formats.rate(perSecond: $0) } ?? "", columns.rate, theme.dim)
  }

  /// The tasks of a stage: one cell for each if they fit, else a bar.
  private func append(bar node: NodeGraph.Node, _ counts: TaskCounts, to line: inout Line) {
    let end = line.width + columns.bar
    if case .stage(let stage) = node, counts.total <= columns.bar,
      let cells = StageCells.tasks(of: stage, model.run, limit: columns.bar)
    {
      for cell in cells { line.append(theme.cell(cell), theme.style(cell).plain) }
      return line.pad(to: end)
    }
    line.append(
      ProgressBar.line(
        done: counts.done, active: counts[.running], failed: counts.needingAttention,
        total: counts.total, columns: columns.bar, theme: theme, isLow: pane.spacing == 1))
  }

  // MARK: Lanes

  private func link(below row: Int) -> Line {
    lanes(pane.rails.link(below: row), appearance: .waiting)
  }

  private func lanes(_ cells: [Rails.Cell], appearance: TaskAppearance) -> Line {
    var line = Line()
    for (lane, cell) in cells.enumerated() {
      let lead = Rails.lead(cells, before: lane, theme.ascii)
      line.append(lead, theme.border)
      if cell.isNode {
        line.append(theme.glyph(appearance), theme.style(appearance))
      } else {
        let tone = tone(of: cell.net)
        let symbol = Rails.symbol(
          cell, isBundle: lane == pane.rails.bundle, stroke(of: cell.net), theme.ascii)
        line.append(String(symbol), theme.style(tone))
      }
    }
    return line
  }

  private func stroke(of net: Int32) -> Stroke {
    net < 0 ? .light : tone(of: net).stroke(base: pane.scene.graph.nets[Int(net)].tone)
  }

  private func tone(of net: Int32) -> LineTone {
    guard net >= 0 else { return .plain }
    let graph = pane.scene.graph
    if pane.showsCriticalInRows, pane.critical.highlight.parts[Int(net)] != nil { return .critical }
    if let chosen, model.focus == .graph,
      graph.nets[Int(net)].sources.binaryContains(chosen)
        || graph.nets[Int(net)].targets.binaryContains(chosen)
    {
      return .related
    }
    return graph.nets[Int(net)].tone
  }
}

extension Theme {
  /// `◂ 3` and `2 ▸`; empty for none.
  func hidden(_ hidden: GraphScene.HiddenNeighbours) -> (before: String, after: String) {
    (
      hidden.before > 0 ? "\(ascii ? "<" : "◂") \(hidden.before)" : "",
      hidden.after > 0 ? "\(hidden.after) \(ascii ? ">" : "▸")" : ""
    )
  }

  /// The styles of lines.
  func style(_ tone: LineTone) -> Style {
    switch tone {
    case .plain, .control: border
    case .back: warning
    case .related: Style(foreground: accentColor)
    case .critical: .plain
    }
  }
}

extension Style {
  /// The style without highlighting.
  fileprivate var plain: Style {
    var style = self
    style.attributes.remove(.bold)
    return style
  }
}
