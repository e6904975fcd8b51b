import JobProtocol
import Workflow

/// A filter for tasks, for the command line (`retry RUN FILTER`) and the screen (`/`).
///
///     state:failed host:node-a mDiff cause:exit:1 -says:overlap
///
/// Terms are separated by spaces; a task must match all of them.
///
/// | term | a task matches if |
/// |---|---|
/// | `mdf` | its name has these letters in this order, or its error contains this text |
/// | `"no overlap"` | its name or its error contains this text |
/// | `mAdd:3` | this is its name |
/// | `key:value` | see ``Key`` |
/// | `-term`, `!term` | it does not match the term |
///
/// The error of a failed task is its cause and its last line of output.
///
/// A value may have alternatives: `state:failed,lost`. In text, `*` stands for anything and
/// case does not matter. Quotes protect spaces and special characters; within them, `\"` is a
/// quote. An unclosed quote extends to the end, for lines being typed.
public struct TaskFilter: Sendable, Equatable {
  /// The text as given.
  public let text: String
  let terms: [FilterTerm]

  /// Matches every task.
  public static let all = TaskFilter()

  public init(_ text: String) throws(TaskFilterError) {
    self.text = text
    terms = try FilterReader(text).terms()
  }

  private init() {
    text = ""
    terms = []
  }

  public var isEmpty: Bool { terms.isEmpty }

  /// The keys, in the order of the help.
  public enum Key: String, Sendable, CaseIterable {
    case state, cause, stage, host, worker, process, firing, attempt, task, says, signature

    /// The kind of its value, for help and errors.
    public var help: String {
      switch self {
      case .state: "how it stands: \(StateWords.list); a beginning is enough"
      case .cause: "why it failed: \(CausePattern.list); exit:1, exit:>1, signal:KILL say more"
      case .stage: "the name of its process"
      case .host: "where its last attempt ran; the part before the first dot is enough"
      case .worker: "the executor of its last attempt"
      case .process: "the number of its process: 3, 3-7, >3"
      case .firing: "which firing of its process it is: 3, 3-7, >3"
      case .attempt: "how many attempts were made: 2, 2-3, >1"
      case .task: "its complete name, as in the first column"
      case .says: "text in its last line of output, or in the words of its cause"
      case .signature: "its last line with numbers and paths left out, as in Failures"
      }
    }
  }

  /// The values of `cause:`, without their details.
  public static var causeWords: [String] { CausePattern.words }

  /// A value, quoted so that it is taken literally.
  public static func quoted(_ value: String) -> String {
    let plain = value.utf8.allSatisfy { byte in
      byte > 0x20 && byte != 0x7F && !#""\,*:!-"#.utf8.contains(byte)
    }
    if plain, !value.isEmpty { return value }
    var text = "\""
    for character in value {
      if character == "\"" || character == "\\" { text.append("\\") }
      text.append(character)
    }
    return text + "\""
  }
}

extension RunState {
  /// The matching tasks, by process and firing. Includes the next firing of each process.
  public func tasks(matching filter: TaskFilter) -> [FiringID] {
    var matcher = TaskMatcher(filter)
    return processes.flatMap { process in
      let count = process.tasks.count + (process.waiting > 0 ? 1 : 0)
      return (0..<count).map { FiringID(process.id, $0 + 1) }
        .filter { matcher.matches($0, in: self) }
    }
  }
}

/// Applies a filter to many tasks; caches names.
public struct TaskMatcher: Sendable {
  public var filter: TaskFilter
  private var names = FoldedNames()

  public init(_ filter: TaskFilter = .all) { self.filter = filter }

  public mutating func matches(_ firing: FiringID, in run: RunState) -> Bool {
    if filter.terms.isEmpty { return true }
    let record = run.task(firing)
    return filter.terms.allSatisfy { term in
      matches(term.test, firing, record, run) != term.isNegated
    }
  }

  private mutating func matches(
    _ test: FilterTerm.Test, _ firing: FiringID, _ record: TaskRecord?, _ run: RunState
  ) -> Bool {
    switch test {
    case .states(let states): return states.contains(record?.state ?? run.state(of: firing))
    case .causes(let causes):
      guard let cause = record?.cause else { return false }
      return causes.contains { $0.matches(cause) }
    case .stage(let globs):
      let name = run.workflow[firing.process].name
      return globs.contains { $0.matches(name) }
    case .host(let globs):
      guard let host = record?.lastAttempt?.executor?.host else { return false }
      let short = host.prefix { $0 != "." }
      return globs.contains { $0.matches(host) || $0.matches(String(short)) }
    case .worker(let globs):
      guard let name = record?.lastAttempt?.executor?.name else { return false }
      return globs.contains { $0.matches(name) }
    case .process(let numbers): return numbers.contains { $0.matches(firing.process.number) }
    case .firing(let numbers): return numbers.contains { $0.matches(firing.number) }
    case .attempt(let numbers):
      return numbers.contains { $0.matches(record?.lastAttempt?.number ?? 0) }
    case .task(let globs):
      let label = run.workflow.label(process: firing.process, firing: firing.number)
      return globs.contains { $0.matches(label) }
    case .says(let texts):
      return texts.contains { Self.lastOutputContains($0, record) }
    case .signature(let globs):
      guard let signature = record?.errorSignature?.text else { return false }
      return globs.contains { $0.matches(signature) }
    case .fuzzy(let text, let bytes):
      return names.with(firing, in: run.workflow, text.matches) || Self.failed(bytes, record)
    case .literal(let bytes):
      return names.with(firing, in: run.workflow) {
        FoldedText.place(of: bytes, in: $0, from: 0) != nil
      } || Self.failed(bytes, record)
    }
  }

  private static func lastOutputContains(_ bytes: [UInt8], _ record: TaskRecord?) -> Bool {
    guard let record else { return false }
    if let line = record.lastLine, FoldedText.contains(bytes, in: line) { return true }
    return record.cause?.detail.map { FoldedText.contains(bytes, in: $0) } ?? false
  }

  /// The text of a failed task is searched with its name; other tasks' text is not.
  private static func failed(_ bytes: [UInt8], _ record: TaskRecord?) -> Bool {
    guard let cause = record?.cause else { return false }
    return FoldedText.contains(bytes, in: cause.summary) || lastOutputContains(bytes, record)
  }
}

/// The folded names of tasks, in one buffer.
private struct FoldedNames: Sendable {
  private var bytes: [UInt8] = []
  /// By process and firing: the range of the name.
  private var places: [[Range<Int>]] = []

  mutating func with(
    _ firing: FiringID, in workflow: Workflow, _ body: (UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Bool {
    addNames(through: firing, workflow)
    let place = places[firing.process.index][firing.number - 1]
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[place])) }
  }

  private mutating func addNames(through firing: FiringID, _ workflow: Workflow) {
    let index = firing.process.index
    while places.count <= index { places.append([]) }
    while places[index].count < firing.number {
      let number = places[index].count + 1
      let start = bytes.count
      bytes += FoldedText.bytes(workflow.label(process: firing.process, firing: number))
      places[index].append(start..<bytes.count)
    }
  }
}
