import Engine
import JSONValue
import JobProtocol
import Testing

@testable import CLI

struct WorkerListTests {
  @Test func `booked memory has a column while jobs have booked some`() {
    var entry = WorkerList.Entry(
      site: "lab", nativeID: "", worker: "h1-7", host: "h1", state: "serving", slots: 8, busy: 4,
      reason: "", since: nil)
    #expect(
      WorkerList.lines([entry], now: 0) == [
        "SITE  NATIVE ID  STATE    SINCE  SLOTS  WORKER OR REASON",
        "lab   -          serving  -      4/8    h1-7",
      ])
    entry.memory = 2_000_000_000
    #expect(
      WorkerList.lines([entry], now: 0) == [
        "SITE  NATIVE ID  STATE    SINCE  SLOTS  BOOKED  WORKER OR REASON",
        "lab   -          serving  -      4/8    2.0 GB  h1-7",
      ])
    #expect(entry.json["bookedMemory"] == 2_000_000_000)
  }
}
