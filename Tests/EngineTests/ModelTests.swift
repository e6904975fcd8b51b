import Engine
import JSONValue
import JobProtocol
import TestSupport
import Testing
import Workflow

/// Random workflows of all types, run by the engine in a random order and by a slow, obvious model
/// in another: how often each process fires and what stays queued must not depend on the order.
/// (Not for joins: which branches meet depends on the order, see `JoinTests`.)
@Suite struct ModelTests {
  @Test(arguments: 0..<400)
  func `the engine agrees with a reference model`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var run = try Scenario(RandomWorkflow(&random).text)
    var steps = 0
    while !run.work.isEmpty, steps < 5000 {
      steps += 1
      let work = run.takeWork(at: random.below(run.work.count))
      let firing = work.attempt.firing
      let process = run.machine.workflow[firing.process]
      run.finish(work.attempt, outputs: Behaviour.outputs(of: process, firing.number))
    }
    var model = SlowModel(run.machine.workflow)
    model.run(&random)
    #expect(run.state.processes.map(\.tasks.count) == model.fired, "seed \(seed)")
    #expect(run.state.processes.map(\.queued) == model.queued, "seed \(seed)")
    #expect(run.machine.isSettled, "seed \(seed)")
    #expect(!run.machine.workflow.processes.isEmpty)
  }

  @Test func `different seeds give different runs`() throws {
    var firings: Set<Int> = []
    for seed in 0..<50 {
      var random = SeededRandom(seed: UInt64(seed))
      let run = try Scenario(RandomWorkflow(&random).text)
      var model = SlowModel(run.machine.workflow)
      model.run(&random)
      firings.insert(model.fired.reduce(0, +))
    }
    #expect(firings.count > 10)
  }
}

/// The outputs of functions in random workflows. They depend on the process and the firing alone.
enum Behaviour {
  static func outputs(of process: Workflow.Process, _ number: Int) -> [PortValue] {
    process.dataOutputs(ofFiring: number).indices.map { port in
      let count = (process.id.number * 7 + number * 3 + port) % 3
      switch process.kind {
      case .choice: return count == 0 ? .nothing : .data(elements(count))
      case .splitter: return number % 3 == 0 ? .nothing : .bare
      default: return count == 2 ? .bare : .data(elements(count + 1))
      }
    }
  }

  private static func elements(_ count: Int) -> [JSON] { (0..<count).map { .int($0) } }
}

/// Processes with several producers, cycles, counts, count signals and `next`; all have a limit.
struct RandomWorkflow {
  let text: String

  init(_ random: inout SeededRandom) {
    let count = 2 + random.below(6)
    var signals = ["{\"name\": \"start\", \"data\": [1, 2, 3, 4]}"]
    var processes: [String] = []
    for index in 0..<count {
      signals.append("{\"name\": \"s\(index)\"}")
      signals.append("{\"name\": \"c\(index)\", \"control\": \"count\"}")
      signals.append("{\"name\": \"n\(index)\", \"control\": \"next\", \"data\": [1]}")
      let type = ["dataflow", "dataflow", "choice", "foreach", "splitter"][random.below(5)]
      var inputs = Set((0...random.below(3)).map { _ in "s\(random.below(count))" })
      if random.chance(2) || index == 0 { inputs.insert("start") }
      var ins = inputs.sorted().map { Self.input($0, type, &random) }
      if type != "foreach", random.chance(4) { ins.append("n\(random.below(count))") }
      var outs = ["s\(index):c\(index)", "s\(random.below(count))"]
      if type == "choice" { outs[0] = "s\(index)" }
      if random.chance(3) { outs.append("n\(random.below(count))") }
      processes.append(
        process(
          "p\(index)", ins: JSON.array(ins.map(JSON.string)).text,
          outs: JSON.array(outs.map(JSON.string)).text,
          "\"type\": \"\(type)\", \"firingLimit\": \(1 + random.below(6)), "
            + "\"parlevel\": \(random.below(4))"))
    }
    text = workflow(processes, signals: "[\(signals.joined(separator: ", "))]")
  }

  private static func input(
    _ name: String, _ type: String, _ random: inout SeededRandom
  ) -> String {
    guard type == "dataflow", random.chance(2) else { return name }
    return random.chance(2) && name != "start"
      ? "\(name):c\(name.dropFirst())" : "\(name):\(1 + random.below(3))"
  }
}

/// The rules, one process at a time, one firing at a time, each finished at once.
private struct SlowModel {
  private let workflow: Workflow
  private(set) var fired: [Int]
  /// By process and port: the queued instances, as the numbers that count signals carry.
  private var waiting: [[[Int]]]
  private var isSplitting: [Bool]

  var queued: [[Int]] { waiting.map { $0.map(\.count) } }

  init(_ workflow: Workflow) {
    self.workflow = workflow
    fired = workflow.processes.map { _ in 0 }
    waiting = workflow.processes.map { $0.inputs.map { _ in [] } }
    isSplitting = workflow.processes.map { _ in false }
    for signal in workflow.signals {
      for datum in signal.data ?? [] { send(signal.id, datum.int ?? 1) }
    }
  }

  mutating func run(_ random: inout SeededRandom) {
    while true {
      let ready = workflow.processes.filter { canFire($0) }
      if ready.isEmpty { return }
      fire(ready[random.below(ready.count)])
    }
  }

  private mutating func send(_ signal: SignalID, _ value: Int) {
    for process in workflow.consumers(of: signal) {
      for (port, input) in workflow[process].inputs.enumerated() where input.signal == signal {
        waiting[process.number - 1][port].append(value)
      }
    }
  }

  /// How many instances of each port a firing needs; `nil` while that is unknown.
  private func needs(_ process: Workflow.Process) -> [Int]? {
    let index = process.id.number - 1
    var needs: [Int] = []
    for (port, input) in process.inputs.enumerated() {
      if process.kind == .foreach {
        let data = process.inputs.indices.filter { process.inputs[$0].control == nil }
        needs.append(data[fired[index] % data.count] == port ? 1 : 0)
      } else if process.kind == .splitter, isSplitting[index], input.control == nil {
        needs.append(0)
      } else if process.kind == .splitter, input.control == nil,
        process.inputs.firstIndex(where: { $0.control == nil }) != port
      {
        needs.append(0)
      } else {
        switch input.count {
        case .fixed(let count): needs.append(count)
        case .signal(let signal):
          let counter = process.inputs.firstIndex { $0.signal == signal }
          guard let counter, let value = waiting[index][counter].first else { return nil }
          needs.append(value)
        }
      }
    }
    return needs
  }

  private func canFire(_ process: Workflow.Process) -> Bool {
    let index = process.id.number - 1
    guard fired[index] < process.firingLimit ?? 0, let needs = needs(process) else { return false }
    return zip(needs, waiting[index]).allSatisfy { $0 <= $1.count }
  }

  private mutating func fire(_ process: Workflow.Process) {
    let index = process.id.number - 1
    for (port, need) in (needs(process) ?? []).enumerated() {
      waiting[index][port].removeFirst(need)
    }
    fired[index] += 1
    let values = Behaviour.outputs(of: process, fired[index])
    isSplitting[index] = values.contains { $0.instanceCount > 0 }
    for (output, value) in zip(process.dataOutputs(ofFiring: fired[index]), values) {
      for _ in 0..<value.instanceCount { send(output.signal, 1) }
      if let counter = output.countSignal, value.instanceCount > 0 {
        send(counter, value.instanceCount)
      }
    }
    for output in process.outputs where output.control == .next { send(output.signal, 1) }
  }
}
