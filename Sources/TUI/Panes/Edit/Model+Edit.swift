internal import Engine
internal import JobProtocol

extension Model {
  /// Handles a key while the form is open.
  mutating func handle(_ key: Key, in form: EditForm) -> [Effect] {
    var form = form
    switch key {
    case .escape, .control("c"):
      overlay = nil
      return []
    // An invisible form does not act.
    case _ where layout.kind == .oneLine && layout.body.rows < 4: return []
    case .control("e"):
      let name = form.tasks.count == 1 ? run.label(form.tasks[0]) : "tasks"
      return [.runProgram(ProgramText(program: .editor, name: "\(name).edit", text: form.text))]
    case .enter:
      do throws(CommandText.Mistake) {
        let edits = try form.result()
        overlay = nil
        return start(form, edits)
      } catch {
        form.setMistake(error.text)
      }
    default: form.handle(key)
    }
    overlay = .edit(form)
    return []
  }

  private mutating func start(_ form: EditForm, _ edits: [JobEdit]) -> [Effect] {
    let rest = form.scope == .downstream ? " and all tasks downstream" : ""
    let change = form.changes(edits) ? "edited" : "unchanged"
    track(.edit, form.tasks, "retrying \(name(of: form.tasks))\(rest), \(change)")
    return zip(form.tasks, edits).map { task, edit in
      .world(.control(.edit(task.reference, edit, form.scope)))
    }
  }

  /// The editor that was opened from the form has ended.
  mutating func applyEditedText(_ outcome: ProgramOutcome) {
    guard case .edit(var form) = overlay, case .ended(let text) = outcome else { return }
    form.handle(text: text)
    overlay = .edit(form)
  }
}
