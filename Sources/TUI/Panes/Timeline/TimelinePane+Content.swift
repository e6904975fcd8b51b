internal import Engine
internal import HumanText
internal import Workflow

extension TimelinePane: PaneContent {
  static func notes(_ model: Model) -> [String] {
    let scale = model.timelineScale
    let offset = model.timeZoneOffset
    let end = min(scale.end, model.timelineNow)
    let span =
      Formats.time(milliseconds: scale.origin, offset: offset) + " – "
      + Formats.time(milliseconds: max(scale.origin, end), offset: offset)
    return [
      model.timeline.grouping == .workers ? "by worker" : "by stage",
      model.theme.ascii ? span.replacing("–", with: "to") : span, scale.text,
    ]
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    TimelineView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    switch action {
    case .timeline(.earlier), .timeline(.later):
      model.timeline.zoom == nil ? "the whole run is shown: + zooms in" : nil
    case .timeline(.now): model.timeline.isFollowing ? "the timeline already follows the time" : nil
    case .task(let action) where action != .retryAll:
      model.timeline.chosen != nil && shownBar(model) == nil
        ? "the selected bar is not on the screen: Left or Right selects one" : nil
    case .shell(.open):
      model.timeline.grouping == .workers && model.timeline.chosenBar == nil
        ? "no bar selected: Left or Right selects one" : nil
    default: nil
    }
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    let (scale, start, now) = (model.timelineScale, model.timelineStart, model.timelineNow)
    switch action {
    case .timeline(.zoomIn): model.timeline.zoom(in: true, scale, start, now)
    case .timeline(.zoomOut): model.timeline.zoom(in: false, scale, start, now)
    case .timeline(.fit): model.timeline.fit()
    case .timeline(.earlier): model.timeline.pan(-0.5, scale, start, now)
    case .timeline(.later): model.timeline.pan(0.5, scale, start, now)
    case .timeline(.now): model.timeline.goToNow()
    case .timeline(.group): model.groupTimeline()
    case .move(.left): step(-1, on: &model)
    case .move(.right): step(1, on: &model)
    case .shell(.open): model.openFromTimeline()
    case .shell(.back):
      guard model.timeline.chosen != nil else { return nil }
      model.timeline.choose(nil)
    default: return nil
    }
    return []
  }

  private static func step(_ direction: Int, on model: inout Model) {
    guard model.timeline.grouping == .workers else { return }
    let scale = model.timelineScale
    model.timeline.step(direction, scale)
  }

  static func subjects(_ model: Model) -> [FiringID]? {
    guard model.timeline.chosen != nil else { return nil }
    return shownBar(model).map { [$0.attempt.firing] } ?? []
  }

  static func target(_ model: Model) -> Target? {
    guard model.timeline.chosen != nil else { return nil }
    return shownBar(model).map { .task($0.attempt.firing) } ?? .nothing
  }

  static func pin(_ model: inout Model) {
    model.timeline.pin()
    model.tasks.pin()
  }

  /// The selected bar, unless it is outside the visible range.
  private static func shownBar(_ model: Model) -> TimelineData.Bar? {
    guard let bar = model.timeline.chosenBar else { return nil }
    let scale = model.timelineScale
    return bar.start < scale.end && bar.end ?? model.timelineNow >= scale.origin ? bar : nil
  }

  static func scroll(by rows: Int, on model: inout Model) {
    move(to: model.timeline.window.cursor + rows, on: &model)
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    move(to: toEnd ? model.timeline.rowCount - 1 : 0, on: &model)
  }

  private static func move(to row: Int, on model: inout Model) {
    let (scale, height) = (model.timelineScale, model.timelineHeight)
    model.timeline.move(toRow: row, height: height, scale)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let top = model.timeline.window.top
    guard let row = model.timelinePlan.item(at: place.row, top: top),
      row < model.timeline.rowCount
    else { return [] }
    move(to: row, on: &model)
    let scale = model.timelineScale
    let column = place.column - 1 - TimelineView.labelColumns(model)
    if column >= 0 { model.timeline.chooseBar(at: scale.time(at: column)) }
    return []
  }

  static func handle(_ event: RunEvent, on model: inout Model) {
    model.timeline.handle(event, model.run.graph)
  }

  static func refresh(_ model: inout Model) -> [Effect] {
    let height = model.timelineHeight
    model.timeline.refresh(height: height)
    return []
  }
}

extension Model {
  /// The end of what can be shown.
  var timelineNow: Int {
    phase == .live ? now : max(run.settledAt ?? 0, run.lastEventAt ?? now)
  }

  var timelineStart: Int { run.startedAt ?? now }

  var timelinePlan: TimelinePlan {
    let (lanes, stages) = (timeline.data.lanes.count, timeline.data.tracks.count)
    let isByWorker = timeline.grouping == .workers
    return TimelinePlan(
      rows: layout.height(.timeline), items: isByWorker ? lanes : stages,
      others: isByWorker ? stages : lanes, canBeHigh: isByWorker)
  }

  /// How many slots or stages are visible.
  var timelineHeight: Int { timelinePlan.count }

  var timelineScale: TimelineScale {
    let area = (layout.panes[.timeline] ?? layout.body).inset(padding: 1)
    return timeline.scale(
      columns: max(1, area.columns - TimelineView.labelColumns(self)), start: timelineStart,
      now: timelineNow)
  }

  fileprivate mutating func groupTimeline() {
    timeline.group(height: timelineHeight)
  }

  /// Opens the selected task, or the tasks of the stage.
  fileprivate mutating func openFromTimeline() {
    if let bar = timeline.chosenBar {
      choose(bar.attempt.firing)
      openDetail()
    } else if timeline.grouping == .stages, let stage = timeline.cursor.row {
      tasks.show(stage: stage, run)
      choose(.tasks)
    }
  }
}
