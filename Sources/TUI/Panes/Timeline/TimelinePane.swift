internal import Engine
internal import Workflow

/// The timeline: the visible range, and the cursor.
struct TimelinePane {
  enum Grouping { case workers, stages }

  /// The subject of a row; rows move when workers join.
  enum Row: Equatable {
    case slot(worker: String, Int)
    case stage(Int)
  }

  private(set) var data: TimelineData
  var grouping = Grouping.workers
  /// Milliseconds for each column; `nil` to show everything.
  private(set) var zoom: Int?
  /// The left edge; `nil` while the right edge follows the time.
  private(set) var origin: Int?
  private(set) var cursor = ItemCursor<Row>()
  /// The bar under the cursor.
  private(set) var chosen: AttemptID?

  init(_ run: RunState) {
    data = TimelineData(stageCount: run.graph.stages.count)
  }

  var isFollowing: Bool { origin == nil }

  var rowCount: Int { grouping == .workers ? data.lanes.count : data.tracks.count }
  var window: ListWindow { cursor.window }

  private var rows: [Row] {
    switch grouping {
    case .workers: data.lanes.map { .slot(worker: $0.worker, $0.slot) }
    case .stages: data.tracks.indices.map { .stage($0) }
    }
  }

  mutating func refresh(height: Int) { cursor.refresh(rows, height: height) }
  mutating func pin() { cursor.pin() }

  /// Switches between workers and stages; the cursor starts at the first row.
  mutating func group(height: Int) {
    grouping = grouping == .workers ? .stages : .workers
    chosen = nil
    cursor.move(to: 0, in: rows, height: height)
  }

  mutating func handle(_ event: RunEvent, _ graph: WorkflowGraph) { data.handle(event, graph) }

  // MARK: The visible range

  /// `start` and `now` limit the range.
  func scale(columns: Int, start: Int, now: Int) -> TimelineScale {
    guard let zoom else {
      return TimelineScale(fitting: start, now, columns: columns, gaps: data.gaps)
    }
    let per = Double(zoom)
    if let origin { return TimelineScale(origin: origin, perColumn: per, columns: columns) }
    let available = Int(per * Double(max(1, columns - 3)))
    return TimelineScale(origin: max(start, now - available), perColumn: per, columns: columns)
  }

  /// Zooms; the selected bar or the middle stays in place.
  mutating func zoom(in isIn: Bool, _ scale: TimelineScale, _ start: Int, _ now: Int) {
    let steps = TimelineScale.steps
    let next =
      isIn
      ? steps.last { Double($0) < scale.perColumn * 0.99 }
      : steps.first { Double($0) > scale.perColumn * 1.01 }
    guard let next else { return }
    if !isIn, Double(next) * Double(scale.columns) > Double(now - start) { return fit() }
    let middle = chosenBar.map { $0.start } ?? scale.time(at: scale.columns / 2)
    zoom = next
    let atEnd = isFollowing && chosen == nil
    origin = atEnd ? nil : max(start, middle - next * scale.columns / 2)
  }

  mutating func fit() { (zoom, origin) = (nil, nil) }

  /// Moves by a fraction of the range. At the end, follows the time again.
  mutating func pan(_ part: Double, _ scale: TimelineScale, _ start: Int, _ now: Int) {
    guard zoom != nil else { return }
    let wanted = scale.origin + Int(part * scale.perColumn * Double(scale.columns))
    let last = now - Int(scale.perColumn * Double(scale.columns - 3))
    origin = wanted >= last && part > 0 ? nil : max(start, min(wanted, max(start, last)))
  }

  mutating func goToNow() { origin = nil }

  // MARK: The cursor

  var lane: TimelineData.Lane? {
    grouping == .workers ? cursor.row.flatMap { data.lanes[guarding: $0] } : nil
  }

  var chosenBar: TimelineData.Bar? {
    guard let chosen, let bars = lane?.bars else { return nil }
    return bars.last { $0.attempt == chosen }
  }

  mutating func choose(_ attempt: AttemptID?) { chosen = attempt }

  mutating func move(toRow row: Int, height: Int, _ scale: TimelineScale) {
    let time = chosenBar.map(\.start) ?? scale.time(at: scale.columns / 2)
    cursor.move(to: row, in: rows, height: height)
    if chosen != nil { chooseBar(at: time) }
  }

  /// The bar of the slot that is nearest to a time.
  mutating func chooseBar(at time: Int) {
    guard let lane, !lane.bars.isEmpty else {
      chosen = nil
      return
    }
    let index = min(lane.firstBar(endingAfter: time), lane.bars.count - 1)
    chosen = lane.bars[index].attempt
  }

  /// Selects the next or previous bar of the slot.
  mutating func step(_ direction: Int, _ scale: TimelineScale) {
    guard let lane, !lane.bars.isEmpty else { return }
    guard let here = lane.bars.lastIndex(where: { $0.attempt == chosen }) else {
      return chooseBar(at: scale.end - 1)
    }
    let bar = lane.bars[min(max(0, here + direction), lane.bars.count - 1)]
    chosen = bar.attempt
    guard zoom != nil, !(scale.origin..<scale.end).contains(bar.start) else { return }
    origin = bar.start - Int(scale.perColumn * Double(scale.columns / 3))
  }
}

/// The actions of the timeline's keys.
enum TimelineAction: String, CaseIterable, Sendable {
  case zoomIn, zoomOut, fit, group, earlier, later, now
}

extension TimelinePane {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .timeline(.zoomIn), .view, [.character("+")], "zoom in", hint: "zoom in"),
    KeyBinding(
      .timeline(.zoomOut), .view, [.character("-")], "zoom out", hint: "zoom out"),
    KeyBinding(.timeline(.fit), .view, [.character("=")], "show the whole run", hint: "all"),
    KeyBinding(
      .timeline(.group), .view, [.character("b")], "by worker or by stage", hint: "by stage"),
    KeyBinding(.timeline(.earlier), .view, [.character("<")], "earlier", hint: "earlier"),
    KeyBinding(.timeline(.later), .view, [.character(">")], "later", hint: "later"),
    KeyBinding(.timeline(.now), .view, [.character("n")], "follow the time", hint: "now"),
  ]
}
