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
      say("paste ignored: open a text field first (\(keys))")
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
