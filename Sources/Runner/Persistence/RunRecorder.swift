import Engine
import JSONValue
import JobProtocol
import Posix
import Workflow

/// Writes the logs of the original engine, in its format: the persistence log, from which a run is
/// recovered, and the provenance log, which says who read and wrote which signal.
struct RunRecorder: Sendable {
  private let messages: JobMessageBuilder
  private let persistence: AppendingFile?
  private let provenance: AppendingFile?
  private var inputs: [FiringID: [ConsumedInput]] = [:]
  private var instanceCounts: [SignalID: Int] = [:]
  /// Provenance entries to write before the next firing of a process.
  private var stashed: [ProcessID: [[JSON]]] = [:]
  private var persisted: [String] = []
  private var provenanceLines: [String] = []

  init(messages: JobMessageBuilder, persistence: AppendingFile?, provenance: AppendingFile?) {
    self.messages = messages
    self.persistence = persistence
    self.provenance = provenance
  }

  private var workflow: Workflow { messages.workflow }
  private var number: JSON { .int(messages.workflowNumber) }

  /// Notes the events and commands of a turn.
  mutating func record(_ turn: Turn) {
    for event in turn.events { record(event) }
    for case .execute(let work) in turn.commands where work.attempt.number == 1 { record(work) }
  }

  /// Writes what has been noted; call it once that is in the journal. Returns false if lines are
  /// lost.
  mutating func flush() -> Bool {
    defer {
      persisted = []
      provenanceLines = []
    }
    let isPersisted = persistence?.append(persisted) ?? true
    return (provenance?.append(provenanceLines) ?? true) && isPersisted
  }

  /// Rewrites the persistence log from a journal that was noted as a whole, because the last lines
  /// of a killed engine may be missing. The provenance log, which several runs may share, is left
  /// as it is.
  mutating func rewrite() -> Bool {
    provenanceLines = []
    return persistence?.empty() != false && flush()
  }

  private mutating func record(_ event: RunEvent) {
    switch event.change {
    case .signalSent(let signal, let value, let source):
      for datum in value.data { sent(signal, datum, value.keys, source, event.time) }
    case .jobFinished(let attempt, .succeeded, _, let outputs):
      let taken = inputs.removeValue(forKey: attempt.firing) ?? []
      persist(
        [
          "fired", number, .int(attempt.firing.process.number), .int(attempt.firing.number),
          messages.firedOutputs(outputs, of: attempt.firing),
          .array(taken.map(messages.inputJSON)),
        ], event.time)
    case .taskSkipped(let firing): inputs[firing] = nil
    default: break
    }
  }

  private mutating func sent(
    _ signal: SignalID, _ datum: JSON?, _ keys: JSONObject?, _ source: FiringID?, _ time: Int
  ) {
    instanceCounts[signal, default: 0] += 1
    let index = instanceCounts[signal] ?? 1
    let instance = SignalInstance(index: index, datum: datum, source: source, keys: keys)
    let json = messages.inputJSON(ConsumedInput(signal: signal, instances: [instance]))
    if let source {
      recordProvenance(
        [
          "write", number, .int(source.process.number), .int(source.number), .int(signal.number),
          .int(index), json,
        ], time)
    } else if workflow[signal].control == nil || workflow.producers(of: signal).isEmpty {
      persist(["input", number, json], time)
    }
    recordProvenance(["sig", json], time)
  }

  private mutating func record(_ work: Work) {
    let firing = work.attempt.firing
    if persistence != nil { inputs[firing] = work.inputs }
    guard provenance != nil else { return }
    let time = Clock.steadyMilliseconds
    for entry in stashed.removeValue(forKey: firing.process) ?? [] { recordProvenance(entry, time) }
    let firingIDs: [JSON] = [number, .int(firing.process.number)]
    var next: [[JSON]] = []
    for input in work.inputs {
      for instance in input.instances {
        let json = messages.inputJSON(ConsumedInput(signal: input.signal, instances: [instance]))
        let instanceIDs: [JSON] = [.int(input.signal.number), .int(instance.index)]
        recordProvenance(["read"] + firingIDs + [.int(firing.number)] + instanceIDs + [json], time)
        if workflow[firing.process].stateful {
          next.append(["state-remove"] + firingIDs + [.int(firing.number + 1)] + instanceIDs)
        }
      }
      if !workflow[firing.process].stateful {
        next.append(["state-reset"] + firingIDs + [.int(firing.number + 1), .null, .null])
      }
    }
    stashed[firing.process] = next
  }

  private mutating func persist(_ entry: [JSON], _ time: Int) {
    if persistence != nil { persisted.append(PersistenceEntry.line(entry, milliseconds: time)) }
  }

  private mutating func recordProvenance(_ entry: [JSON], _ time: Int) {
    if provenance != nil {
      provenanceLines.append(PersistenceEntry.line(entry, milliseconds: time))
    }
  }
}

extension JobMessageBuilder {
  /// The outputs of a firing as the original engine persists them; null if all outputs are
  /// `nothing`.
  fileprivate func firedOutputs(_ values: [PortValue]?, of firing: FiringID) -> JSON {
    let process = workflow[firing.process]
    let isChoice = process.kind == .choice
    if let values, !values.isEmpty, !isChoice, values.allSatisfy({ $0 == .nothing }) {
      return .null
    }
    let outputs = process.dataOutputs(ofFiring: firing.number)
    return .array(
      outputs.enumerated().map { port, output in
        var members = attributes(of: output.signal)
        members["source"] = .int(firing.process.number)
        members["firingId"] = .int(firing.number)
        let value = values.map { $0.indices.contains(port) ? $0[port] : .nothing } ?? .bare
        for (key, value) in value.keys?.members ?? [] { members[key] = value }
        let data = value.data.compactMap { $0 }
        if !value.data.contains(nil) { members["data"] = .array(data) }
        if isChoice, value.instanceCount > 0 { members["condition"] = "true" }
        return .object(members)
      })
  }
}
