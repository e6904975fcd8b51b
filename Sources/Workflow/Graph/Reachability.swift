/// The processes upstream and downstream of a process.
///
/// The walk alternates between processes and signals and visits each once, so it is linear in
/// the size of the file. `next` and `done` are not followed: otherwise every process of a
/// controlled loop would be upstream and downstream of every other.
extension Workflow {
  /// The processes that consume outputs of these, directly or through up to `hops` processes.
  /// Includes the processes themselves only if they are in a cycle.
  public func downstream(
    of processes: some Sequence<ProcessID>, hops: Int = .max
  ) -> ProcessSet {
    walk(from: processes, hops: hops) { process, visit in
      for output in self[process].outputs where !isFeedback(output.signal) {
        visit(output.signal, consumers(of: output.signal))
      }
    }
  }

  /// The processes whose outputs these consume, directly or through up to `hops` processes.
  /// Includes the processes themselves only if they are in a cycle.
  public func upstream(
    of processes: some Sequence<ProcessID>, hops: Int = .max
  ) -> ProcessSet {
    walk(from: processes, hops: hops) { process, visit in
      for input in self[process].inputs where !isFeedback(input.signal) {
        visit(input.signal, producers(of: input.signal))
      }
    }
  }

  /// The process and all within some steps along edges in either direction. Stops after
  /// `limit` processes, and says so: a signal may have very many neighbours.
  public func neighbourhood(
    of process: ProcessID, hops: Int, limit: Int = .max
  ) -> (processes: ProcessSet, isCut: Bool) {
    var found = ProcessSet([process])
    var edge = [process]
    for _ in 0..<hops {
      var next: [ProcessID] = []
      for process in edge {
        let before = self[process].inputs.lazy.flatMap { self.producers(of: $0.signal) }
        let after = self[process].outputs.lazy.flatMap { self.consumers(of: $0.signal) }
        for group in [AnySequence(before), AnySequence(after)] {
          for other in group where !found.contains(other) {
            if found.count >= limit { return (found, true) }
            found.insert(other)
            next.append(other)
          }
        }
      }
      edge = next
    }
    return (found, false)
  }

  private func isFeedback(_ signal: SignalID) -> Bool { self[signal].control?.isFeedback ?? false }

  private func walk(
    from processes: some Sequence<ProcessID>, hops: Int,
    _ expand: (ProcessID, (SignalID, ArraySlice<ProcessID>) -> Void) -> Void
  ) -> ProcessSet {
    var found = ProcessSet()
    var seen = [Bool](repeating: false, count: signals.count)
    var edge = Array(processes)
    var hop = 0
    while !edge.isEmpty, hop < hops {
      var next: [ProcessID] = []
      for process in edge {
        expand(process) { signal, others in
          if seen[signal.index] { return }
          seen[signal.index] = true
          for other in others where found.insert(other) { next.append(other) }
        }
      }
      edge = next
      hop += 1
    }
    return found
  }
}

extension Workflow.Control {
  /// Whether the signal controls the process instead of carrying data to it.
  public var isFeedback: Bool { self == .next || self == .done }
}
