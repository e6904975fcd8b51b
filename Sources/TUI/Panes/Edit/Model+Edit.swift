internal import Engine
internal import JobProtocol

extension Model {
  /// A key while the form is open; all are for it.
  mutating func take(_ key: Key, in form: EditForm) -> [Effect] {
    var form = form
    switch key {
    case .escape, .control("c"):
      overlay = nil
      return []
    case .control("e"):
      let name = form.tasks.count == 1 ? run.label(form.tasks[0]) : "tasks"
      return [.lend(LentText(program: .editor, name: "\(name).edit", text: form.text))]
    case .enter:
      do throws(CommandText.Mistake) {
        let edits = try form.result()
        overlay = nil
        return start(form, edits)
      } catch {
        form.object(error.text)
      }
    default: form.take(key)
    }
    overlay = .edit(form)
    return []
  }

  private mutating func start(_ form: EditForm, _ edits: [JobEdit]) -> [Effect] {
    let rest = form.scope == .downstream ? " and everything downstream" : ""
    let change = form.changes(edits) ? "edited" : "nothing changed"
    say("asked to retry \(name(of: form.tasks))\(rest), \(change)")
    return zip(form.tasks, edits).map { task, edit in
      .world(.control(.edit(task.reference, edit, form.scope)))
    }
  }

  /// The editor that the form was given to has ended.
  mutating func takeEdited(_ outcome: LentOutcome) {
    guard case .edit(var form) = overlay, case .ended(let text) = outcome else { return }
    form.take(text: text)
    overlay = .edit(form)
  }
}
