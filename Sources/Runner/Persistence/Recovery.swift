import Engine
import JSONValue
import Runs
import Workflow

/// The parts of a persistence log that apply to a workflow: the initial signals, and the firings
/// that need not run again.
struct Recovery: Sendable {
  private(set) var initialSignals: [InitialSignal] = []
  private var outputs: [FiringID: [PortValue]] = [:]
  private var forced: Set<FiringID> = []

  /// Throws an error that names the line if an entry does not match the workflow.
  init(_ log: PersistenceLog, _ workflow: Workflow) throws(RunnerError) {
    for (line, signal) in log.inputs {
      guard let id = signal["_id"]?.int, workflow.signals.indices.contains(id - 1) else {
        throw log.problem(line: line, "its signal is not in the workflow")
      }
      let known = workflow.signals[id - 1]
      if let name = signal["name"]?.string, name != known.name {
        throw log.problem(
          line: line,
          "signal \(id) is \"\(name.displayName)\", in the workflow \"\(known.name.displayName)\"")
      }
      // The original also logs control signals of processes; those come again by themselves.
      if known.control != nil, !workflow.producers(of: known.id).isEmpty { continue }
      initialSignals.append(
        InitialSignal(known.id, signal["data"]?.array.map(PortValue.data) ?? .bare))
    }
    addMissing(workflow)
    for (line, firing) in log.firings {
      guard workflow.processes.indices.contains(firing.process - 1), firing.number >= 1 else {
        throw log.problem(line: line, "process \(firing.process) is not in the workflow")
      }
      let process = workflow.processes[firing.process - 1]
      let id = FiringID(process.id, firing.number)
      outputs[id] = Self.values(firing.outputs, process, firing.number, workflow)
      if firing.isForced { forced.insert(id) }
    }
  }

  /// Adds initial data that the log does not have, because the run was killed before it had sent
  /// them all.
  private mutating func addMissing(_ workflow: Workflow) {
    for signal in workflow.signals {
      guard let data = signal.data else { continue }
      let existing = initialSignals.filter { $0.signal == signal.id }.map(\.value.instanceCount)
        .reduce(0, +)
      if existing < data.count {
        initialSignals.append(InitialSignal(signal.id, .data(Array(data[existing...]))))
      }
    }
  }

  /// The outputs of a firing that need not run again.
  func outputs(of firing: FiringID, _ process: Workflow.Process) -> [PortValue]? {
    process.executeWhenRecovering || forced.contains(firing) ? nil : outputs[firing]
  }

  func contains(_ firing: FiringID) -> Bool { outputs[firing] != nil }

  private static func values(
    _ json: JSON, _ process: Workflow.Process, _ number: Int, _ workflow: Workflow
  ) -> [PortValue] {
    let signals = json.array
    return process.dataOutputs(ofFiring: number).enumerated().map { port, output in
      guard let signals, signals.indices.contains(port) else { return .nothing }
      if process.kind == .choice, signals[port]["condition"] != "true" { return .nothing }
      let data = signals[port]["data"]?.array
      let keys = ownKeys(of: signals[port], workflow[output.signal])
      if !keys.members.isEmpty { return .keyed(keys, data: data) }
      return data.map(PortValue.data) ?? .bare
    }
  }

  private static let standardKeys: Set<String> = [
    "name", "_id", "_ts", "sigIdx", "source", "firingId", "data", "condition", "control",
  ]

  /// The keys that its producer gave a signal besides those of the workflow.
  private static func ownKeys(of json: JSON, _ signal: Workflow.Signal) -> JSONObject {
    let members = json.object?.members ?? []
    return JSONObject(
      members.filter { key, value in
        !standardKeys.contains(key) && !isSame(value, signal.attributes[key])
      }.map { ($0.key, $0.value) })
  }

  /// The original engine logs values of the workflow as text.
  private static func isSame(_ logged: JSON, _ given: JSON?) -> Bool {
    guard let given else { return false }
    return logged == given || logged.string == given.text
  }
}
