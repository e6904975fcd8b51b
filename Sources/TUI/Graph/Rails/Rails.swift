/// A graph as a list: one row for each node, in topological order, with lanes for the nets. How
/// to read it:
///
/// - The lines that touch a row are the inputs and outputs of its node. A lane that ends there
///   (`╯`) is an input, one that begins there (`╮`) is an output.
/// - A continuing lane is an input if it is left of the node (`├─▶`), and an output if it is
///   right of it (`▶─┤`), and the other way round where `◂` marks it.
/// - A node directly below another one, without inputs from the side, gets the other node's
///   output.
///
/// ```
/// ✔       split          ✔     mProject
/// ├─▶─╮   work 1         ├─▶   mDiffFit
/// ├─◌─┤   work 2         │ ◌   mConcatFit
/// ╰─◌─┤   work 3         │ ◌   mBgModel
///     ◌   join           ◌─╯   mBackground
///                        ◌     mAdd
/// ```
///
/// The number of lanes is limited. If all are taken, the net that runs longest goes into the
/// bundle: one lane at the right, shared by all that have no lane.
struct Rails: Equatable {
  struct Cell: Equatable {
    /// The lines of the cell. For a node, the lines that it covers.
    var joint: Joint = []
    var isNode = false
    /// A node directly below another one that is not its source: `╶` before it.
    var isSeparate = false
    /// Whether the row's line passes beneath the lane.
    var isCrossed = false
    /// Whether `◂` follows the cell.
    var hasArrow = false
    /// The net of the lane; -1 for none.
    var net: Int32 = -1
  }

  /// The item of a row: the heading of an open stage, whose nodes follow, or a node.
  enum Item: Equatable {
    case heading(Int)
    case node(Int)
  }

  let items: [Item]
  /// The row of each node.
  let rowOf: [Int]
  /// The largest number of lanes beside a row, including the bundle.
  let laneCount: Int
  /// The lane of the bundle.
  let bundle: Int?
  private let sheet: RailSheet

  /// The row of each node among these.
  static func rows(of graph: NodeGraph, _ items: [Item]) -> [Int] {
    var rowOf = [Int](repeating: 0, count: graph.nodes.count)
    for (row, item) in items.enumerated() {
      if case .node(let node) = item { rowOf[node] = row }
    }
    return rowOf
  }

  init(_ graph: NodeGraph, _ items: [Item], laneLimit: Int, ascii: Bool = false) {
    self.items = items
    rowOf = Self.rows(of: graph, items)
    let spans = RailSpans(graph, rowOf, rowCount: items.count, laneLimit: laneLimit)
    var writer = RailWriter(graph, spans, ascii: ascii)
    for (row, item) in items.enumerated() {
      if case .node(let node) = item { writer.draw(node, row) } else { writer.drawEmptyRow() }
    }
    sheet = writer.sheet
    bundle = sheet.hasBundle ? sheet.laneCount : nil
    laneCount = max(1, sheet.laneCount + (sheet.hasBundle ? 1 : 0))
  }

  init(_ graph: NodeGraph, laneLimit: Int, ascii: Bool = false) {
    self.init(graph, RowOrder.rows(graph).map(Item.node), laneLimit: laneLimit, ascii: ascii)
  }

  /// The lanes beside a row, from the left; trailing empty lanes are left out.
  func lanes(_ row: Int) -> [Cell] {
    var cells = Array(sheet.cells(row))
    guard let bundle else { return cells }
    let end = sheet.bundle(row)
    if end.joint.isEmpty { return cells }
    let between = Cell(joint: end.joint.contains(.left) ? .horizontal : [])
    cells += repeatElement(between, count: bundle - cells.count)
    if end.hasArrow, bundle > 0 { cells[bundle - 1].hasArrow = true }
    cells.append(Cell(joint: end.joint))
    return cells
  }

  /// The lanes between a row and the next one.
  func link(below row: Int) -> [Cell] {
    lanes(row).map { cell in
      cell.joint.contains(.down) ? Cell(joint: .vertical, net: cell.net) : Cell()
    }
  }
}

/// The cells of all rows, packed in two arrays. The bundle's cells are separate, because its
/// lane is known last.
struct RailSheet: Equatable {
  private var all: [Rails.Cell] = []
  private var starts: [Int32] = [0]
  private var bundles: [Rails.Cell] = []
  private(set) var laneCount = 0
  private(set) var hasBundle = false

  mutating func append(_ cells: [Rails.Cell], bundle: Rails.Cell) {
    all += cells
    starts.append(Int32(all.count))
    bundles.append(bundle)
    laneCount = max(laneCount, cells.count)
    if !bundle.joint.isEmpty { hasBundle = true }
  }

  func cells(_ row: Int) -> ArraySlice<Rails.Cell> {
    all[Int(starts[row])..<Int(starts[row + 1])]
  }

  func bundle(_ row: Int) -> Rails.Cell { bundles[row] }
}

extension Rails {
  /// The lanes beside a row as characters: one before the first lane, then two for each lane
  /// except the last. `glyph` is the node's.
  static func text(
    _ cells: [Cell], bundle: Int?, glyph: String, ascii: Bool,
    stroke: (Int32) -> Stroke = { _ in .light }
  ) -> String {
    var text = lead(cells, before: 0, ascii)
    for (lane, cell) in cells.enumerated() {
      text +=
        cell.isNode
        ? glyph : String(symbol(cell, isBundle: lane == bundle, stroke(cell.net), ascii))
      if lane + 1 < cells.count { text += lead(cells, before: lane + 1, ascii) }
    }
    return text
  }

  /// The character of a lane in a row without its node.
  static func symbol(_ cell: Cell, isBundle: Bool, _ stroke: Stroke, _ ascii: Bool)
    -> Unicode.Scalar
  {
    if isBundle, cell.joint == .vertical { return ascii ? "\"" : "┋" }
    return LineCell(cell.isCrossed ? .vertical : cell.joint, stroke).glyph(ascii: ascii)
  }

  /// The character between a lane and the previous one.
  static func lead(_ cells: [Cell], before lane: Int, _ ascii: Bool) -> String {
    if lane > 0 {
      let before = cells[lane - 1]
      if before.hasArrow { return ascii ? "<" : "◂" }
      if before.isCrossed || before.joint.contains(.right) { return ascii ? "-" : "─" }
    }
    return cells.indices.contains(lane) && cells[lane].isSeparate ? (ascii ? "-" : "╶") : " "
  }
}
