import Testing

@testable import TUI

struct LogStoreTests {
  private func store(_ count: Int, text: (Int) -> String = { "line \($0)" }) -> LogStore {
    var store = LogStore()
    for number in 0..<count { add(text(number), to: &store, time: 1000 + number) }
    return store
  }

  private func add(_ text: String, to store: inout LogStore, time: Int) {
    Array(text.utf8).withUnsafeBufferPointer {
      store.append(.output, source: 3, time: time, $0)
    }
  }

  private func text(_ store: LogStore, _ number: Int) -> String? {
    store[number].map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test func `lines can be read by their numbers`() {
    let store = store(2000)
    for number in [0, 1, 511, 512, 513, 1023, 1024, 1999] {
      #expect(text(store, number) == "line \(number)")
      #expect(store[number]?.time == 1000 + number)
      #expect(store[number]?.source == 3)
    }
    #expect(store[-1] == nil && store[2000] == nil)
  }

  @Test func `empty lines are lines`() {
    let store = store(3) { _ in "" }
    #expect(store.count == 3 && text(store, 1) == "")
  }

  @Test func `the oldest lines are discarded, and numbers stay`() {
    var store = store(5000)
    let before = store.byteCount
    store.shrink(to: before / 2)
    #expect(store.byteCount <= before / 2)
    #expect(store.first > 2000 && store.end == 5000)
    #expect(text(store, store.first) == "line \(store.first)")
    #expect(text(store, 4999) == "line 4999")
    #expect(store[store.first - 1] == nil)
    add("more", to: &store, time: 0)
    #expect(text(store, 5000) == "more")
  }

  @Test func `the size after discarding is right`() {
    var store = store(5000)
    store.shrink(to: 40_000)
    var counted = 0
    _ = store.visit(0..<5000) { _, _, bytes in
      counted += bytes.count + 16
      return true
    }
    #expect(counted == store.byteCount)
  }

  @Test func `a visit crosses blocks and stops when told`() {
    var store = store(3000)
    store.shrink(to: store.byteCount - 1)
    var numbers: [Int] = []
    let next = store.visit(0..<2000) { number, _, bytes in
      #expect(String(decoding: bytes, as: UTF8.self) == "line \(number)")
      numbers.append(number)
      return numbers.count < 700
    }
    #expect(numbers == Array(512..<1212) && next == 1212)
    #expect(store.visit(1212..<9999) { _, _, _ in true } == 3000)
    #expect(store.visit(2999..<2999) { _, _, _ in true } == 2999)
  }
}
