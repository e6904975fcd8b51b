import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct MessageQueueTests {
  private func output(_ bytes: Int) -> WorldMessage {
    let chunk = LogChunk(
      sequence: 1, stream: .standardOutput, time: 0, bytes: Array(repeating: 65, count: bytes))
    return .log(LogUpdate(attempt: LogBookTests.attempt, chunks: [chunk]))
  }

  @Test func `output is accepted until much waits, and again when it is drained`() async throws {
    let messageQueue = try MessageQueue()
    await messageQueue.waitForSpace()
    messageQueue.send(output(MessageQueue.logLimit + 1))
    let waiting = Task { await messageQueue.waitForSpace() }
    messageQueue.send(.closed)
    #expect(messageQueue.drain().count == 2)
    await waiting.value
  }

  @Test func `a cancelled task does not wait for space`() async throws {
    let messageQueue = try MessageQueue()
    messageQueue.send(output(MessageQueue.logLimit + 1))
    let waiting = Task { await messageQueue.waitForSpace() }
    waiting.cancel()
    await waiting.value
  }
}
