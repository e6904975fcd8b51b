internal import Engine
internal import JobProtocol
internal import Workflow

extension Model {
  mutating func handle(_ input: Input) -> [Effect] {
    switch input {
    case .key(let key):
      status = nil
      return handle(key)
    case .click(let point):
      status = nil
      return click(point)
    case .paste(let text):
      status = nil
      paste(text)
    case .drag(let point): drag(to: point)
    case .release: pointer.divider = nil
    case .wheel(let point, let rows): wheel(point, rows)
    }
    return []
  }

  private mutating func handle(_ key: Key) -> [Effect] {
    // Escape and the next key arrived together; no binding uses Alt.
    if case .alt(let character) = key {
      let second = character.unicodeScalars.first.flatMap { KeyDecoder.plainKey($0.value) }
      return handle(.escape) + (second.map { handle($0) } ?? [])
    }
    switch key {
    case .control("l"): return [.redraw]
    case .control("z"): return [.suspend]
    default: break
    }
    if case .question(let question) = overlay { return answer(question, key) }
    if let objection = objectionToHidden(key) {
      showMessage(objection)
      return []
    }
    if case .edit(let form) = overlay { return handle(key, in: form) }
    if case .menu(let menu) = overlay { return handle(key, in: menu) }
    if prompt != nil { return type(key) }
    guard let action = keys.action(for: key, in: focus) else {
      if overlay == nil { showMessage(objection(to: key)) }
      return []
    }
    if overlay == .help { return performInHelp(action) }
    if let objection = objection(to: action) {
      showMessage(objection)
      return []
    }
    return perform(action)
  }

  /// Why a key does not reach a form or a menu that the screen is too small to show.
  private func objectionToHidden(_ key: Key) -> String? {
    guard layout.kind == .oneLine, ![.escape, .control("c")].contains(key) else { return nil }
    switch overlay {
    case .edit: return "the form needs 60x16: enlarge the screen, or Esc"
    case .menu: return "the menu needs 60x16: enlarge the screen, or Esc"
    case .help, .question, nil: return nil
    }
  }

  // MARK: Questions

  private mutating func answer(_ question: Question, _ key: Key) -> [Effect] {
    switch (question, key) {
    case (_, .escape), (_, .control("c")), (_, .character("n")):
      overlay = nil
    case (.leave, .character("q")) where phase != .live: return [.leave(.detach)]
    case (.leave, .character("d")): return [.leave(phase == .closed ? .closed : .detach)]
    case (.leave, .character("s")) where phase == .live: overlay = .question(.stopAndLeave)
    case (.stopAndLeave, .character("y")), (.stopAndLeave, .character("s")):
      return [.world(.control(.stop)), .leave(.stop)]
    case (.stop, .character("y")), (.stop, .character("s")):
      overlay = nil
      showMessage("stopping the run")
      return [.world(.control(.stop))]
    case (.close, .character("y")):
      overlay = nil
      return [.world(.control(.close))]
    case (.drain(let worker), .character("y")):
      overlay = nil
      showMessage("draining \(worker.displayName)")
      return [.world(.control(.drain(worker: worker)))]
    case (.removeWorker(let site, let id), .character("y")):
      overlay = nil
      showMessage("removing \(site.displayName) \(id.displayName)")
      return [.world(.control(.workers(WorkersRequest(.remove, site: site, worker: id))))]
    case (.tasks(let question), _):
      guard let effects = answer(question, key) else { break }
      overlay = nil
      return effects
    default: break
    }
    return []
  }

  // MARK: The prompt

  private mutating func type(_ key: Key) -> [Effect] {
    guard var prompt else { return [] }
    switch key {
    case .enter, .escape, .control("c"): return end(prompt, isAccepted: key == .enter)
    // Backspace in an empty field leaves it.
    case .backspace where prompt.field.text.isEmpty: return end(prompt, isAccepted: false)
    default:
      if handlePaletteKey(key) { return [] }
      guard prompt.field.handle(key) else { return [] }
      self.prompt = prompt
      prompt.pane?.content?.typed(prompt, on: &self)
      return []
    }
  }

  private mutating func end(_ prompt: Prompt, isAccepted: Bool) -> [Effect] {
    self.prompt = nil
    if let content = prompt.pane?.content {
      return content.ended(prompt, isAccepted: isAccepted, on: &self)
    }
    return isAccepted ? runCommand(prompt.field.text) : []
  }
}

extension Model {
  /// Inserts pasted text into the current text field, without submitting it. Does nothing
  /// elsewhere.
  mutating func paste(_ text: String) {
    if case .edit(var form) = overlay {
      form.paste(text)
      overlay = .edit(form)
    } else if overlay == nil, var prompt {
      let isWhole = prompt.field.insert(text)
      if prompt.purpose == .command { palette.touch() }
      self.prompt = prompt
      prompt.pane?.content?.typed(prompt, on: &self)
      if !isWhole, self.prompt?.note == nil { self.prompt?.note = TextField.isFull }
    } else {
      let keys = "\(keyName(.shell(.palette))) or \(keyName(find))"
      showMessage("paste ignored: open a text field first (\(keys))")
    }
  }

  /// The action that opens the text field of the focused pane.
  private var find: Action {
    switch focus {
    case .log: .log(.find)
    case .events: .events(.find)
    default: .shell(.find)
    }
  }
}
