import JSONValue
import JobProtocol
import Posix

/// The files that a job declares.
extension RunningJob {
  func checkDeclaredInputs() {
    guard let plan, files != nil else { return handle(.inputsReady) }
    let signals = signals(message.inputs)
    check(.before, files?.expected.inputs.map(\.name) ?? []) { name in
      let path = signals[name].map { context.settings.inputPath(of: $0, named: name) } ?? name
      return declaredPath(path, plan)
    }
  }

  func checkDeclaredOutputs() {
    guard let plan, let expected = files?.expected, !expected.outputs.isEmpty else {
      return saveOutputs()
    }
    timers = [:]
    discardOutput()
    forgetProcess()
    let signals = signals(message.outputs)
    check(.after, expected.outputs) { name in
      let path = signals[name].map { context.settings.outputPath(of: $0, named: name) } ?? name
      return declaredPath(path, plan)
    }
  }

  /// Checks the files again, after a pause.
  func checkFilesAgain() {
    guard let finding = files?.check(), let direction = files?.direction else { return }
    if case .again(let milliseconds) = finding {
      return start(.files, after: milliseconds)
    }
    if case .missing(let names) = finding, let text = files?.text(names) {
      if files?.expected.isStrict == true { return fail(direction, text) }
      files?.warn(text)
      output?.note("warning: \(text)", now: Clock.monotonicMilliseconds)
    }
    stamp(direction)
    switch direction {
    case .before: handle(.inputsReady)
    case .after: saveOutputs()
    }
  }

  private func check(
    _ direction: JobFileCheck.Direction, _ names: [String], path: (String) -> String?
  ) {
    files?.begin(
      direction,
      names.compactMap { name in path(name).map { JobFileCheck.Location(name: name, path: $0) } })
    checkFilesAgain()
  }

  private func fail(_ direction: JobFileCheck.Direction, _ text: String) {
    let ending = Ending(.file(text))
    handle(direction == .before ? .inputsMissing(ending) : .outputsLost(ending))
  }

  private func saveOutputs() {
    if context.stager == nil { handle(.outputsSaved) } else { stageOutputs() }
  }

  private func signals(_ list: [JSON]) -> [String: JSON] {
    Dictionary(
      list.compactMap { signal in signal["name"]?.string.map { ($0, signal) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Where a declared file is on this host; `nil` if a container has it elsewhere.
  private func declaredPath(_ path: String, _ plan: JobPlan) -> String? {
    let here = context.stager?.here(path) ?? path
    if plan.image != nil, here.hasPrefix("/"), !here.hasPrefix(plan.directory + "/") { return nil }
    return Files.join(plan.directory, here)
  }

  private func stamp(_ direction: JobFileCheck.Direction) {
    guard let plan, let expected = files?.expected else { return }
    let isStaged = context.stager != nil
    let stamper = FileStamper(directory: plan.directory, inSeconds: isStaged)
    func place(_ path: String) -> String { declaredPath(path, plan) ?? path }
    switch direction {
    case .before:
      let signals = signals(message.inputs)
      files?.stamps.inSeconds = isStaged
      files?.stamps.program = stamper.program(message.members["executable"]?.string ?? "")
      files?.stamps.inputs = expected.inputs.map { input in
        let path = signals[input.name].map {
          context.settings.inputPath(of: $0, named: input.name)
        }
        return stamper.stamp(place(path ?? input.name))
      }
    case .after:
      let signals = signals(message.outputs)
      files?.stamps.outputs = expected.outputs.map { name in
        let path = signals[name].map { context.settings.outputPath(of: $0, named: name) }
        return stamper.stamp(place(path ?? name))
      }
    }
  }
}
