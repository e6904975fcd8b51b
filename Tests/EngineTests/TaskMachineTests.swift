import Testing

@testable import Engine

/// Every row of the table at the top of `TaskMachine`, and every state with every event.
@Suite struct TaskMachineTests {
  static func active(_ attempt: Int = 1) -> TaskMachine {
    var machine = TaskMachine()
    for number in 1..<attempt {
      _ = machine.finished(attempt: number, succeeded: false)
      _ = machine.retry()
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

  static func done() -> TaskMachine {
    var machine = active()
    _ = machine.finished(attempt: 1, succeeded: true)
    return machine
  }

  @Test func `finished well`() {
    var (active, cancelling) = (Self.active(), Self.cancelling())
    #expect(active.finished(attempt: 1, succeeded: true) == .emit)
    #expect(cancelling.finished(attempt: 1, succeeded: true) == .emit)
    #expect(active.state == .done && cancelling.state == .done)
  }

  @Test func `finished badly`() {
    var (active, cancelling) = (Self.active(), Self.cancelling())
    #expect(active.finished(attempt: 1, succeeded: false) == .fail)
    #expect(cancelling.finished(attempt: 1, succeeded: false) == .fail)
    #expect(active.state == .failed(attempt: 1) && cancelling.state == .failed(attempt: 1))
  }

  @Test func `reports that do not fit are ignored in every state`() {
    for machine in [Self.active(2), Self.cancelling(), Self.failed(), Self.done()] {
      var copy = machine
      #expect(copy.finished(attempt: 7, succeeded: true) == .ignore)
      #expect(copy.progressed(attempt: 7, to: .taken) == .ignore)
      #expect(copy == machine)
    }
    var (failed, done) = (Self.failed(), Self.done())
    #expect(failed.finished(attempt: 1, succeeded: true) == .ignore)
    #expect(done.finished(attempt: 1, succeeded: false) == .ignore)
    #expect(failed.progressed(attempt: 1, to: .started) == .ignore)
    #expect(done.progressed(attempt: 1, to: .started) == .ignore)
  }

  @Test func `each step of progress is noted once while the attempt is under way`() {
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

  @Test func `a retry begins its progress anew`() {
    var machine = Self.active()
    _ = machine.progressed(attempt: 1, to: .started)
    _ = machine.finished(attempt: 1, succeeded: false)
    _ = machine.retry()
    #expect(machine.progressed(attempt: 2, to: .taken) == .note)
  }

  @Test func `only an active task can be cancelled, once`() {
    var active = Self.active(3)
    #expect(active.cancel() == .cancel(attempt: 3))
    for machine in [Self.cancelling(), Self.failed(), Self.done()] {
      var copy = machine
      #expect(copy.cancel() == .refuse)
      #expect(copy == machine)
    }
  }

  @Test func `only a failed task can be retried`() {
    var failed = Self.failed()
    #expect(failed.retry() == .execute(attempt: 2))
    #expect(failed.state == .active(attempt: 2))
    for machine in [Self.active(), Self.cancelling(), Self.done()] {
      var copy = machine
      #expect(copy.retry() == .refuse)
      #expect(copy == machine)
    }
  }

  @Test func `only a failed task can be skipped`() {
    var failed = Self.failed()
    #expect(failed.skip() == .skip)
    #expect(failed.state == .done)
    for machine in [Self.active(), Self.cancelling(), Self.done()] {
      var copy = machine
      #expect(copy.skip() == .refuse)
      #expect(copy == machine)
    }
  }
}
