internal import Engine
internal import JobProtocol
internal import Workflow

/// The events of the journal: follows the latest, or stays where the user reads.
struct EventsPane {
  private(set) var list = EventList()
  var window = ListWindow()
  /// Whether the cursor follows the last event.
  private(set) var isFollowing = true
  /// The number of the event that the user reads, to return to after a change of the filter.
  private var anchor: Int?
  private var mustFindAnchor = false
  /// The number of the event under the cursor.
  private var number: Int?

  /// Events to filter after each message; takes some milliseconds.
  private static let budget = 2000

  mutating func append(_ event: RunEvent) { list.append(event) }

  mutating func scan(_ run: RunState, height: Int) {
    let budget = list.pattern == nil ? 20 * Self.budget : Self.budget
    let discarded = list.scan(run, budget: budget)
    var cursor = window.cursor - discarded
    if mustFindAnchor, !list.hasWork {
      cursor = anchor.map { list.index(notBefore: $0) } ?? cursor
      mustFindAnchor = false
      number = list.number(at: cursor)
    }
    if isFollowing { cursor = list.count - 1 }
    window.carry(cursor: max(0, cursor), count: list.count, height: height)
    if isFollowing { number = list.number(at: window.cursor) }
  }

  mutating func move(to row: Int, height: Int) {
    window.place(cursor: row, count: list.count, height: height)
    isFollowing = row >= list.count - 1
    number = list.number(at: window.cursor)
    anchor = isFollowing ? nil : list.number(at: window.cursor)
  }

  mutating func setFollowing(_ on: Bool) {
    isFollowing = on
    anchor = on ? nil : list.number(at: window.cursor)
  }

  mutating func show(_ minimum: EventText.Level, _ pattern: LinePattern?) {
    mustFindAnchor = anchor != nil
    list.show(minimum, pattern)
  }

  /// The event under the cursor; `nil` if it has been discarded.
  var chosen: RunEvent? {
    number == list.number(at: window.cursor) ? list[window.cursor] : nil
  }
}

/// The actions of the events' keys.
enum EventsAction: String, CaseIterable, Sendable {
  case follow, find, level, nextError
}

extension EventsPane: PaneContent {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .events(.find), .view, [.character("/"), .character("&")], "filter events by text",
      hint: "filter"),
    KeyBinding(
      .events(.level), .view, [.character("o")], "level: all, jobs, or important",
      hint: "level"),
    KeyBinding(
      .events(.follow), .view, [.character("G"), .end], "go to the end and follow",
      hint: "follow"),
    KeyBinding(.events(.nextError), .view, [.character("E")], "next failure"),
  ]

  static func notes(_ model: Model) -> [String] {
    let list = model.events.list
    var notes: [String] =
      switch list.minimum {
      case .routine: ["all \(list.count)"]
      case .job: ["jobs", "\(list.count) of \(list.end)"]
      case .important: ["important", "\(list.count) of \(list.end)"]
      }
    if let pattern = list.pattern { notes.append("/\(pattern.text.displayName)") }
    if list.first > 0 { notes.append("first \(list.first) discarded") }
    return notes + [model.events.isFollowing ? "following" : "paused"]
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    EventsView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    guard action == .shell(.open) else { return nil }
    return model.events.chosen?.change.firing == nil ? "this event has no task" : nil
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    let list = model.events.list
    switch action {
    case .events(.find), .shell(.find):
      model.prompt = Prompt(.filterEvents, text: list.pattern?.text ?? "")
    case .events(.level): model.events.show(next(after: list.minimum), list.pattern)
    case .events(.follow):
      jump(toEnd: true, on: &model)
      model.events.setFollowing(true)
    case .events(.nextError): goToNextError(&model)
    case .shell(.open):
      guard let firing = model.events.chosen?.change.firing else { return [] }
      model.choose(firing)
      model.openDetail()
    case .shell(.back):
      guard list.pattern != nil else { return nil }
      model.events.show(list.minimum, nil)
    default: return nil
    }
    return []
  }

  private static func goToNextError(_ model: inout Model) {
    let list = model.events.list
    let start = model.events.isFollowing ? -1 : model.events.window.cursor
    let places =
      Array(start + 1..<max(start + 1, list.count)) + Array(0..<min(list.count, start + 1))
    guard let place = places.first(where: { list[$0]?.change.isFailure == true }) else {
      return model.showMessage("no failure among these events")
    }
    let height = model.layout.height(.events)
    model.events.move(to: place, height: height)
    model.events.setFollowing(false)
  }

  private static func next(after level: EventText.Level) -> EventText.Level {
    switch level {
    case .job: .important
    case .important: .routine
    case .routine: .job
    }
  }

  static func subjects(_ model: Model) -> [FiringID]? {
    model.events.chosen.map { $0.change.firing.map { [$0] } ?? [] }
  }

  static func target(_ model: Model) -> Target? {
    model.events.chosen?.change.firing.map { .task($0) } ?? .nothing
  }

  /// Stops following.
  static func pin(_ model: inout Model) {
    if model.events.isFollowing { model.events.setFollowing(false) }
    model.tasks.pin()
  }

  static func scroll(by rows: Int, on model: inout Model) {
    let height = model.layout.height(.events)
    model.events.move(to: model.events.window.cursor + rows, height: height)
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    let height = model.layout.height(.events)
    model.events.move(to: toEnd ? model.events.list.count - 1 : 0, height: height)
  }

  static func click(_ place: Point, on model: inout Model) -> [Effect] {
    let height = model.layout.height(.events)
    let row = model.events.window.top + place.row
    if row < model.events.list.count { model.events.move(to: row, height: height) }
    return []
  }

  static func typed(_ prompt: Prompt, on model: inout Model) {
    let text = prompt.field.text
    model.events.show(model.events.list.minimum, text.isEmpty ? nil : LinePattern(text))
  }

  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect] {
    if !isAccepted { model.events.show(model.events.list.minimum, nil) }
    return []
  }

  static func handle(_ event: RunEvent, on model: inout Model) { model.events.append(event) }

  static func refresh(_ model: inout Model) -> [Effect] {
    let (run, height) = (model.run, model.layout.height(.events))
    model.events.scan(run, height: height)
    return []
  }
}

extension RunEvent.Change {
  var isFailure: Bool {
    switch self {
    case .jobFinished(_, .failed(.cancelled), _, _): false
    case .jobFinished(_, .failed, _, _): true
    default: false
    }
  }

  /// The attempt whose output belongs to the event.
  var pointedAttempt: AttemptID? {
    switch self {
    case .jobSubmitted(let attempt), .jobAccepted(let attempt, _), .jobPending(let attempt, _),
      .jobTaken(let attempt, _), .jobStarted(let attempt, _, _),
      .jobFinished(let attempt, _, _, _), .cancelRequested(let attempt),
      .attemptMade(let attempt, _, _), .retryScheduled(let attempt, _), .jobWithdrawn(let attempt):
      attempt
    default: nil
    }
  }
}
