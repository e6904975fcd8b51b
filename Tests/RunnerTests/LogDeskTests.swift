import Engine
import JobProtocol
import Testing
import Workflow

@testable import Runner

/// What of the output that comes is wanted and new.
@Suite struct LogDeskTests {
  private let one = AttemptID(FiringID(ProcessID(number: 1), 1), 1)
  private let two = AttemptID(FiringID(ProcessID(number: 2), 1), 1)

  private func chunks(_ numbers: ClosedRange<Int>) -> [LogChunk] {
    numbers.map { LogChunk(sequence: $0, stream: .standardOutput, time: $0, bytes: [65]) }
  }

  @Test func `only what is wanted passes, once`() {
    var desk = LogDesk()
    desk.turn(to: .attempts([one]))
    #expect(desk.take(chunks(1...3), of: one)?.chunks == chunks(1...3))
    #expect(desk.take(chunks(2...3), of: one) == nil)
    #expect(desk.take(chunks(3...4), of: one)?.chunks == chunks(4...4))
    #expect(desk.take(chunks(1...1), of: two) == nil)
  }

  @Test func `a beginning that is gone is told`() {
    var desk = LogDesk()
    desk.turn(to: .attempts([one]))
    #expect(desk.take(chunks(5...6), of: one)?.isTruncated == true)
    #expect(desk.take(chunks(7...7), of: one)?.isTruncated == false)
  }

  @Test func `what stays wanted goes on, what was left begins anew`() {
    var desk = LogDesk()
    desk.turn(to: .attempts([one]))
    _ = desk.take(chunks(1...3), of: one)
    desk.read(to: "3-0", of: one)
    desk.turn(to: .attempts([one, two]))
    #expect(desk.lastEntry(of: one) == "3-0" && desk.take(chunks(1...3), of: one) == nil)
    desk.turn(to: .attempts([]))
    desk.turn(to: .attempts([one]))
    #expect(desk.lastEntry(of: one) == nil)
    #expect(desk.take(chunks(1...3), of: one)?.chunks.count == 3)
  }

  @Test func `a stage wants its processes and a run wants all`() {
    var desk = LogDesk()
    desk.turn(to: .processes([two.firing.process], backlog: []))
    #expect(desk.take(chunks(1...1), of: one) == nil)
    #expect(desk.take(chunks(4...4), of: two)?.isTruncated == false)
    desk.turn(to: .processes(nil, backlog: []))
    #expect(desk.take(chunks(1...1), of: one) != nil && desk.take(chunks(1...1), of: two) != nil)
    #expect(desk.known([one]) == [one, two])
  }
}
