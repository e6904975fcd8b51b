public import JSONValue

/// A valid workflow: all references are resolved, all numbers are in range. Created only by
/// `read`.
public struct Workflow: Sendable {
  /// `wf` if the file has none.
  public let name: String
  /// `processes[id.number - 1]` is the process `id`.
  public let processes: [Process]
  /// `signals[id.number - 1]` is the signal `id`.
  public let signals: [Signal]
  public let ins: [SignalID]
  public let outs: [SignalID]
  /// Where to load functions from.
  public let functions: [FunctionModule]
  /// Unknown top-level keys, unchanged.
  public let extra: JSONObject

  /// `processes`, or its old name `tasks` if the file uses it.
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

  /// The path of a process's key in the file, for findings of other modules:
  /// `processes[3].function`.
  public func path(of process: ProcessID, key: String) -> String {
    JSONPath(list: processListKey, index: process.index).key(key)
  }

  /// Every called function, once, with its first process.
  public var functionNames: [(name: String, firstUse: ProcessID)] {
    var seen: Set<String> = []
    return processes.compactMap { process in
      guard let name = process.function, seen.insert(name).inserted else { return nil }
      return (name, process.id)
    }
  }

  /// An element of `functions`: a module, relative to the workflow's directory, with
  /// functions.
  public struct FunctionModule: Sendable, Equatable {
    public let name: String
    public let module: String?
  }
}

extension Workflow {
  /// A named edge of the graph.
  public struct Signal: Sendable {
    public let id: SignalID
    /// Numbers become text. Unique only if the file refers to it by name. A signal without
    /// a name is shown as `signal 3` and has no name in `attributes`.
    public let name: String
    public let control: Control?
    /// The instances sent when the run starts; `nil` without `data`.
    public let data: [JSON]?
    /// All attributes except `data`, in order; they are sent in job messages.
    public let attributes: JSONObject

    /// Whether `control` has a value that HyperFlow does not know: then it is no process's
    /// input or output.
    let hasUnknownControl: Bool
  }

  /// The effect of a control signal on its consumer.
  public enum Control: String, Sendable, CaseIterable {
    /// Needed for each firing.
    case next
    /// Finishes the process once it is idle.
    case done
    /// The number of instances of a counted signal in a firing.
    case count
    /// The number of branches taken, which a choice sends to its join.
    case merge
  }
}

/// The processes at one end of each signal, in two arrays: an array for each signal would take more
/// memory than the signals.
struct SignalEnds: Sendable {
  private var processes: [ProcessID]
  /// `processes[starts[i]..<starts[i + 1]]` are those of the signal with index i.
  private var starts: [Int32]

  /// `signals` calls its second argument with each signal of a process.
  init(
    _ all: [Workflow.Process], _ signalCount: Int,
    signals: (Workflow.Process, (SignalID) -> Void) -> Void
  ) {
    var starts = [Int32](repeating: 0, count: signalCount + 1)
    for process in all { signals(process) { starts[$0.index + 1] += 1 } }
    for index in 0..<signalCount { starts[index + 1] += starts[index] }
    var next = starts
    var processes = [ProcessID](
      repeating: ProcessID(number: 0), count: Int(starts[signalCount]))
    for process in all {
      signals(process) {
        processes[Int(next[$0.index])] = process.id
        next[$0.index] += 1
      }
    }
    self.starts = starts
    self.processes = processes
  }

  /// In ascending order.
  subscript(signal: SignalID) -> ArraySlice<ProcessID> {
    processes[Int(starts[signal.index])..<Int(starts[signal.index + 1])]
  }
}
