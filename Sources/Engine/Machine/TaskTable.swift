import JobProtocol
import Workflow

/// The tasks of a run by firing, with the inputs that a retry needs again.
struct TaskTable: Sendable {
  struct Entry: Sendable {
    var machine = TaskMachine()
    var inputs: [ConsumedInput]
    /// What a person changed about the current attempt; stays for those after it.
    var edit: JobEdit?
    /// Its outputs have been sent: another success does not send them again.
    var hasEmitted = false
    /// Its attempts that were lost.
    var lostCount = 0
    /// When its scheduled retry is due.
    var dueAt: Int?
    /// It is to be reset as soon as its attempt has ended.
    var resetsAtEnd = false

    init(_ inputs: [ConsumedInput]) { self.inputs = inputs }
  }

  private var entries: [[Entry]]

  init(processCount: Int) { entries = Array(repeating: [], count: processCount) }

  mutating func append(_ inputs: [ConsumedInput], of process: ProcessID) {
    entries[process.index].append(Entry(inputs))
  }

  /// Firings named in reports and requests come from outside and need not exist.
  func knows(_ firing: FiringID) -> Bool {
    entries.indices.contains(firing.process.index)
      && entries[firing.process.index].indices.contains(firing.number - 1)
  }

  subscript(firing: FiringID) -> Entry {
    get { entries[firing.process.index][firing.number - 1] }
    _modify { yield &entries[firing.process.index][firing.number - 1] }
  }

  func firings(where condition: (Entry) -> Bool) -> [FiringID] {
    entries.indices.flatMap { index in
      entries[index].indices.filter { condition(entries[index][$0]) }
        .map { FiringID(ProcessID(number: index + 1), $0 + 1) }
    }
  }

  /// Who took what each firing made: all firings by the firings whose outputs they took.
  func consumersBySource() -> [FiringID: [FiringID]] {
    var consumers: [FiringID: [FiringID]] = [:]
    for index in entries.indices {
      for (place, entry) in entries[index].enumerated() {
        let firing = FiringID(ProcessID(number: index + 1), place + 1)
        for source in entry.sources where source != firing {
          consumers[source, default: []].append(firing)
        }
      }
    }
    return consumers
  }
}

extension TaskTable.Entry {
  /// The firings whose outputs it took.
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
