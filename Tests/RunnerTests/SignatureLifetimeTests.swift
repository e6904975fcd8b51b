import Foundation
import Testing

@testable import Runner
@testable import Runs

/// docs/protocol.md says how long signatures are valid.
@Suite struct SignatureLifetimeTests {
  private static let lifetimes = [
    ("job message", "30 days", JobMessageBuilder.signatureMilliseconds == 30 * 24 * 3_600_000),
    ("request", "2 minutes", RunWatcher.requestLifeMilliseconds == 2 * 60_000),
    ("order", "1 minute", OrderPublisher.lifetimeMilliseconds == 60_000),
  ]

  @Test func `signatures live as long as the protocol page says`() throws {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "docs/protocol.md"), encoding: .utf8)
    for (what, lifetime, isRight) in Self.lifetimes {
      let row = page.split(separator: "\n").first {
        $0.hasPrefix("| \(what) |") && $0.contains("mac")
      }
      #expect(row?.hasSuffix("| \(lifetime) |") == true, "\(what): \(row ?? "")")
      #expect(isRight, "\(what)")
    }
  }
}
