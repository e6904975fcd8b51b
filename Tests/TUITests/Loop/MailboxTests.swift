import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct MailboxTests {
  private func output(_ bytes: Int) -> WorldMessage {
    let chunk = LogChunk(
      sequence: 1, stream: .standardOutput, time: 0, bytes: Array(repeating: 65, count: bytes))
    return .log(LogUpdate(attempt: LogBookTests.attempt, chunks: [chunk]))
  }

  @Test func `there is room until much output waits, and again when it is taken`() async throws {
    let mailbox = try Mailbox()
    await mailbox.room()
    mailbox.send(output(Mailbox.logLimit + 1))
    let waiting = Task { await mailbox.room() }
    mailbox.send(.closed)
    #expect(mailbox.drain().count == 2)
    await waiting.value
  }

  @Test func `nobody waits who was told to stop`() async throws {
    let mailbox = try Mailbox()
    mailbox.send(output(Mailbox.logLimit + 1))
    let waiting = Task { await mailbox.room() }
    waiting.cancel()
    await waiting.value
  }
}
