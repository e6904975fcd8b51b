import JSONValue
import JobProtocol
import Testing

struct UnreportedResultTests {
  @Test(arguments: [CompletionTransport.reports, .stream, .sets])
  func `a result can be read back`(transport: CompletionTransport) throws {
    var usage = JobUsage()
    usage.wallMilliseconds = 12
    usage.lastLine = "no such file: \u{1}\"é\n"
    let end = UnreportedResult(
      job: "abcd:1:2:3:4", transport: transport, code: 3, outcome: .failed(.exit(3)), usage: usage,
      time: 1_800_000_000_000)
    let bytes = end.json.bytes
    #expect(!bytes.contains(UInt8(ascii: "\n")), "it is one line")
    #expect(UnreportedResult(try JSON(parsing: bytes)) == end)
  }

  @Test(arguments: [
    "{}", "[]",
    #"{"transport": "post", "code": 0, "report": {"k": "finished", "j": "a", "o": "ok"}}"#,
    #"{"transport": "reports", "code": 0, "report": {"k": "taken", "j": "a"}}"#,
    #"{"transport": "reports", "code": 0, "report": {"k": "finished", "j": "a"}}"#,
  ])
  func `an invalid result is nil`(text: String) throws {
    #expect(UnreportedResult(try JSON(parsing: text)) == nil)
  }

  @Test func `pools with different names have different directories`() {
    let names = ["a", "A", "a/b", "a%2fb", "..", "ä", ""]
    let places = names.map {
      ExecutorPlaces.directories(
        pool: $0, stateHome: "/s", temporaryDirectory: "/t", user: 7)
    }
    #expect(Set(places.map(\.[0])).count == names.count)
    #expect(places[0] == ["/s/hflow-tui/executors/a", "/t/hflow-executors-7/a"])
    #expect(places[2][0] == "/s/hflow-tui/executors/a%2fb")
    #expect(places[4][0] == "/s/hflow-tui/executors/%2e%2e")
  }
}
