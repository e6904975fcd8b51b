import JSONValue

/// Finds reasons why processes can never fire: inputs without producer or enough `data`, cycles
/// that nothing starts, and workflows in which nothing can start.
struct InputCheck {
  let workflow: Workflow
  let decoder: ProcessDecoder
  let list: FileList

  private static let shownNames = 5

  func check(_ findings: inout Findings) {
    checkInputs(&findings)
    var check = StartCheck(workflow, source: .allWithoutProducer)
    for cycle in check.takeCycles() {
      guard let first = cycle.first else { continue }
      findings.warning(path(of: first.signal, in: first.process), text(of: cycle))
    }
    if !workflow.processes.isEmpty, StartCheck(workflow, source: .dataAndInputs).nothingStarts {
      findings.warning(
        list.key, "nothing can start: each process waits for a signal that is never sent")
    }
  }

  private func checkInputs(_ findings: inout Findings) {
    let fedFromOutside = Set(workflow.ins)
    // By index: copying a process costs a dozen reference counts.
    for index in workflow.processes.indices {
      let kind = workflow.processes[index].kind
      // A process fires without its `done` input, but waits for all others.
      for input in workflow.processes[index].inputs
      where input.control != .done && workflow.producers(of: input.signal).isEmpty {
        let need = StartCheck.instances(of: input, kind)
        let have = workflow.signals[input.signal.index].data?.count ?? 0
        guard have < need else { continue }
        // `-s` sends one instance.
        let isHelped = have + 1 >= need && fedFromOutside.contains(input.signal)
        findings.warning(
          path(of: input.signal, in: workflow.processes[index].id),
          "nothing produces \(workflow[input.signal].name.quotedForMessage) and it has "
            + (have == 0 ? "no data" : "data for \(have) of \(need)") + ": the process "
            + (isHelped ? "waits until it is sent (run with -s)" : "never fires"))
      }
    }
  }

  private func text(of cycle: [StartCheck.Step]) -> String {
    let names = cycle.map { workflow[$0.process].name.quotedForMessage }
    let shown =
      names.count > Self.shownNames ? names.prefix(Self.shownNames - 1) + ["…"] : names[...]
    let isHelped = cycle.contains { workflow.ins.contains($0.signal) }
    return "nothing starts this cycle: \((shown + names.prefix(1)).joined(separator: " → ")); "
      + "give one of its signals data" + (isHelped ? ", or run with -s" : "")
  }

  /// The element of `ins` for the signal, or for the input that it counts.
  private func path(of signal: SignalID, in process: ProcessID) -> String {
    let place = JSONPath(list: list.key, index: process.index)
    guard case .object(let object) = list.elements[process.index] else { return place.description }
    var ignored = Findings()
    let references = decoder.references(
      MemberReader(object: object, place: place), "ins", &ignored)
    let source =
      references.first { $0.reference.signal == signal }
      ?? references.first { $0.reference.count == .signal(signal) }
    return source.map { place.element("ins", $0.position) } ?? place.key("ins")
  }
}
