import Engine
import JobProtocol
import TestSupport
import Testing

/// The verbs that a task accepts are those that the engine carries out.
@Suite struct TaskVerbTests {
  @Test(arguments: 0..<60)
  func `the engine does what a verb accepts and ignores the rest`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var run = try Scenario(RandomWorkflow(&random).text)
    for _ in 0..<60 {
      let process = run.state.processes[random.below(run.state.processes.count)]
      let firing = FiringID(process.id, 1 + random.below(process.tasks.count + 1))
      let verb = TaskVerb.allCases[random.below(TaskVerb.allCases.count)]
      let isOffered = run.state.accepts(verb, firing)
      let known = run.events.count
      run.feed(Self.input(verb, firing))
      let isAnswered = run.events.dropFirst(known).contains { $0.change.firing == firing }
      // A job that no executor has is first withdrawn from its queue.
      let isWithdrawn = run.commands.contains { if case .withdraw = $0 { true } else { false } }
      #expect(isAnswered == isOffered || verb == .hold && isWithdrawn, "\(seed) \(verb) \(firing)")
      if let next = run.work.first, random.chance(2) {
        _ = try run.nextWork()
        run.finish(next.attempt, random.chance(3) ? .failed(.exit(1)) : .succeeded)
      }
    }
  }

  private static func input(_ verb: TaskVerb, _ firing: FiringID) -> EngineInput {
    switch verb {
    case .retry: .retry(firing, nil, .alone)
    case .edit: .retry(firing, JobEdit(timeout: 3), .alone)
    case .skip: .skip(firing)
    case .cancel: .cancel(firing)
    case .hold: .hold(firing)
    case .release: .release(firing)
    }
  }
}
