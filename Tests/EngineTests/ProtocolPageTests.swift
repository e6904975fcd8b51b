import Engine
import Foundation
import JSONValue
import Testing

/// docs/protocol.md names every event.
@Suite struct ProtocolPageTests {
  private let page: String

  init() throws {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    page = try String(contentsOf: root.appending(path: "docs/protocol.md"), encoding: .utf8)
  }

  @Test(arguments: EventTests.changes)
  func `the page names every event and its members`(change: RunEvent.Change) throws {
    let json = RunEvent(time: 1, change).json
    let name = try #require(json["event"]?.string)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(rows.contains { $0.split(separator: "|")[0].contains("`\(name)`") }, "\(name)")
    for key in try #require(json.object).keys {
      #expect(page.contains("`\(key)`"), "\(name) \(key)")
    }
  }
}
