import Redis
import Testing

@Suite struct StreamIDTests {
  @Test(arguments: [
    ("5-7", "5-8"), ("5-18446744073709551615", "6-0"), ("0-0", "0-1"),
  ])
  func `the next id of a stream is computed`(id: String, next: String) throws {
    #expect(try #require(StreamID(parsing: id)).next.description == next)
  }

  @Test(arguments: ["", "5", "-", "a-b", "1-2-3", "$", "5-", "-5", "1 1 0 0\nx"])
  func `invalid ids are refused`(text: String) {
    #expect(StreamID(parsing: text) == nil)
  }

  @Test func `ids are ordered as the server orders them`() {
    let ids = ["5-7", "5-10", "6-0", "10-1"].compactMap { StreamID(parsing: $0) }
    #expect(ids.count == 4 && ids.shuffled().sorted() == ids)
  }
}
