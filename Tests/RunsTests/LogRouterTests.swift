import Engine
import JobProtocol
import Redis
import Testing
import Workflow

@testable import Runs

/// How far the wanted output has been read, and what is read next.
@Suite struct LogRouterTests {
  private let one = AttemptID(FiringID(ProcessID(number: 1), 1), 1)
  private let two = AttemptID(FiringID(ProcessID(number: 2), 1), 1)
  private var router = LogRouter()

  private func id(_ number: Int) -> StreamID {
    StreamID(milliseconds: UInt64(number), number: UInt64(number))
  }

  private func portion(
    _ numbers: ClosedRange<Int>, isFull: Bool = false, ends: Bool = false
  ) -> LogStreams.Portion {
    let chunks = numbers.map { number in
      LogChunk(
        sequence: number, stream: ends && number == numbers.upperBound ? .end : .standardOutput,
        time: number, bytes: [65])
    }
    return LogStreams.Portion(chunks: chunks, last: id(numbers.upperBound), isFull: isFull)
  }

  private func message(_ number: Int) -> [UInt8] { Array("\(id(number))".utf8) }

  private mutating func starts() -> [AttemptID: LogStreams.Start] {
    Dictionary(router.takeDue().map { ($0.attempt, $0.start) }, uniquingKeysWith: { $1 })
  }

  @Test mutating func `backlog and new output are read in the same way`() {
    router.change(to: .attempts([one]))
    router.wakeAll()
    #expect(starts() == [one: .beginning])
    #expect(router.receive(portion(1...3), of: one)?.chunks.map(\.sequence) == [1, 2, 3])
    router.wake(one, by: message(5))
    #expect(starts() == [one: .after(id(3))])
    #expect(router.receive(portion(4...5), of: one)?.chunks.map(\.sequence) == [4, 5])
    // After a lost subscription, messages may be missing.
    router.wakeAll()
    #expect(starts() == [one: .after(id(5))])
  }

  @Test mutating func `a message about entries already read causes no reading`() {
    router.change(to: .attempts([one]))
    _ = router.receive(portion(1...3), of: one)
    for number in 1...3 { router.wake(one, by: message(number)) }
    #expect(starts().isEmpty)
  }

  @Test mutating func `many messages of one stream cause one reading`() {
    router.change(to: .attempts([one, two]))
    for number in 1...100 { router.wake(one, by: message(number)) }
    router.wake(two, by: message(1))
    let due = router.takeDue().map(\.attempt)
    #expect(due == [one, two])
  }

  @Test mutating func `messages of earlier executors, which carry the chunk, cause a reading`() {
    router.change(to: .attempts([one]))
    _ = router.receive(portion(1...3), of: one)
    let chunk = LogChunk(sequence: 4, stream: .standardOutput, time: 9, bytes: [65])
    router.wake(one, by: chunk.encoded)
    #expect(starts() == [one: .after(id(3))])
  }

  @Test mutating func `a full portion is followed by the next`() {
    router.change(to: .attempts([one]))
    _ = router.receive(portion(1...3, isFull: true), of: one)
    #expect(starts() == [one: .after(id(3))])
    _ = router.receive(portion(4...4), of: one)
    #expect(starts().isEmpty)
  }

  @Test mutating func `complete output is not read again`() {
    router.change(to: .attempts([one, two]))
    _ = router.receive(portion(1...3, ends: true), of: one)
    router.wake(one, by: message(9))
    router.wakeAll()
    #expect(starts() == [two: .beginning] && !router.isComplete)
    _ = router.receive(portion(1...2, ends: true), of: two)
    #expect(router.isComplete)
  }

  @Test mutating func `a missing beginning is reported`() {
    router.change(to: .attempts([one]))
    #expect(router.receive(portion(5...6), of: one)?.isTruncated == true)
    #expect(router.receive(portion(7...7), of: one)?.isTruncated == false)
  }

  @Test mutating func `attempts that are still wanted continue, others start again`() {
    router.change(to: .attempts([one]))
    _ = router.receive(portion(1...3), of: one)
    router.change(to: .attempts([one, two]))
    router.wakeAll()
    #expect(starts() == [one: .after(id(3)), two: .beginning])
    router.change(to: .attempts([]))
    router.change(to: .attempts([one]))
    router.wakeAll()
    #expect(starts() == [one: .beginning])
  }

  @Test mutating func `a stage follows its processes, and a run follows all`() {
    router.change(to: .processes([two.firing.process], backlog: []))
    router.wake(one, by: message(1))
    // Chunks that were written together have one time.
    router.wake(two, by: message(4))
    #expect(starts() == [two: .from(StreamID(milliseconds: 4, number: 0))])
    #expect(router.receive(portion(4...4), of: two)?.isTruncated == false)
    router.change(to: .processes(nil, backlog: [one]))
    router.wake(two, by: message(1))
    router.wakeAll()
    #expect(
      starts() == [two: .from(StreamID(milliseconds: 1, number: 0)), one: .newest])
    _ = router.receive(portion(1...1), of: two)
    router.wakeAll()
    #expect(starts() == [one: .newest, two: .after(id(1))], "what came since is known")
  }

  @Test func `merged output is in order of time`() {
    func update(_ attempt: AttemptID, _ times: [Int]) -> LogUpdate {
      LogUpdate(
        attempt: attempt,
        chunks: times.enumerated().map {
          LogChunk(sequence: $0.offset + 1, stream: .standardOutput, time: $0.element, bytes: [])
        })
    }
    let merged = LogFeed.merged([update(one, [1, 2, 6]), update(two, [3, 4, 5])])
    #expect(merged.map(\.attempt) == [one, two, one])
    #expect(merged.flatMap(\.chunks).map(\.time) == Array(1...6))
  }
}
