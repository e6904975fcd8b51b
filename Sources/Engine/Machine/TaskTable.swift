import Workflow

/// The tasks of a run by firing, with the inputs that a retry needs again.
struct TaskTable: Sendable {
  struct Entry: Sendable {
    var machine = TaskMachine()
    let inputs: [ConsumedInput]
  }

  private var entries: [[Entry]]

  init(processCount: Int) { entries = Array(repeating: [], count: processCount) }

  mutating func append(_ inputs: [ConsumedInput], of process: ProcessID) {
    entries[process.index].append(Entry(inputs: inputs))
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
}

extension ProcessID {
  var index: Int { number - 1 }
}

extension SignalID {
  var index: Int { number - 1 }
}
