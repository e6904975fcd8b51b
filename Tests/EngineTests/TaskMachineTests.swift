import Testing

@testable import Engine

/// Every row of the table at the top of `TaskMachine`, and every state with every event.
@Suite struct TaskMachineTests {
  static func pending() -> TaskMachine { TaskMachine() }

  static func active(_ attempt: Int = 1) -> TaskMachine {
    var machine = TaskMachine()
    _ = machine.submit()
    for number in 1..<attempt {
      _ = machine.finished(attempt: number, succeeded: false)
      _ = machine.retry()
      _ = machine.submit()
    }
    return machine
  }

  static func cancelling() -> TaskMachine {
    var machine = active()
    _ = machine.cancel()
    return machine
  }

  static func failed() -> TaskMachine {
    var machine = active()
    _ = machine.finished(attempt: 1, succeeded: false)
    return machine
  }

  static func scheduled() -> TaskMachine {
    var machine = failed()
    _ = machine.schedule()
    return machine
  }

  static func reset() -> TaskMachine {
    var machine = done()
    _ = machine.reset()
    return machine
  }

  static func done() -> TaskMachine {
    var machine = active()
    _ = machine.finished(attempt: 1, succeeded: true)
    return machine
  }

  static let all: [TaskMachine] = [
    pending(), active(), cancelling(), failed(), scheduled(), reset(), done(),
  ]

  /// What an event does to each state, in the order of `all`; `nil` where the state stays.
  static func ends(
    _ event: (inout TaskMachine) -> Void
  ) -> [TaskMachine.State?] {
    all.map { machine in
      var copy = machine
      event(&copy)
      return copy.state == machine.state ? nil : copy.state
    }
  }

  @Test func `only a pending attempt is submitted`() {
    var machine = Self.pending()
    #expect(machine.submit() == 1)
    #expect(machine.state == .active(attempt: 1))
    let ends = Self.ends { _ = $0.submit() }
    #expect(ends == [.active(attempt: 1), nil, nil, nil, nil, nil, nil])
  }

  @Test func `a task can succeed`() {
    var (active, cancelling) = (Self.active(), Self.cancelling())
    #expect(active.finished(attempt: 1, succeeded: true) == .emit)
    #expect(cancelling.finished(attempt: 1, succeeded: true) == .emit)
    let ends = Self.ends { _ = $0.finished(attempt: 1, succeeded: true) }
    #expect(ends == [nil, .done(attempt: 1), .done(attempt: 1), nil, nil, nil, nil])
  }

  @Test func `a task can fail`() {
    var (active, cancelling) = (Self.active(), Self.cancelling())
    #expect(active.finished(attempt: 1, succeeded: false) == .fail)
    #expect(cancelling.finished(attempt: 1, succeeded: false) == .failForGood)
    let ends = Self.ends { _ = $0.finished(attempt: 1, succeeded: false) }
    #expect(ends == [nil, .failed(attempt: 1), .failed(attempt: 1), nil, nil, nil, nil])
  }

  @Test func `reports about other attempts are ignored in every state`() {
    for machine in Self.all + [Self.active(2)] {
      var copy = machine
      #expect(copy.finished(attempt: 7, succeeded: true) == .ignore)
      #expect(copy.progressed(attempt: 7, to: .taken) == .ignore)
      #expect(copy.withdrawn(attempt: 7) == false)
      #expect(copy.due(attempt: 7) == .refuse)
      #expect(copy == machine)
    }
    for machine in [Self.pending(), Self.failed(), Self.scheduled(), Self.reset(), Self.done()] {
      var copy = machine
      #expect(copy.finished(attempt: 1, succeeded: true) == .ignore)
      #expect(copy.progressed(attempt: 1, to: .started) == .ignore)
      #expect(copy == machine)
    }
  }

