internal import Engine
internal import JobProtocol
internal import Workflow

/// The columns of the task table.
enum TaskColumn: String, CaseIterable, Sendable {
  case name, state, time, tries, host, memory, cpu, wait, started
  case lastLine = "last-line"

  /// Above the column.
  var title: String {
    switch self {
    case .name: "task"
    case .state: "state"
    case .time: "time"
    case .tries: "try"
    case .host: "host"
    case .memory: "memory"
    case .cpu: "cpu"
    case .wait: "waited"
    case .started: "started"
    case .lastLine: "last line"
    }
  }

  /// Whether its values are right-aligned.
  var isNumeric: Bool {
    switch self {
    case .time, .memory, .cpu, .wait, .started: true
    case .name, .state, .tries, .host, .lastLine: false
    }
  }
}

/// The sort order. By state is a special order: what needs attention first.
struct TaskOrder: Equatable, Sendable {
  var column = TaskColumn.state
  var isDescending = false

  /// The states in the order of the table.
  static let states: [TaskState] = [
    .failed, .lost, .cancelled, .retrying, .running, .starting, .queued, .submitted, .ready, .held,
    .waiting, .skipped, .succeeded,
  ]

  static let byState = TaskOrder()

  /// Each column starts with its most interesting values: the longest, the latest, the largest.
  init(_ column: TaskColumn = .state) {
    self.column = column
    isDescending = column.isNumeric || column == .tries
  }
}

/// Sort keys of rows. Rows without a value come last in either direction.
struct SortKeys {
  private let run: RunState
  private let order: TaskOrder
  private let now: Int
  /// For each process, the rank of its name.
  private var namePlaces: [Int] = []
  /// The ranks of texts.
  private var places: [String: Int] = [:]

  /// - Parameter rows: the rows to sort.
  init(_ run: RunState, _ order: TaskOrder, rows: [FiringID], now: Int) {
    self.run = run
    self.order = order
    self.now = now
    switch order.column {
    case .name:
      let names = run.workflow.processes.map(\.name)
      places = Self.places(Set(names))
      namePlaces = names.map { places[$0] ?? 0 }
    case .host, .lastLine: places = Self.places(Set(rows.compactMap(text)))
    default: break
    }
  }

  /// Small values come first.
  func key(_ firing: FiringID) -> Int {
    guard let value = value(firing) else { return .max }
    return order.isDescending ? -value : value
  }

  private func value(_ firing: FiringID) -> Int? {
    switch order.column {
    case .state: return TaskOrder.states.firstIndex(of: run.state(of: firing))
    case .name:
      let index = firing.process.index
      return namePlaces[index] << 44 | min(index, 1 << 22 - 1) << 22
        | min(firing.number, 1 << 22 - 1)
    case .host, .lastLine: return text(firing).flatMap { places[$0] }
    default: break
    }
    guard let attempt = run.task(firing)?.lastAttempt else { return nil }
    switch order.column {
    case .time: return attempt.duration(now: now)
    case .tries: return attempt.number
    case .memory: return attempt.usage.maxResidentKilobytes.nonZero
    case .cpu: return (attempt.usage.userMilliseconds + attempt.usage.systemMilliseconds).nonZero
    case .wait: return AttemptTimes(attempt).waited
    case .started: return attempt.startedAt
    case .name, .state, .host, .lastLine: return nil
    }
  }

  private func text(_ firing: FiringID) -> String? {
    let record = run.task(firing)
    let text = order.column == .host ? record?.lastAttempt?.executor?.host : record?.outcomeText
    return text?.isEmpty == true ? nil : text
  }

  /// `tile2` comes before `tile10`.
  private static func places(_ texts: Set<String>) -> [String: Int] {
    let sorted = texts.map { (NaturalText($0), $0) }.sorted { $0.0 < $1.0 }
    return Dictionary(
      sorted.enumerated().map { ($1.1, $0) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Int {
  fileprivate var nonZero: Int? { self == 0 ? nil : self }
}

extension AttemptTimes {
  /// The time before its application started; `nil` until then.
  var waited: Int? {
    guard self[.run] != nil || startedAt != nil else { return nil }
    return (self[.wait] ?? 0) + (self[.queue] ?? 0) + (self[.dispatch] ?? 0)
  }
}
