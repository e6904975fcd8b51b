public import JSONValue

/// A valid workflow: every reference is resolved, every number in its range. Made by `read` only.
public struct Workflow: Sendable {
  /// "wf" when the file gives none.
  public let name: String
  /// `processes[id.number - 1]` is the process `id`.
  public let processes: [Process]
  /// `signals[id.number - 1]` is the signal `id`.
  public let signals: [Signal]
  public let ins: [SignalID]
  public let outs: [SignalID]
  /// Where to load functions from, as the file says.
  public let functions: [FunctionModule]
  /// The top-level keys that HyperFlow does not know, as given.
  public let extra: JSONObject

  /// `processes` or its old alias `tasks`, whichever this file uses.
  private let processListKey: String
  private let consumersBySignal: SignalEnds
  private let producersBySignal: SignalEnds
  let labels: TaskLabels

  init(
    name: String, processes: [Process], signals: [Signal], ins: [SignalID], outs: [SignalID],
    functions: [FunctionModule], extra: JSONObject, processListKey: String
  ) {
    self.name = name
    self.processes = processes
    self.signals = signals
    self.ins = ins
    self.outs = outs
    self.functions = functions
    self.extra = extra
    self.processListKey = processListKey
    consumersBySignal = SignalEnds(processes, signals.count) { process, visit in
      for input in process.inputs { visit(input.signal) }
    }
    producersBySignal = SignalEnds(processes, signals.count) { process, visit in
      for output in process.outputs { visit(output.signal) }
    }
    labels = TaskLabels(processes)
  }

  public subscript(_ id: ProcessID) -> Process { processes[id.index] }
  public subscript(_ id: SignalID) -> Signal { signals[id.index] }

  /// The processes with the signal among their inputs, control inputs included, in ascending order.
  public func consumers(of signal: SignalID) -> ArraySlice<ProcessID> { consumersBySignal[signal] }

  /// The processes with the signal among their outputs, in ascending order.
  public func producers(of signal: SignalID) -> ArraySlice<ProcessID> { producersBySignal[signal] }

  /// Where in the file a key of a process is, for findings of those who know more than the reader:
  /// `processes[3].function`.
  public func path(of process: ProcessID, key: String) -> String {
    Place(list: processListKey, index: process.index).key(key)
  }

  /// Every function the processes call, once, with the first process that does.
  public var functionNames: [(name: String, firstUse: ProcessID)] {
    var seen: Set<String> = []
    return processes.compactMap { process in
      guard let name = process.function, seen.insert(name).inserted else { return nil }
      return (name, process.id)
    }
  }

  /// An element of `functions`: the module, relative to the workflow's directory, has `name`.
  public struct FunctionModule: Sendable, Equatable {
    public let name: String
    public let module: String?
  }
}