  @Test func `each step of progress is noted once during an attempt`() {
    for machine in [Self.active(), Self.cancelling()] {
      var copy = machine
      #expect(copy.progressed(attempt: 1, to: .taken) == .note)
      #expect(copy.progressed(attempt: 1, to: .taken) == .pass)
      #expect(copy.progressed(attempt: 1, to: .started) == .note)
      #expect(copy.progressed(attempt: 1, to: .started) == .pass)
      #expect(copy.progressed(attempt: 1, to: .taken) == .pass)
      #expect(copy.state == machine.state)
    }
  }

  @Test func `a retry resets the progress`() {
    var machine = Self.active()
    _ = machine.progressed(attempt: 1, to: .started)
    _ = machine.finished(attempt: 1, succeeded: false)
    _ = machine.retry()
    _ = machine.submit()
    #expect(machine.progressed(attempt: 2, to: .taken) == .note)
  }

  @Test func `an active, pending or scheduled attempt is cancelled once`() {
    let actions = Self.all.map { machine -> TaskMachine.CancelAction in
      var copy = machine
      return copy.cancel()
    }
    #expect(
      actions == [
        .end(attempt: 1), .cancel(attempt: 1), .refuse, .refuse, .unschedule(attempt: 1), .refuse,
        .refuse,
      ])
    let ends = Self.ends { _ = $0.cancel() }
    #expect(
      ends == [
        .failed(attempt: 1), .cancelling(attempt: 1), nil, nil, .failed(attempt: 1), nil, nil,
      ])
  }

  @Test func `an ended task is retried`() {
    let next = TaskMachine.State.pending(attempt: 2)
    let ends = Self.ends { _ = $0.retry() }
    #expect(ends == [nil, nil, nil, next, next, nil, next])
    var failed = Self.failed()
    #expect(failed.retry() == .make(attempt: 2))
  }

  @Test func `only a scheduled attempt becomes due`() {
    let ends = Self.ends { _ = $0.due(attempt: 2) }
    #expect(
      ends == [
        nil, nil, nil, nil, .pending(attempt: 2), nil, nil,
      ])
  }

  @Test func `only a failed task is scheduled`() {
    var failed = Self.failed()
    #expect(failed.schedule() == 2)
    let ends = Self.ends { _ = $0.schedule() }
    #expect(ends == [nil, nil, nil, .scheduled(attempt: 1), nil, nil, nil])
  }

  @Test func `only a job that no executor has is withdrawn`() {
    let ends = Self.ends { _ = $0.withdrawn(attempt: 1) }
    #expect(
      ends == [
        nil, .pending(attempt: 1), nil, nil, nil, nil, nil,
      ])
    var taken = Self.active()
    _ = taken.progressed(attempt: 1, to: .taken)
    #expect(taken.withdrawn(attempt: 1) == false)
  }

  @Test func `only a task that is not running is skipped`() {
    let done = TaskMachine.State.done(attempt: 1)
    let ends = Self.ends { _ = $0.skip() }
    #expect(ends == [nil, nil, nil, done, done, done, nil])
  }

  @Test func `every task can be reset, a running one after its end`() {
    let reset = TaskMachine.State.reset(attempt: 1)
    let actions = Self.all.map { machine -> TaskMachine.ResetAction in
      var copy = machine
      return copy.reset()
    }
    #expect(
      actions == [
        .reset, .cancel(attempt: 1), .wait, .reset, .reset, .refuse, .reset,
      ])
    let ends = Self.ends { _ = $0.reset() }
    #expect(
      ends == [
        reset, .cancelling(attempt: 1), nil, reset, reset, nil, reset,
      ])
  }

  @Test func `only a new task waits for upstream tasks that run again`() {
    let ends = Self.ends { _ = $0.wait() }
    #expect(ends == [.reset(attempt: 0), nil, nil, nil, nil, nil, nil])
  }

  @Test func `only a reset task runs when its inputs are available`() {
    let ends = Self.ends { _ = $0.inputsAvailable() }
    #expect(
      ends == [
        nil, nil, nil, nil, nil, .pending(attempt: 2), nil,
      ])
  }
}
