import Dispatch
import Glibc
import Posix
import Testing

@testable import Runner

/// How the engine process waits for the operating system.
@Suite(.timeLimit(.minutes(1))) struct HostLoopTests {
  private func child(_ script: String) throws -> Child {
    try Child.spawn(SpawnRequest("sh", ["-c", script]))
  }

  @Test func `the exit of a child is reported with its status`() async throws {
    let host = try HostLoop(signals: [])
    let child = try child("exit 7")
    host.watch(child)
    #expect(await firstEvent(of: host) == .childEnded(child, .exited(7)))
  }

  @Test func `a child that was killed by a signal is reported with the signal`() async throws {
    let host = try HostLoop(signals: [])
    let child = try child("kill -9 $$")
    host.watch(child)
    #expect(await firstEvent(of: host) == .childEnded(child, .signalled(9)))
  }

  @Test func `a child can be added while the loop waits`() async throws {
    let host = try HostLoop(signals: [])
    async let event = firstEvent(of: host)
    let child = try child("exit 1")
    host.watch(child)
    #expect(await event == .childEnded(child, .exited(1)))
  }

  @Test func `each of many children is reported once`() async throws {
    let host = try HostLoop(signals: [])
    let children = try (0..<30).map { try child("exit \($0)") }
    for child in children { host.watch(child) }
    let received = await events(of: host, count: 30)
    let expected = children.enumerated().map { HostLoop.Event.childEnded($1, .exited($0)) }
    #expect(received.count == 30)
    #expect(expected.allSatisfy(received.contains))
  }

  @Test func `deadlines come in order`() async throws {
    let host = try HostLoop(signals: [])
    host.after(milliseconds: 60, .watchers)
    host.after(milliseconds: 20, .completions)
    host.after(milliseconds: 0, .interval(process: 3))
    #expect(
      await events(of: host, count: 3) == [
        .deadline(.interval(process: 3)), .deadline(.completions), .deadline(.watchers),
      ])
  }

  @Test func `a deadline that is set again moves and comes once`() async throws {
    let host = try HostLoop(signals: [])
    host.after(milliseconds: 0, .lease)
    host.after(milliseconds: 40, .lease)
    host.after(milliseconds: 20, .watchers)
    host.after(milliseconds: 60, .completions)
    #expect(
      await events(of: host, count: 3) == [
        .deadline(.watchers), .deadline(.lease), .deadline(.completions),
      ])
  }

  @Test func `each job has its own deadlines`() async throws {
    let host = try HostLoop(signals: [])
    host.after(milliseconds: 0, .report(job: "a"))
    host.after(milliseconds: 0, .report(job: "b"))
    let received = await events(of: host, count: 2)
    #expect(Set(received.map { "\($0)" }).count == 2)
  }

  @Test func `a Unix signal is an event`() async throws {
    // Blocked and sent on one thread of our own: the test process as a whole is not touched.
    let event: HostLoop.Event? = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        guard let host = try? HostLoop(signals: [SIGUSR2]) else {
          return continuation.resume(returning: nil)
        }
        pthread_kill(pthread_self(), SIGUSR2)
        var first: HostLoop.Event?
        host.run { event in
          first = event
          host.stop()
        }
        continuation.resume(returning: first)
      }
    }
    #expect(event == .signal(SIGUSR2))
  }

  @Test func `a loop that was stopped before it runs returns at once`() throws {
    let host = try HostLoop(signals: [])
    host.stop()
    host.run { _ in Issue.record("an event after the stop") }
  }
}
