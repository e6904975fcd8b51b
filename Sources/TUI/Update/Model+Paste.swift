extension Model {
  /// Text that was pasted goes into the field that takes keys. It never submits it, and where there
  /// is no field it does nothing.
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
      say("pasted text ignored: only a text field (\(keys)) takes it")
    }
  }

  /// What opens the text field of the focused pane: some have their own action for it.
  private var find: Action {
    switch focus {
    case .log: .log(.find)
    case .events: .events(.find)
    default: .shell(.find)
    }
  }
}
