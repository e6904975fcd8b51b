/// A graph as a list: one row for each node, in topological order, and lanes beside the rows for
/// the nets. How to read it:
///
/// - The lines that touch a row are what its node gets and gives. A lane that ends there (`╯`) is
///   got, one that begins there (`╮`) is given.
/// - A lane that goes on is got where it stands left of the node (`├─▶`), given where it stands
///   right of it (`▶─┤`), and the other way round where `◂` shows it.
/// - A node right below another, with nothing got from its sides, gets what the other one gives.
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
/// There are only so many lanes. When all are taken, the net that runs longest goes into the
/// bundle: one lane at the right, shared by all that found no other.
struct Rails: Equatable {
  struct Cell: Equatable {
    /// What is drawn; in the cell of a node, what its lines would be.
    var joint: Joint = []
    var isNode = false
    /// A node right below another one that gives it nothing: `╶` before it.
    var isApart = false
    /// The row's line passes beneath the lane.
    var isCrossed = false
    /// `◂` behind the cell.
    var hasArrow = false
    /// The net of the lane, -1 where there is none.
    var net: Int32 = -1
  }

  /// What a row is about: an opened stage, whose nodes follow, or a node.
  enum Item: Equatable {
    case heading(Int)
    case node(Int)
  }

  let items: [Item]
  /// The row of each node.
  let rowOf: [Int]
  /// Lanes at the most beside any row, the bundle included.
  let laneCount: Int
  /// The lane that nets without one share.
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
      if case .node(let node) = item { writer.draw(node, row) } else { writer.pass() }
    }
    sheet = writer.sheet
    bundle = sheet.hasBundle ? sheet.laneCount : nil
    laneCount = max(1, sheet.laneCount + (sheet.hasBundle ? 1 : 0))
  }

  init(_ graph: NodeGraph, laneLimit: Int, ascii: Bool = false) {
    self.init(graph, RowOrder.rows(graph).map(Item.node), laneLimit: laneLimit, ascii: ascii)
  }

  /// The lanes beside a row, from the left; those that are missing at the end are empty.
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

/// The cells of all rows in two arrays; those of the bundle apart, since its lane is known last.
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
