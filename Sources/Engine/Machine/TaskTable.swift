import JobProtocol
import Workflow

/// The tasks of a run by firing, with the inputs that retries need.
///
/// Most processes fire once, so one array holds the first task of each process. Rare data
/// (`RareData`) is stored separately.
struct TaskTable: Sendable {
  struct Entry: Sendable {
    var machine = TaskMachine()
    /// The state after its last ended attempt; `succeeded` before.
    var ending = TaskState.succeeded
    /// Whether its outputs were sent: another success does not send them again.
    var hasEmitted = false
    var inputs: [ConsumedInput]
    /// At most one element.
    private var rareData: [RareData] = []

    init(_ inputs: [ConsumedInput]) { self.inputs = inputs }
  }

  private var counts: [Int32]
  /// The first task of each process; empty if the process has not fired.
  private var firsts: [Entry]
  /// Firings from the second on, by the index of their process.
  private var others: [Int: [Entry]] = [:]

  init(processCount: Int) {
    counts = Array(repeating: 0, count: processCount)
    firsts = Array(repeating: Entry([]), count: processCount)
  }

  mutating func append(_ inputs: [ConsumedInput], of process: ProcessID) {
    counts[process.index] += 1
    if counts[process.index] == 1 {
      firsts[process.index] = Entry(inputs)
    } else {
      others[process.index, default: []].append(Entry(inputs))
    }
  }

  /// Whether the firing exists. Reports and requests come from outside, so their firings may not.
  func contains(_ firing: FiringID) -> Bool {
    counts.indices.contains(firing.process.index) && firing.number >= 1
      && firing.number <= Int(counts[firing.process.index])
  }

  /// How often a process has fired.
  func count(of process: ProcessID) -> Int { Int(counts[process.index]) }

  subscript(firing: FiringID) -> Entry {
    get {
      firing.number == 1
        ? firsts[firing.process.index]
        : others[firing.process.index, default: []][firing.number - 2]
    }
    _modify {
      if firing.number == 1 {
        yield &firsts[firing.process.index]
      } else {
        yield &others[firing.process.index, default: []][firing.number - 2]
      }
    }
  }

  /// Visits all tasks by process and firing.
  func visit(_ body: (FiringID, Entry) -> Void) {
    for index in counts.indices where counts[index] > 0 {
      let process = ProcessID(number: index + 1)
      body(FiringID(process, 1), firsts[index])
      guard let others = others[index] else { continue }
      for (place, entry) in others.enumerated() { body(FiringID(process, place + 2), entry) }
    }
  }

  func firings(where condition: (Entry) -> Bool) -> [FiringID] {
    var found: [FiringID] = []
    visit { firing, entry in if condition(entry) { found.append(firing) } }
    return found
  }

  /// For each firing, the firings whose outputs it consumed.
  func consumersBySource() -> [FiringID: [FiringID]] {
    var consumers: [FiringID: [FiringID]] = [:]
    visit { firing, entry in
      for source in entry.sources where source != firing {
        consumers[source, default: []].append(firing)
      }
    }
    return consumers
  }
}

extension TaskTable.Entry {
  /// Data of retried, edited and reset tasks.
  struct RareData: Sendable, Equatable {
    var edit: JobEdit?
    var failures = FailureCounts()
    var dueAt: Int?
    var resetsAtEnd = false
  }

  /// The user's edit of the current and later attempts.
  var edit: JobEdit? {
    get { rareData.first?.edit }
    set { set(\.edit, newValue) }
  }

  /// How many of its attempts ended for which cause.
  var failures: FailureCounts {
    get { rareData.first?.failures ?? FailureCounts() }
    set { set(\.failures, newValue) }
  }

  /// When its scheduled retry is due.
  var dueAt: Int? {
    get { rareData.first?.dueAt }
    set { set(\.dueAt, newValue) }
  }

  /// Whether it must be reset when its attempt has ended.
  var resetsAtEnd: Bool {
    get { rareData.first?.resetsAtEnd ?? false }
    set { set(\.resetsAtEnd, newValue) }
  }

  private mutating func set<Value: Equatable>(
    _ path: WritableKeyPath<RareData, Value>, _ value: Value
  ) {
    var changed = rareData.first ?? RareData()
    guard changed[keyPath: path] != value else { return }
    changed[keyPath: path] = value
    rareData = changed == RareData() ? [] : [changed]
  }

  /// The firings whose outputs it consumed.
  var sources: Set<FiringID> {
    Set(inputs.flatMap { $0.instances.compactMap(\.source) })
  }
}

extension ProcessID {
  var index: Int { number - 1 }
}

extension SignalID {
  var index: Int { number - 1 }
}
