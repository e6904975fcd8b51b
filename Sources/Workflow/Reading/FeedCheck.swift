import JSONValue

/// Finds the inputs that no value can ever reach: nobody produces them and they have no `data`.
struct FeedCheck {
  let workflow: Workflow
  let decoder: ProcessDecoder
  let list: FileList

  func check(_ findings: inout Findings) {
    let fedFromOutside = Set(workflow.ins)
    // By index: a copy of a process costs a dozen counts of references.
    for index in workflow.processes.indices {
      for input in workflow.processes[index].inputs where lacks(input) {
        let remedy =
          fedFromOutside.contains(input.signal)
          ? "waits until it is sent (run with -s)"
          : "never fires"
        findings.warning(
          path(of: input.signal, in: workflow.processes[index].id),
          "nothing produces \(workflow[input.signal].name.quotedForMessage) and it has no data:"
            + " the process \(remedy)")
      }
    }
  }

  /// A process fires without its `done`; everything else it waits for.
  private func lacks(_ input: Workflow.Input) -> Bool {
    input.control != .done && workflow.producers(of: input.signal).isEmpty
      && (workflow.signals[input.signal.index].data ?? []).isEmpty
  }

  /// The element of `ins` that brought the signal in, by itself or as the count of another.
  private func path(of signal: SignalID, in process: ProcessID) -> String {
    let place = Place(list: list.key, index: process.index)
    guard case .object(let object) = list.elements[process.index] else { return place.description }
    var ignored = Findings()
    let references = decoder.references(
      KeyReader(object: object, place: place), "ins", &ignored)
    let source =
      references.first { $0.reference.signal == signal }
      ?? references.first { $0.reference.count == .signal(signal) }
    return source.map { place.element("ins", $0.position) } ?? place.key("ins")
  }
}
