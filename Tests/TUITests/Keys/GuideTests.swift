import Foundation
import Testing

@testable import TUI

/// docs/tui.md agrees with the tables of keys, verbs and glyphs.
struct GuideTests {
  private func guide() throws -> String {
    var folder = URL(filePath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    return try String(contentsOf: folder.appending(path: "docs/tui.md"), encoding: .utf8)
  }

  @Test func `the guide has every verb of the palette and every theme`() throws {
    let guide = try guide()
    for verb in Verb.all { #expect(guide.contains("`\(verb.name)"), "\(verb.name)") }
    for theme in ThemeName.allCases { #expect(guide.contains("`\(theme.rawValue)`")) }
  }

  @Test func `the guide has the glyphs of all states`() throws {
    let guide = try guide()
    for appearance in TaskAppearance.allCases {
      #expect(
        guide.contains("| \(appearance.glyph) | `\(appearance.asciiGlyph)` |"), "\(appearance)")
    }
  }

  @Test func `the guide says how processes are held`() throws {
    let guide = try guide()
    let binding = GraphPane.bindings.first { $0.action == .graph(.hold) }
    #expect(guide.contains("`\(try #require(binding?.keys.first).name)` in the graph"))
    #expect(guide.contains("`hold --process"))
    #expect(guide.contains("`release --process"))
  }

  @Test(arguments: [(Pane.log, LogPane.bindings), (.timeline, TimelinePane.bindings)])
  func `the guide has every key of log and timeline, and no other`(
    pane: Pane, bindings: [KeyBinding]
  ) throws {
    let rows = try guide().split(separator: "\n").drop { !$0.contains("| in the **log** |") }
      .prefix { $0.hasPrefix("|") }
    let cell = pane == .log ? 0 : 2
    let named = rows.flatMap { row in
      let cells = row.dropFirst().split(separator: "|", omittingEmptySubsequences: false)
      return cells[cell].split(separator: "`").map(String.init).filter { $0.first != " " }
    }.filter { !$0.contains("*") && !$0.hasPrefix("-") || $0 == "-" }
    for binding in bindings {
      #expect(binding.keys.contains { named.contains($0.name) }, "\(binding.help)")
    }
    let keys = KeyTable.standard.bindings(in: pane).flatMap(\.keys).map(\.name)
    for name in named { #expect(keys.contains(name), "\(name)") }
    #expect(named.count >= bindings.count)
  }

  @Test func `the guide has the keys of a replay`() throws {
    let guide = try guide()
    for key in ReplayKeys.bindings.compactMap(\.keys.first) {
      #expect(guide.contains("`\(key.name)`"), "\(key.name)")
    }
  }

  @Test func `the guide has the keys that steer tasks and run`() throws {
    let guide = try guide()
    let bindings = KeyTable.standard.global.filter { binding in
      switch binding.action {
      case .task, .run, .shell(.palette), .shell(.plain), .shell(.mouse), .shell(.full): true
      default: false
      }
    }
    for binding in bindings {
      let key = try #require(binding.keys.first).name
      #expect(guide.contains("`\(key)`"), "\(key)")
    }
  }
}
