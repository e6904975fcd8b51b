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
