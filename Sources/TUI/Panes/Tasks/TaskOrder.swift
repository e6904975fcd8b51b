internal import Engine
internal import JobProtocol
internal import Workflow

/// The columns of the task table.
enum TaskColumn: String, CaseIterable, Sendable {
  case name, state, time, tries, host, memory, cpu, wait, started, says

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
    case .says: "says"
    }
  }

  /// Whether its figures stand at its right.
  var isNumeric: Bool {
    switch self {
    case .time, .memory, .cpu, .wait, .started: true
    case .name, .state, .tries, .host, .says: false
    }
  }
}

/// By what the table is sorted. By state is its own order: what needs a person first.
struct TaskOrder: Equatable, Sendable {
  var column = TaskColumn.state
  var isDescending = false

  /// The states as the table has them, from above.
  static let states: [TaskState] = [
    .failed, .lost, .cancelled, .retrying, .running, .queued, .ready, .held, .waiting, .skipped,
    .succeeded,
  ]

  static let byState = TaskOrder()

  /// The column first from its more interesting end: the longest, the last, the most.
  init(_ column: TaskColumn = .state) {
    self.column = column
    isDescending = column.isNumeric || column == .tries
  }
}

/// Numbers to sort rows by. Rows without a value come last, whichever way it is sorted.
struct SortKeys {
  private let run: RunState
  private let order: TaskOrder
  private let now: Int
  /// By process: the place of its name among all names.
  private var namePlaces: [Int] = []
  /// Places of texts in their order.
  private var places: [String: Int] = [:]

  /// `rows` are the ones to be sorted.
  init(_ run: RunState, _ order: TaskOrder, rows: [FiringID], now: Int) {
    self.run = run
    self.order = order
    self.now = now
    switch order.column {
    case .name:
      let names = run.workflow.processes.map(\.name)
      places = Self.places(Set(names))
      namePlaces = names.map { places[$0] ?? 0 }
    case .host, .says: places = Self.places(Set(rows.compactMap(text)))
    default: break
    }
  }

  /// Small comes first.
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
    case .host, .says: return text(firing).flatMap { places[$0] }
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
    case .name, .state, .host, .says: return nil
    }
  }

  private func text(_ firing: FiringID) -> String? {
    let record = run.task(firing)
    let text = order.column == .host ? record?.lastAttempt?.executor?.host : record?.lastWords
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
  /// All that passed before its application started; `nil` before that.
  var waited: Int? {
    guard self[.run] != nil || startedAt != nil else { return nil }
    return (self[.wait] ?? 0) + (self[.queue] ?? 0) + (self[.dispatch] ?? 0)
  }
}
