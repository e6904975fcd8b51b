/// Draws rails from top to bottom; ``Rails`` explains the drawing.
struct RailWriter {
  private typealias Cell = Rails.Cell

  private(set) var sheet = RailSheet()

  private let graph: NodeGraph
  private let spans: RailSpans
  /// The net in each lane; -1 is free.
  private var lanes: [Int32] = []
  private var laneOf: [Int]
  /// The last row whose node touched each net.
  private var lastTouch: [Int]
  /// How many nets are in the bundle.
  private var bundled = 0
  /// The column of the node in the row above.
  private var above: Int?
  /// In ASCII, the lanes that ended in the row above. An ending `+` looks like a continuing
  /// one, so nothing else may stand directly below.
  private var endedAbove: Set<Int> = []
  private let ascii: Bool

  /// A net that ends or starts at a row's node.
  private struct NetEnd {
    let net: Int
    /// Whether the node is a target of the net, not a source.
    let isInput: Bool
    let begins: Bool
    let ends: Bool
    /// `nil` until the lane is chosen, and for the bundle.
    var lane: Int?

    var passesThrough: Bool { !begins && !ends }
  }

  init(_ graph: NodeGraph, _ spans: RailSpans, ascii: Bool) {
    self.ascii = ascii
    self.graph = graph
    self.spans = spans
    laneOf = Array(repeating: 0, count: graph.nets.count)
    lastTouch = Array(repeating: -1, count: graph.nets.count)
  }

  /// Draws a row without a node.
  mutating func drawEmptyRow() {
    sheet.append(
      lanes.map { Cell(joint: $0 < 0 ? [] : .vertical, net: $0) },
      bundle: Cell(joint: bundled > 0 ? .vertical : []))
    above = nil
    endedAbove = []
  }

  mutating func draw(_ node: Int, _ row: Int) {
    var (touches, bundles) = touches(of: node, row)
    let hasNoInputs = !(touches + bundles).contains(where: \.isInput)
    let column = column(touches, row, hasNoInputs: hasNoInputs)
    begin(&touches, column)
    var cells = cells(touches, column)
    if hasNoInputs, above == column || endedAbove.contains(column) {
      cells[column].isSeparate = true
    }
    let bundle = bundle(bundles)
    if bundle.joint.contains(.left) { Self.cross(&cells, column..<cells.count) }
    sheet.append(cells, bundle: bundle)
    for touch in touches {
      lastTouch[touch.net] = row
      if touch.ends, let lane = touch.lane { lanes[lane] = -1 }
      if touch.begins, let lane = touch.lane { lanes[lane] = Int32(touch.net) }
    }
    while lanes.last == -1 { lanes.removeLast() }
    above = column
    if ascii {
      endedAbove = Set(touches.filter(\.ends).compactMap(\.lane)).subtracting([column])
    }
  }

  private func touches(of node: Int, _ row: Int) -> (own: [NetEnd], bundled: [NetEnd]) {
    let inputs = Array(graph.inputs[node])
    let outputs = graph.outputs[node].filter { !inputs.contains($0) }
    let nets = inputs.map { ($0, true) } + outputs.map { ($0, false) }
    var (own, bundled): ([NetEnd], [NetEnd]) = ([], [])
    for (net, isInput) in nets where spans.first[net] < spans.last[net] {
      let begins = spans.first[net] == row
      let touch = NetEnd(
        net: net, isInput: isInput, begins: begins, ends: spans.last[net] == row,
        lane: begins || !spans.hasLane[net] ? nil : laneOf[net])
      if spans.hasLane[net] { own.append(touch) } else { bundled.append(touch) }
    }
    return (own, bundled)
  }

  // MARK: Columns

  /// The column of the node: a lane that ends here, or a free lane to the right of its
  /// continuing inputs. Ambiguous positions cost most, ugly ones least.
  private func column(_ touches: [NetEnd], _ row: Int, hasNoInputs: Bool) -> Int {
    let inputs = touches.filter { $0.isInput && $0.passesThrough }.compactMap(\.lane)
    let outputs = touches.filter { !$0.isInput && $0.passesThrough }.compactMap(\.lane)
    let ending = touches.filter(\.ends)
    func arrows(_ column: Int) -> Int {
      inputs.count { $0 > column } + outputs.count { $0 < column }
    }
    var best = (cost: Int.max, column: 0)
    for touch in ending {
      guard let lane = touch.lane else { continue }
      let isStacked = above == lane && touches.count { $0.isInput } > 1
      let isOneOfMany =
        graph.nets[touch.net].lower.count > 1
        && lastTouch[touch.net] == row - 1 && above != lane
      let cost = (isStacked ? 100 : 0) + (isOneOfMany ? 6 : 0) + 8 * arrows(lane)
      if cost < best.cost { best = (cost, lane) }
    }
    let free = freeColumn(
      touches, right: inputs.max() ?? -1, outputs, hasNoInputs: hasNoInputs)
    let cost = (ending.isEmpty ? 0 : 4) + 8 * arrows(free)
    return cost < best.cost ? free : best.column
  }

