internal import HumanText
import JSONValue

/// The labels of tasks, unique within a workflow.
///
/// Tasks of a process with a unique name are `name:firing`. Processes with the same name are
/// counted in file order; their tasks are `name:ordinal`, and from the second firing on
/// `name:ordinal.firing`. Suffixes have no colon, so the last colon ends the name: labels can
/// be equal only for the same name, where the suffix differs.
struct TaskLabels: Sendable {
  private var processesByName: [ExactText: [ProcessID]] = [:]
  /// From 1 among the processes with the same name; 0 for a unique name.
  private var ordinals: [Int]

  init(_ processes: [Workflow.Process]) {
    ordinals = Array(repeating: 0, count: processes.count)
    // By index: copying a process costs a dozen reference counts.
    for place in processes.indices {
      processesByName[ExactText(processes[place].name), default: []].append(processes[place].id)
    }
    for namesakes in processesByName.values where namesakes.count > 1 {
      for (position, id) in namesakes.enumerated() { ordinals[id.index] = position + 1 }
    }
  }

  func suffix(of process: ProcessID, firing: Int) -> String {
    let ordinal = ordinals[process.index]
    if ordinal == 0 { return String(firing) }
    return firing == 1 ? String(ordinal) : "\(ordinal).\(firing)"
  }

  func parse(_ label: String) -> (ProcessID, Int)? {
    guard let colon = label.utf8.lastIndex(of: UInt8(ascii: ":")),
      let namesakes = processesByName[ExactText(String(label[..<colon]))]
    else { return nil }
    let numbers = label[label.utf8.index(after: colon)...].utf8
      .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { Self.number(Substring($0)) }
    switch (numbers.count, namesakes.count) {
    case (1, 1): return numbers[0].map { (namesakes[0], $0) }
    case (1, 2...): return Self.namesake(numbers[0], of: namesakes).map { ($0, 1) }
    case (2, 2...):
      guard let id = Self.namesake(numbers[0], of: namesakes), let firing = numbers[1], firing > 1
      else { return nil }
      return (id, firing)
    default: return nil
    }
  }

  private static func namesake(_ ordinal: Int?, of namesakes: [ProcessID]) -> ProcessID? {
    guard let ordinal, ordinal <= namesakes.count else { return nil }
    return namesakes[ordinal - 1]
  }

  /// A number in canonical form: no sign, no leading zero, at least 1.
  private static func number(_ digits: Substring) -> Int? {
    guard let value = Int(digits), value >= 1, String(value) == digits else { return nil }
    return value
  }
}

extension Workflow {
  /// The label of a task, see `TaskLabels`. Not safe to print: use `displayName`.
  public func label(process: ProcessID, firing: Int) -> String {
    "\(self[process].name):\(labels.suffix(of: process, firing: firing))"
  }

  /// The task with the label `label(process:firing:)`.
  public func parse(label: String) -> (ProcessID, Int)? { labels.parse(label) }

  /// The processes with a name, or the one with a number.
  public func processes(named name: String) -> [ProcessID] {
    processes.filter { $0.name == name || "\($0.id.number)" == name }.map(\.id)
  }
}

extension StringProtocol {
  /// The text, safe for one line of a terminal or a log; see `LineText.safe`.
  public var displayName: String { LineText.safe(self) }
}
