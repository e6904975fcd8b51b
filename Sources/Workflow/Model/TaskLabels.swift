import JSONValue

/// The short names of tasks, unique within a workflow.
///
/// A process whose name nobody shares has tasks `name:firing`; those that share a name are counted
/// in file order, and have `name:ordinal`, from the second firing on `name:ordinal.firing`. Neither
/// suffix contains a colon, so the last colon of a label ends the name, whatever is in it: two
/// labels can only be equal for one name, and there the suffix tells the tasks apart.
struct TaskLabels: Sendable {
  private var processesByName: [ExactText: [ProcessID]] = [:]
  /// 1-based among the processes of the same name; 0 for a name that nobody shares.
  private var ordinals: [Int]

  init(_ processes: [Workflow.Process]) {
    ordinals = Array(repeating: 0, count: processes.count)
    // By index: a copy of a process costs a dozen counts of references.
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

  /// A number as labels write it: no sign, no leading zero, at least 1.
  private static func number(_ digits: Substring) -> Int? {
    guard let value = Int(digits), value >= 1, String(value) == digits else { return nil }
    return value
  }
}

extension Workflow {
  /// The short name of a task, see `TaskLabels`. It may contain what the process's name contains:
  /// `displayName` makes it fit for a terminal.
  public func label(process: ProcessID, firing: Int) -> String {
    "\(self[process].name):\(labels.suffix(of: process, firing: firing))"
  }

  /// The task that `label(process:firing:)` calls so.
  public func parse(label: String) -> (ProcessID, Int)? { labels.parse(label) }

  /// The processes of a name, or the one of a number.
  public func processes(named name: String) -> [ProcessID] {
    processes.filter { $0.name == name || "\($0.id.number)" == name }.map(\.id)
  }
}