  /// A free column. A node may be placed directly below another one only if it is clearly not
  /// connected to it: it has inputs from the side, or there is a free column for the mark that
  /// separates them.
  private func freeColumn(
    _ touches: [NetEnd], right of: Int, _ outputs: [Int], hasNoInputs: Bool
  ) -> Int {
    var taken = touches.filter(\.ends).compactMap(\.lane)
    if !hasNoInputs { taken += endedAbove }
    let free = freeLane(from: of + 1, besides: taken)
    let isBelow = above == free || endedAbove.contains(free)
    guard isBelow, hasNoInputs, outputs.contains(where: { $0 < free }) else { return free }
    return freeLane(from: free, besides: taken + endedAbove + (above.map { [$0] } ?? []))
  }

  private func freeLane(from start: Int, besides taken: [Int]) -> Int {
    var lane = start
    while lane < lanes.count && lanes[lane] >= 0 || taken.contains(lane) { lane += 1 }
    return lane
  }

  /// Assigns lanes to the nets that start. The one that ends first goes straight down; nets
  /// with branches on the way stand to the side.
  private mutating func begin(_ touches: inout [NetEnd], _ column: Int) {
    var taken = touches.compactMap(\.lane) + [column] + endedAbove
    if let above { taken.append(above) }
    let starting = touches.indices.filter { touches[$0].begins }
      .sorted { spans.last[touches[$0].net] < spans.last[touches[$1].net] }
    var isStraightTaken = false
    for index in starting {
      let net = touches[index].net
      let upper = graph.nets[net].upper.count
      let lane: Int
      if !isStraightTaken, upper == 1 {
        lane = column
        isStraightTaken = true
      } else {
        lane = freeLane(from: column + 1, besides: taken)
        taken.append(lane)
      }
      touches[index].lane = lane
      laneOf[net] = lane
      if lane >= lanes.count {
        lanes += repeatElement(-1, count: lane + 1 - lanes.count)
      }
    }
  }

  // MARK: Cells

  private func cells(_ touches: [NetEnd], _ column: Int) -> [Cell] {
    var cells = lanes.map { Cell(joint: $0 < 0 ? [] : .vertical, net: $0) }
    if column >= cells.count {
      cells += repeatElement(Cell(), count: column + 1 - cells.count)
    }
    cells[column] = Cell(isNode: true)
    let aside = touches.compactMap(\.lane).filter { $0 != column }
    let low = min(column, aside.min() ?? column)
    let high = max(column, aside.max() ?? column)
    for touch in touches {
      guard let lane = touch.lane else { continue }
      if !touch.begins { cells[lane].joint.insert(.up) }
      if !touch.ends { cells[lane].joint.insert(.down) }
      if touch.begins, touch.ends { continue }
      cells[lane].net = Int32(touch.net)
      guard lane != column else { continue }
      if touch.ends { cells[lane].joint.remove(.down) }
      if touch.begins { cells[lane].joint.remove(.up) }
      if lane > low { cells[lane].joint.insert(.left) }
      if lane < high { cells[lane].joint.insert(.right) }
      mark(touch, lane, column, &cells)
    }
    if low < column { cells[column].joint.insert(.left) }
    if high > column { cells[column].joint.insert(.right) }
    Self.cross(&cells, low + 1..<max(low + 1, high), except: aside + [column])
    return cells
  }

  /// Marks where a line continues to the left without a visible turn.
  private func mark(_ touch: NetEnd, _ lane: Int, _ column: Int, _ cells: inout [Cell]) {
    if touch.isInput, lane > column, !touch.ends {
      cells[lane - 1].hasArrow = true
    } else if !touch.isInput, lane < column, !touch.begins {
      cells[lane].hasArrow = true
    }
  }

  /// Draws the row's line through a range of cells.
  private static func cross(_ cells: inout [Cell], _ range: Range<Int>, except: [Int] = []) {
    for lane in range where !except.contains(lane) {
      if cells[lane].isNode {
        cells[lane].joint.insert(.right)
      } else if cells[lane].joint.isDisjoint(with: .vertical) {
        cells[lane].joint = .horizontal
      } else if cells[lane].joint.isDisjoint(with: .horizontal) {
        cells[lane].isCrossed = true
      } else {
        cells[lane].joint.formUnion(.horizontal)
      }
    }
  }

  private mutating func bundle(_ touches: [NetEnd]) -> Cell {
    var cell = Cell(joint: bundled > 0 ? .up : [])
    bundled += touches.count { $0.begins } - touches.count { $0.ends }
    if bundled > 0 { cell.joint.insert(.down) }
    if !touches.isEmpty { cell.joint.insert(.left) }
    cell.hasArrow = touches.contains(where: \.isInput)
    return cell
  }
}
