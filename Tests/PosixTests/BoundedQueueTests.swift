import Glibc
import Posix
import Testing

/// Many senders and one consumer, in a task or in a poll loop.
@Suite(.timeLimit(.minutes(1))) struct BoundedQueueTests {
  private struct Broken: Error, Equatable {}

  private let queue = BoundedQueue<Int, Never>()

  @Test func `elements that arrive together are received together, in order`() async {
    for number in 1...3 { queue.send(number) }
    #expect(await queue.nextAll() == [1, 2, 3])
    #expect(queue.takeAll() == [])
  }

  @Test func `elements can be received one by one`() async {
    for number in 1...3 { queue.send(number) }
    #expect(await queue.next() == 1)
    #expect(await queue.nextAll() == [2, 3])
  }

  @Test func `takeAll does not wait and leaves nothing`() {
    #expect(queue.takeAll() == [])
    queue.send(1)
    #expect(queue.takeAll() == [1])
    #expect(queue.takeAll() == [])
  }

  @Test func `a waiting consumer is woken`() async {
    async let received = queue.nextAll()
    queue.send(9)
    #expect(await received == [9])
  }

  @Test func `nothing is lost between many senders and a busy consumer`() async {
    await withTaskGroup(of: Void.self) { group in
      for sender in 0..<8 {
        group.addTask { for number in 0..<500 { queue.send(sender * 500 + number) } }
      }
      group.addTask {
        var received: [Int] = []
        while received.count < 4000 { received += await queue.nextAll() ?? [] }
        #expect(received.sorted() == Array(0..<4000))
        for sender in 0..<8 {
          let own = received.filter { $0 / 500 == sender }
          #expect(own == own.sorted(), "the order of one sender is kept")
        }
      }
    }
  }

  @Test func `remaining elements are delivered before the end and its failure`() async throws {
    let queue = BoundedQueue<Int, Broken>()
    queue.send(1)
    queue.finish(throwing: Broken())
    queue.send(2)
    #expect(try await queue.next() == 1)
    await #expect(throws: Broken()) { try await queue.next() }
    #expect(try await queue.next() == nil)
  }

  @Test func `a cancelled queue delivers nothing more`() async {
    queue.send(1)
    queue.cancel()
    #expect(await queue.nextAll() == nil)
    #expect(queue.isEnded)
  }

  @Test func `a producer thread is woken when the queue is no longer full`() async {
    let wake = WakePipe()
    let queue = BoundedQueue<Int, Never>(limit: 2, producerWake: wake)
    for number in 1...3 { queue.send(number) }
    #expect(queue.isFull)
    _ = await queue.next()
    #expect(queue.isFull && !isReadable(wake))
    _ = await queue.next()
    #expect(!queue.isFull && isReadable(wake))
  }

  @Test func `a producer task waits according to the size of the elements`() async {
    let queue = BoundedQueue<[Int], Never>(limit: 4, size: \.count)
    queue.send([1, 2, 3])
    await queue.waitForSpace()
    queue.send([4])
    let waiting = Task { await queue.waitForSpace() }
    queue.send([5])
    #expect(queue.takeAll() == [[1, 2, 3], [4], [5]])
    await waiting.value
  }

  @Test func `a cancelled task does not wait for space`() async {
    let queue = BoundedQueue<Int, Never>(limit: 1)
    queue.send(1)
    let waiting = Task { await queue.waitForSpace() }
    waiting.cancel()
    await waiting.value
  }

  @Test func `a poll loop is woken once for all elements`() {
    let wake = WakePipe()
    let queue = BoundedQueue<Int, Never>(consumerWake: wake)
    #expect(!isReadable(wake))
    queue.send(1)
    queue.send(2)
    #expect(isReadable(wake))
    #expect(queue.takeAll() == [1, 2] && !isReadable(wake))
    queue.send(3)
    #expect(isReadable(wake))
  }

  private func isReadable(_ pipe: WakePipe) -> Bool {
    Poll.wait(for: pipe.descriptor, POLLIN, milliseconds: 0)
  }
}
