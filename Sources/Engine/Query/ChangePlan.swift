import JSONValue
public import JobProtocol
public import Workflow

/// Decides which processes need not run because nothing about them has changed since they
/// succeeded.
///
/// | a process | runs |
/// |---|---|
/// | did not run before, or one of its tasks did not succeed | yes |
/// | calls a function, has `executeWhenRecovering`, or declares no output files | yes |
/// | has another command, other inputs, or ran with an edited command | yes |
/// | its program, an input or an output is missing or differs from then | yes |
/// | is downstream of a process that runs | yes |
/// | any other | no |
public struct ChangePlan: Sendable {
  /// Why each process runs; `nil` if it does not.
  public let reasons: [Reason?]
  /// The tasks that need not run, with the stamps of their files.
  public let unchanged: [FiringID: String]

  public enum Reason: Sendable, Equatable {
    case isNew
    case didNotSucceed
    case function
    case always
    case noOutputs
    case command
    case inputs
    case wasEdited
    case program
    case inputMissing(String)
    case inputChanged(String)
    case outputMissing(String)
    case outputChanged(String)
    case upstream(ProcessID)
  }

  /// - Parameters:
  ///   - former: the former runs, newest first. A process is compared with the first of them in
  ///     which it ran.
  ///   - isJob: whether a process runs a command on an executor.
  ///   - stamps: the present stamps of the files that a process declares.
  public init(
    _ workflow: Workflow, since former: [FormerRun], isJob: (Workflow.Process) -> Bool,
    stamps: (Workflow.Process, DeclaredFiles, _ inSeconds: Bool) -> FileStamps
  ) {
    var reasons: [Reason?] = []
    var unchanged: [FiringID: String] = [:]
    var match = ProcessMatch(former)
    for process in workflow.processes {
      let check = ProcessChange(process, in: workflow, isJob: isJob(process))
      let result = check.compare(with: match.next(for: process, in: workflow), stamps)
      reasons.append(result.reason)
      for (number, text) in result.stamps { unchanged[FiringID(process.id, number)] = text }
    }
    Self.passOn(&reasons, in: workflow)
    self.reasons = reasons
    self.unchanged = unchanged.filter { reasons[$0.key.process.index] == nil }
  }

  /// Why a process runs; `nil` if it does not.
  public subscript(_ process: ProcessID) -> Reason? { reasons[process.index] }

  public var runningCount: Int { reasons.count { $0 != nil } }

  /// Marks all processes downstream of those that run.
  private static func passOn(_ reasons: inout [Reason?], in workflow: Workflow) {
    var open = reasons.indices.filter { reasons[$0] != nil }
    while let index = open.popLast() {
      for output in workflow.processes[index].outputs {
        for consumer in workflow.consumers(of: output.signal) {
          let former = reasons[consumer.index]
          // Replace a reason about an input: that an upstream task writes it again explains more.
          guard former?.isAboutInput ?? true else { continue }
          reasons[consumer.index] = .upstream(workflow.processes[index].id)
          if former == nil { open.append(consumer.index) }
        }
      }
    }
  }
}

extension ChangePlan.Reason {
  fileprivate var isAboutInput: Bool {
    switch self {
    case .inputMissing, .inputChanged: true
    default: false
    }
  }

  /// Not safe to print: has names of the workflow.
  public func text(in workflow: Workflow) -> String {
    switch self {
    case .isNew: "it has not run before"
    case .didNotSucceed: "it did not succeed"
    case .function: "it is a function of the engine"
    case .always: "it has executeWhenRecovering"
    case .noOutputs: "it declares no output files"
    case .command: "its command has changed"
    case .inputs: "its inputs have changed"
    case .wasEdited: "it ran with an edited command"
    case .program: "its program has changed"
    case .inputMissing(let name): "input \(name) is missing"
    case .inputChanged(let name): "input \(name) has changed"
    case .outputMissing(let name): "output \(name) is missing"
    case .outputChanged(let name): "output \(name) has changed"
    case .upstream(let process): "\(workflow.label(process: process, firing: 1)) runs before it"
    }
  }
}

/// The tasks of a former run, from its journal.
public struct FormerRun: Sendable {
  public let workflow: Workflow
  /// How often each process has fired.
  private(set) var firings: [Int]
  /// The stamps of tasks whose last attempt succeeded; `nil` for an edited command.
  private(set) var succeeded: [FiringID: String?] = [:]

