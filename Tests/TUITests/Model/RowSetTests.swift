import Testing

@testable import TUI

struct RowSetTests {
  @Test func `rows are counted and found by rank`() {
    var set = RowSet()
    for row in [0, 63, 64, 200, 5] { set.insert(row) }
    set.insert(5)
    #expect(set.count == 5)
    #expect((0..<6).map { set.row(atRank: $0) } == [0, 5, 63, 64, 200, nil])
    #expect([0, 5, 63, 64, 200].map { set.rank(of: $0) } == [0, 1, 2, 3, 4])
    #expect(set.rank(of: 100_000) == 5)
    set.remove(63)
    set.remove(63)
    set.remove(9999)
    #expect(set.count == 4)
    #expect(set.row(atRank: 2) == 64)
    #expect(set.row(atRank: -1) == nil)
  }

  @Test func `a row set agrees with a sorted array`() {
    var random = Seeded(seed: 3)
    var set = RowSet()
    var plain: Set<Int> = []
    for _ in 0..<3000 {
      let row = Int(random.next() % 700)
      if random.next() % 3 == 0 {
        set.remove(row)
        plain.remove(row)
      } else {
        set.insert(row)
        plain.insert(row)
      }
    }
    let sorted = plain.sorted()
    var listed: [Int] = []
    set.visit { listed.append($0) }
    #expect(listed == sorted)
    #expect(set.count == sorted.count)
    for (rank, row) in sorted.enumerated() {
      #expect(set.row(atRank: rank) == row)
      #expect(set.rank(of: row) == rank)
    }
  }
}
