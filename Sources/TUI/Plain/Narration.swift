/// Prints changes of a model as lines: the counterpart of `draw()` for screen readers, pipes
/// and terminals that can only print.
///
/// Keys work as on the screen. Input prints what it changes: the focused pane, the selected
/// row, new lines, questions, notices. Without input, only events of the run and followed
/// output are printed.
struct Narration {
  enum Announcement: Equatable {
    case line(String)
    /// Without a line feed: an echo of typed text.
    case echo(String)
    /// The last typed character was deleted.
    case erase
  }

  private var focus: Pane?
  private var overlay: Overlay?
  private var prompt: Prompt?
  private var status: String?
  private var phase = Model.Phase.live
  private var connection = Connection.live
  private var lacksEngine = false
  private var cursor: String?
  /// The rows of the focused pane when last printed.
  private var rows: [String] = []
  /// Whether a user remains after the end of the run; otherwise the summary reports the end.
  var tellsEnd = true
  /// Whether the output is in the middle of a typed line.
  private var isTyping = false

  /// The news of the model. `wasAsked`: caused by input, which needs an answer.
  mutating func tell(_ model: Model, _ events: [String], wasAsked: Bool) -> [Announcement] {
    var lines = events
    if model.phase != phase {
      phase = model.phase
      if tellsEnd || phase == .live {
        lines.append(Summary.headline(model.run, now: model.now))
      }
    }
    lines += connectionLines(model) + engineLines(model)
    lines += overlayLines(model)
    if overlay == nil { lines += paneLines(model, wasAsked: wasAsked) }
    if model.status != status, let said = model.status { lines.append(said) }
    status = model.status
    var announcements = lines.map(Announcement.line)
    if isTyping, model.prompt == nil || !announcements.isEmpty {
      announcements.insert(.line(""), at: 0)
      isTyping = false
    }
    announcements += promptAnnouncements(model)
    prompt = model.prompt
    return announcements
  }

  /// Everything, as if nothing had been printed before.
  mutating func tellAll(_ model: Model, _ events: [String]) -> [Announcement] {
    let tellsEnd = tellsEnd
    self = Narration()
    self.tellsEnd = tellsEnd
    phase = model.phase
    let header = Self.header(model).map(Announcement.line)
    return header + tell(model, events, wasAsked: true)
  }

  // MARK: Parts

  private static func header(_ model: Model) -> [String] {
    let screen = model.draw()
    let area = model.layout.header
    return (area.row..<area.endRow).map { PlainText.row(screen.lines[$0]) }
  }

  private mutating func connectionLines(_ model: Model) -> [String] {
    guard model.connection != connection else { return [] }
    connection = model.connection
    switch connection {
    case .live: return ["Redis is back"]
    case .lost(let reason): return ["Redis lost, trying again: \(reason)"]
    }
  }

  private mutating func engineLines(_ model: Model) -> [String] {
    guard model.lacksEngine != lacksEngine else { return [] }
    lacksEngine = model.lacksEngine
    if lacksEngine { return ["the engine died: :resume or a retry restarts it"] }
    return model.engineIsGone ? [] : ["the engine is back"]
  }

  private mutating func overlayLines(_ model: Model) -> [String] {
    guard model.overlay != overlay else { return [] }
    if case .edit = model.overlay {
      // A form is printed like a pane: only its changes.
      let before = if case .edit = overlay { rows } else { [String]() }
      rows = PlainPane(model).rows
      overlay = model.overlay
      return PlainPane.added(rows, after: before)
    }
    let closed = overlay
    overlay = model.overlay
    switch overlay {
    case .edit: return []
    case .question: return [HintView.line(model, columns: Self.columns).text.spoken]
    case .help: return HelpView.lines(model, columns: 70).map(\.text.spoken).filter { $0 != "" }
    case .menu(let menu):
      let items = MenuView.lines(model, menu, columns: Self.columns).map(\.text.spoken)
      // While one moves in it, only the row.
      if case .menu = closed { return items[guarding: menu.row].map { [$0] } ?? [] }
      return [model.title(of: menu).spoken] + items
    case nil:
      if closed == .help { return ["help closed"] }
      return []
    }
  }

  private mutating func paneLines(_ model: Model, wasAsked: Bool) -> [String] {
    let hasMoved = focus != model.focus
    let pane = PlainPane(model)
    defer {
      focus = model.focus
      cursor = pane.cursor
      rows = pane.rows
    }
    if hasMoved {
      let title = TabsView.title(model, of: model.focus).text.spoken
      // Tables are printed row by row, text as it grows.
      return [title] + (pane.cursor.map { [$0] } ?? pane.rows)
    }
    if let cursor = pane.cursor { return wasAsked && cursor != self.cursor ? [cursor] : [] }
    let isStreaming = model.focus.content?.streams ?? false
    return wasAsked || isStreaming ? PlainPane.added(pane.rows, after: rows) : []
  }

  /// Only the newly typed text; the whole line if that is not enough.
  private mutating func promptAnnouncements(_ model: Model) -> [Announcement] {
    guard let now = model.prompt else { return [] }
    let text = now.field.text
    defer { isTyping = true }
    guard isTyping, let before = prompt, before.purpose == now.purpose else {
      return [.echo(now.label + text)]
    }
    let old = before.field.text
    if text == old { return [] }
    if text.hasPrefix(old) { return [.echo(String(text.dropFirst(old.count)))] }
    if old.hasPrefix(text), old.count == text.count + 1 { return [.erase] }
    return [.line(""), .echo(now.label + text)]
  }

  static let columns = 160
}

extension String {
  fileprivate var spoken: String { PlainText.row(self) }
}