  public init(_ workflow: Workflow, _ events: [RunEvent]) {
    self.workflow = workflow
    firings = Array(repeating: 0, count: workflow.processes.count)
    var edited: Set<AttemptID> = []
    for event in events {
      switch event.change {
      case .taskFired(let firing, _) where firings.indices.contains(firing.process.index):
        firings[firing.process.index] = max(firings[firing.process.index], firing.number)
      case .attemptMade(let attempt, _, let edit):
        succeeded[attempt.firing] = nil
        if edit != nil { edited.insert(attempt) }
      case .jobFinished(let attempt, .succeeded, let usage, _):
        let stamps: String? = edited.contains(attempt) ? nil : usage.fileStamps
        succeeded.updateValue(stamps, forKey: attempt.firing)
      case .jobFinished(let attempt, _, _, _): succeeded[attempt.firing] = nil
      default: break
      }
    }
  }
}

/// Finds the corresponding process of a former run: with the same name and outputs, and among
/// several of these at the same position.
private struct ProcessMatch {
  private let former: [FormerRun]
  private let places: [[String: [ProcessID]]]
  private var used: [String: Int] = [:]

  init(_ former: [FormerRun]) {
    self.former = former
    places = former.map { run in
      Dictionary(grouping: run.workflow.processes.map(\.id)) {
        Self.key(run.workflow[$0], run.workflow)
      }
    }
  }

  mutating func next(
    for process: Workflow.Process, in workflow: Workflow
  ) -> (run: FormerRun, process: Workflow.Process)? {
    let key = Self.key(process, workflow)
    let position = used[key, default: 0]
    used[key] = position + 1
    for (run, places) in zip(former, places) {
      guard let same = places[key], same.indices.contains(position) else { continue }
      if run.firings[same[position].index] > 0 { return (run, run.workflow[same[position]]) }
    }
    return nil
  }

  private static func key(_ process: Workflow.Process, _ workflow: Workflow) -> String {
    ([process.name] + process.outputs.map { workflow[$0.signal].name }).joined(separator: "\0")
  }
}

/// Compares one process with that of a former run.
private struct ProcessChange {
  let process: Workflow.Process
  let workflow: Workflow
  let isJob: Bool

  init(_ process: Workflow.Process, in workflow: Workflow, isJob: Bool) {
    self.process = process
    self.workflow = workflow
    self.isJob = isJob
  }

  typealias Result = (reason: ChangePlan.Reason?, stamps: [(Int, String)])

  func compare(
    with former: (run: FormerRun, process: Workflow.Process)?,
    _ stamps: (Workflow.Process, DeclaredFiles, Bool) -> FileStamps
  ) -> Result {
    guard isJob, let command = process.command else { return (.function, []) }
    if process.executeWhenRecovering { return (.always, []) }
    guard let (run, before) = former else { return (.isNew, []) }
    if process.executor != before.executor { return (.command, []) }
    if inputs(of: process, workflow) != inputs(of: before, run.workflow) { return (.inputs, []) }
    var kept: [(Int, String)] = []
    for number in 1...run.firings[before.id.index] {
      guard let storedStamps = run.succeeded[FiringID(before.id, number)] else {
        return (.didNotSucceed, [])
      }
      guard let storedStamps else { return (.wasEdited, []) }
      let files = DeclaredFiles(of: process, firing: number, command: command, in: workflow)
      if files.outputs.isEmpty { return (.noOutputs, []) }
      guard let earlier = FileStamps(storedStamps) else { return (.didNotSucceed, []) }
      let now = stamps(process, files, earlier.inSeconds)
      if let reason = difference(files, earlier, now) { return (reason, []) }
      kept.append((number, storedStamps))
    }
    return (nil, kept)
  }

  /// The names of the inputs, with the data of those that no process sends.
  private func inputs(of process: Workflow.Process, _ workflow: Workflow) -> [JSON] {
    process.inputs.map { input in
      let signal = workflow[input.signal]
      return [.string(signal.name), .array(signal.data ?? [])]
    }
  }

  private func difference(
    _ files: DeclaredFiles, _ earlier: FileStamps, _ now: FileStamps
  ) -> ChangePlan.Reason? {
    let names = (
      inputs: files.inputs.map(\.name), outputs: files.outputs.map { workflow[$0].name }
    )
    for (name, stamp) in zip(names.outputs, now.outputs) where stamp == FileStamps.none {
      return .outputMissing(name)
    }
    for (name, stamp) in zip(names.inputs, now.inputs) where stamp == FileStamps.none {
      return .inputMissing(name)
    }
    let written = now.written
    if earlier.program != written.program { return .program }
    guard earlier.inputs.count == written.inputs.count else { return .inputs }
    for (index, stamp) in written.inputs.enumerated() where stamp != earlier.inputs[index] {
      return written.inputs.count == names.inputs.count
        ? .inputChanged(names.inputs[index]) : .inputs
    }
    guard earlier.outputs.count == written.outputs.count else { return .command }
    for (index, stamp) in written.outputs.enumerated() where stamp != earlier.outputs[index] {
      return .outputChanged(
        written.outputs.count == names.outputs.count ? names.outputs[index] : names.outputs[0])
    }
    return nil
  }
}
