/// What a process feeds, and what feeds it, near and far.
///
/// The walk goes from processes to signals and on, and looks at each of them once, so it is linear
/// in the size of the file. `next` and `done` steer a process from behind and carry nothing: they
/// are not followed, or every process of a steered loop would be both before and after every other.
extension Workflow {
  /// The processes that get what these emit, directly or through up to `hops` processes. The
  /// processes themselves are in it only where a cycle leads back to them.
  public func downstream(
    of processes: some Sequence<ProcessID>, hops: Int = .max
  ) -> ProcessSet {
    walk(from: processes, hops: hops) { process, visit in
      for output in self[process].outputs where !isFeedback(output.signal) {
        visit(output.signal, consumers(of: output.signal))
      }
    }
  }

  /// The processes whose outputs these get, directly or through up to `hops` processes. The
  /// processes themselves are in it only where a cycle leads back to them.
  public func upstream(
    of processes: some Sequence<ProcessID>, hops: Int = .max
  ) -> ProcessSet {
    walk(from: processes, hops: hops) { process, visit in
      for input in self[process].inputs where !isFeedback(input.signal) {
        visit(input.signal, producers(of: input.signal))
      }
    }
  }

  /// The process and all within so many steps along edges of any kind, whichever way they point.
  /// A process next to a crowded signal has a crowd of neighbours: beyond `limit` processes it
  /// stops looking, and says so.
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
  /// Whether it steers a process from behind instead of leading on to it.
  public var isFeedback: Bool { self == .next || self == .done }
}
