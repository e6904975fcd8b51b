import Engine
import JobProtocol
import Testing
import Workflow

@testable import Runner

/// What of the output that comes is wanted and new.
@Suite struct LogRouterTests {
  private let one = AttemptID(FiringID(ProcessID(number: 1), 1), 1)
  private let two = AttemptID(FiringID(ProcessID(number: 2), 1), 1)

  private func chunks(_ numbers: ClosedRange<Int>) -> [LogChunk] {
    numbers.map { LogChunk(sequence: $0, stream: .standardOutput, time: $0, bytes: [65]) }
  }

  @Test func `only what is wanted passes, once`() {
    var router = LogRouter()
    router.change(to: .attempts([one]))
    #expect(router.receive(chunks(1...3), of: one)?.chunks == chunks(1...3))
    #expect(router.receive(chunks(2...3), of: one) == nil)
    #expect(router.receive(chunks(3...4), of: one)?.chunks == chunks(4...4))
    #expect(router.receive(chunks(1...1), of: two) == nil)
  }

  @Test func `a beginning that is gone is told`() {
    var router = LogRouter()
    router.change(to: .attempts([one]))
    #expect(router.receive(chunks(5...6), of: one)?.isTruncated == true)
    #expect(router.receive(chunks(7...7), of: one)?.isTruncated == false)
  }

  @Test func `what stays wanted goes on, what was left begins anew`() {
    var router = LogRouter()
    router.change(to: .attempts([one]))
    _ = router.receive(chunks(1...3), of: one)
    router.read(to: "3-0", of: one)
    router.change(to: .attempts([one, two]))
    #expect(router.lastEntry(of: one) == "3-0" && router.receive(chunks(1...3), of: one) == nil)
    router.change(to: .attempts([]))
    router.change(to: .attempts([one]))
    #expect(router.lastEntry(of: one) == nil)
    #expect(router.receive(chunks(1...3), of: one)?.chunks.count == 3)
  }

  @Test func `a stage wants its processes and a run wants all`() {
    var router = LogRouter()
    router.change(to: .processes([two.firing.process], backlog: []))
    #expect(router.receive(chunks(1...1), of: one) == nil)
    #expect(router.receive(chunks(4...4), of: two)?.isTruncated == false)
    router.change(to: .processes(nil, backlog: []))
    #expect(
      router.receive(chunks(1...1), of: one) != nil && router.receive(chunks(1...1), of: two) != nil
    )
    #expect(router.known([one]) == [one, two])
  }
}
