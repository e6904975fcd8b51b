import JobProtocol
import Testing

@testable import Runner

/// Which output is removed when a run's jobs have written more than Redis may keep.
@Suite struct LogLedgerTests {
  private let run = RunID(randomBits: 7)

  private func job(_ number: Int) -> JobID {
    JobID(task: TaskID(run: run, workflow: 1, process: 1, firing: number), attempt: 1)
  }

  private func ended(_ numbers: ClosedRange<Int>, bytes: Int, limit: Int) -> LogLedger {
    var ledger = LogLedger(limit: limit)
    for number in numbers {
      ledger.attemptStarted(job(number))
      ledger.attemptEnded(job(number), hasOutput: true)
      ledger.measured(job(number), bytes: bytes)
    }
    return ledger
  }

  @Test func `nothing is removed while the total is within the limit`() {
    var ledger = ended(1...4, bytes: 10_000, limit: 40_000)
    #expect(ledger.total == 40_000)
    #expect(ledger.nextRemoval(atMost: 64) == nil)
  }

  @Test func `output that ended first is removed first, no more than needed`() {
    var ledger = ended(1...10, bytes: 10_000, limit: 65_000)
    #expect(ledger.nextRemoval(atMost: 64) == .cut([1, 2, 3, 4].map(job)))
    for number in 1...4 { ledger.measured(job(number), bytes: 500) }
    #expect(ledger.total == 62_000)
    #expect(ledger.nextRemoval(atMost: 64) == nil)
    ledger.measured(job(10), bytes: 20_000)
    #expect(ledger.nextRemoval(atMost: 64) == .cut([job(5)]))
  }

  @Test func `no more than the requested number is removed at once`() {
    var ledger = ended(1...10, bytes: 10_000, limit: 10_000)
    #expect(ledger.nextRemoval(atMost: 3) == .cut([1, 2, 3].map(job)))
    #expect(ledger.nextRemoval(atMost: 3) == .cut([4, 5, 6].map(job)))
  }

  @Test func `last entries are removed if they alone exceed the limit`() {
    var ledger = ended(1...100, bytes: 500, limit: 49_000)
    #expect(ledger.nextRemoval(atMost: 64) == .forget([1, 2].map(job)))
    for number in 1...2 { ledger.measured(job(number), bytes: 0) }
    #expect(ledger.nextRemoval(atMost: 64) == nil)
  }

  @Test func `running output is halved when nothing else is left, largest first`() {
    var ledger = ended(1...2, bytes: 10_000, limit: 200_000)
    for number in 5...8 {
      ledger.attemptStarted(job(number))
      ledger.measured(job(number), bytes: number * 10_000)
    }
    #expect(ledger.nextRemoval(atMost: 64) == .cut([1, 2].map(job)))
    for number in 1...2 { ledger.measured(job(number), bytes: 500) }
    #expect(ledger.nextRemoval(atMost: 64) == .forget([1, 2].map(job)))
    for number in 1...2 { ledger.measured(job(number), bytes: 0) }
    #expect(ledger.nextRemoval(atMost: 64) == .halve([8, 7].map(job)))
  }

  @Test func `output that may grow after its end is still measured`() {
    var ledger = LogLedger(limit: 1000)
    ledger.attemptStarted(job(1))
    ledger.attemptEnded(job(1), mayGrow: true, hasOutput: true)
    ledger.attemptStarted(job(2))
    ledger.attemptEnded(job(2), hasOutput: true)
    #expect(ledger.open == [job(1)])
  }
}

/// The output of functions while the engine cannot handle it.
@Suite struct PrintGateTests {
  @Test func `text beyond the limit is dropped, and its lines are counted`() {
    let limiter = PrintLimiter(limit: 10)
    #expect(limiter.accept("123456789\n", of: "a") == 0)
    #expect(limiter.accept("one\ntwo\n", of: "a") == nil)
    #expect(limiter.accept("no end", of: "a") == nil)
    #expect(limiter.accept("other\n", of: "b") == nil)
    limiter.taken("123456789\n")
    #expect(limiter.accept("again\n", of: "a") == 3)
    #expect(limiter.accept("again\n", of: "a") == 0)
    #expect(limiter.end("a") == 0)
    #expect(limiter.end("b") == 1)
  }
}
