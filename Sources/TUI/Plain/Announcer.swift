/// Prints changes of a model as lines: the counterpart of `draw()` for screen readers, pipes
/// and terminals that can only print.
///
/// Keys work as on the screen. Input prints what it changes: the focused pane, the selected
/// row, new lines, questions, notices. Without input, only events of the run and followed
/// output are printed.
struct Announcer {
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
  /// Whether to announce the end of the run. Without a user at the terminal, the summary reports
  /// it.
  var announcesEnd = true
  /// Whether the output is in the middle of a typed line.
  private var isTyping = false

  /// The lines about everything that has changed since the last call. `isAnswer`: the change was
  /// caused by input, so the selected row is announced, too.
  mutating func announceChanges(_ model: Model, _ events: [String], isAnswer: Bool)
    -> [Announcement]
  {
    var lines = events
    if model.phase != phase {
      phase = model.phase
      if announcesEnd || phase == .live {
        lines.append(Summary.headline(model.run, now: model.now))
      }
    }
    lines += connectionLines(model) + engineLines(model)
    lines += overlayLines(model)
    if overlay == nil { lines += paneLines(model, isAnswer: isAnswer) }
    if model.status != status, let text = model.status { lines.append(text) }
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

  /// The lines about everything, as if nothing had been printed before.
  mutating func announceAll(_ model: Model, _ events: [String]) -> [Announcement] {
    let announcesEnd = announcesEnd
    self = Announcer()
    self.announcesEnd = announcesEnd
    phase = model.phase
    let header = Self.header(model).map(Announcement.line)
    return header + announceChanges(model, events, isAnswer: true)
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
    case .question: return [HintView.line(model, columns: Self.columns).text.plainRow]
    case .help: return HelpView.lines(model, columns: 70).map(\.text.plainRow).filter { $0 != "" }
    case .menu(let menu):
      let items = MenuView.lines(model, menu, columns: Self.columns).map(\.text.plainRow)
      // While the user moves in the menu, only the selected row.
      if case .menu = closed { return items[guarding: menu.row].map { [$0] } ?? [] }
      return [model.title(of: menu).plainRow] + items
    case nil:
      if closed == .help { return ["help closed"] }
      return []
    }
  }

  private mutating func paneLines(_ model: Model, isAnswer: Bool) -> [String] {
    let hasMoved = focus != model.focus
    let pane = PlainPane(model)
    defer {
      focus = model.focus
      cursor = pane.cursor
      rows = pane.rows
    }
    if hasMoved {
      let title = TabsView.title(model, of: model.focus).text.plainRow
      // Tables are printed row by row, text as it grows.
      return [title] + (pane.cursor.map { [$0] } ?? pane.rows)
    }
    if let cursor = pane.cursor { return isAnswer && cursor != self.cursor ? [cursor] : [] }
    let isStreaming = model.focus.content?.streams ?? false
    return isAnswer || isStreaming ? PlainPane.added(pane.rows, after: rows) : []
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
  fileprivate var plainRow: String { PlainText.row(self) }
}
