import JSONValue
import TestSupport
import Testing
import Workflow

@testable import Engine

@Suite struct AttemptListTests {
  static func attempt(_ process: Int, _ firing: Int, _ number: Int = 1) -> AttemptID {
    AttemptID(FiringID(ProcessID(number: process), firing), number)
  }

  static func all(_ list: AttemptList) -> [AttemptID] {
    list.attempts(processCount: 1_000_000) { _ in 1_000_000 }
  }

  @Test(arguments: 0..<50)
  func `a list returns its attempts, also after parsing`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let attempts = (0..<random.below(200)).map { _ in
      Self.attempt(1 + random.below(4), 1 + random.below(4), 1 + random.below(3))
    }
    // Sorted, as in the event of a stop, and in order of arrival.
    for attempts in [attempts, attempts.sorted { $0.firing < $1.firing }] where !attempts.isEmpty {
      let list = AttemptList(attempts)
      #expect(list.count == attempts.count)
      #expect(Self.all(list) == attempts)
      #expect(AttemptList(try JSON(parsing: list.json.text)) == list)
    }
  }

  @Test func `neighbouring attempts form one block`() {
    let processes = AttemptList((1...100_000).map { Self.attempt($0, 1) })
    #expect(processes.json.text == "[[1,100000,1,1,1]]")
    let firings = AttemptList((1...100_000).map { Self.attempt(7, $0) })
    #expect(firings.json.text == "[[7,1,1,100000,1]]")
  }

  @Test func `a parsed list returns only attempts that exist`() throws {
    let maximum = Int32.max
    let list = try #require(
      AttemptList(try JSON(parsing: "[[1,\(maximum),1,\(maximum),1],[\(maximum),1,1,1,1]]")))
    let attempts = list.attempts(processCount: 2) { $0.number == 1 ? 0 : 1 }
    #expect(attempts == [Self.attempt(2, 1)])
    #expect(list.attempts(processCount: 0) { _ in 1 }.isEmpty)
  }

  @Test(arguments: [
    "[]", "[[]]", "[[1,1,1,1]]", "[[1,1,1,1,0]]", "[[0,1,1,1,1]]", "{}", "[[1,-1,1,1,1]]",
    "[[1,9223372036854775807,1,1,1]]", "[[1,1,1,1,1],7]",
  ])
  func `an invalid list is refused`(text: String) throws {
    #expect(AttemptList(try JSON(parsing: text)) == nil)
  }
}
