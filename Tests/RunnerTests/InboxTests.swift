import Testing

@testable import Runner

/// Many senders, one receiver that takes everything at once.
@Suite(.timeLimit(.minutes(1))) struct InboxTests {
  @Test func `what arrived together is taken together and in order`() async {
    let inbox = Inbox<Int>()
    for number in 1...3 { inbox.send(number) }
    #expect(await inbox.next() == [1, 2, 3])
    #expect(inbox.takeAll() == [])
  }

  @Test func `taking without waiting leaves nothing`() {
    let inbox = Inbox<Int>()
    #expect(inbox.takeAll() == [])
    inbox.send(1)
    #expect(inbox.takeAll() == [1])
    #expect(inbox.takeAll() == [])
  }

  @Test func `a receiver that waits is woken`() async {
    let inbox = Inbox<Int>()
    async let received = inbox.next()
    inbox.send(9)
    #expect(await received == [9])
  }

  @Test func `nothing is lost between many senders and a busy receiver`() async {
    let inbox = Inbox<Int>()
    await withTaskGroup(of: Void.self) { group in
      for sender in 0..<8 {
        group.addTask { for number in 0..<500 { inbox.send(sender * 500 + number) } }
      }
      group.addTask {
        var received: [Int] = []
        while received.count < 4000 {
          let batch = await inbox.next()
          #expect(!batch.isEmpty)
          received += batch
        }
        #expect(received.sorted() == Array(0..<4000))
        for sender in 0..<8 {
          let own = received.filter { $0 / 500 == sender }
          #expect(own == own.sorted(), "the order of one sender is kept")
        }
      }
    }
  }
}
