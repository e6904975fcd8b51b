import JobProtocol
import Testing

@Suite struct LogBudgetTests {
  @Test func `small chunks are limited by number, large ones by bytes`() {
    var small = LogBudget()
    for _ in 0..<LogBudget.chunkLimit * 2 { _ = small.keep(bytes: 10) }
    #expect(small.keep(bytes: 10) == LogBudget.chunkLimit)
    var large = LogBudget()
    for _ in 0..<1000 { _ = large.keep(bytes: 32 * 1024) }
    let kept = large.keep(bytes: 32 * 1024)
    #expect(kept * 32 * 1024 <= LogBudget.byteLimit)
    #expect((kept + 2) * 32 * 1024 > LogBudget.byteLimit)
  }

  @Test func `the latest chunk is kept, however large`() {
    var budget = LogBudget()
    #expect(budget.keep(bytes: 100) == 1)
    #expect(budget.keep(bytes: LogBudget.byteLimit * 2) == 1)
    #expect(budget.keep(bytes: 1) == 1)
    #expect(budget.keep(bytes: 1) == 2)
  }
}
