import Testing
import Workflow

@testable import TUI

/// The graph of a workflow as plain lines, for `hflow-tui graph`.
struct GraphTextTests {
  /// split → three work → join, with a control signal back and a cycle over `again`.
  private static let loop = """
    {"name": "loop", "processes": [
      {"name": "split", "function": "noop", "ins": ["in", "again", "go"], "outs": ["a", "b", "c"]},
      {"name": "work", "function": "noop", "ins": ["a"], "outs": ["x"]},
      {"name": "work", "function": "noop", "ins": ["b"], "outs": ["y"]},
      {"name": "work", "function": "noop", "ins": ["c"], "outs": ["z"]},
      {"name": "join", "function": "noop", "ins": ["x", "y", "z"], "outs": ["again", "go"]}],
     "signals": [{"name": "in", "data": [1]}, {"name": "again"}, {"name": "a"}, {"name": "b"},
      {"name": "c"}, {"name": "x"}, {"name": "y"}, {"name": "z"},
      {"name": "go", "control": "next"}],
     "ins": ["in"], "outs": []}
    """

  private func text(_ text: String, folded: Bool = false, ascii: Bool = false) throws -> GraphText {
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    return GraphText(try #require(reading.workflow), folded: folded, ascii: ascii)
  }

  @Test func `rails have lanes, also for backward edges`() throws {
    #expect(
      try text(Self.loop).rails.joined(separator: "\n") == """
        ●◂┬◂╮     split   ← join
        ├─╎─╎─●─╮ work:1  ← split
        ├─╎─╎─●─┤ work:2  ← split
        ╰─╎─╎─●─┤ work:3  ← split
          ╰◂┴◂──● join    ← work:1, work:2, work:3
        """)
  }

  @Test func `stages are one row with their count`() throws {
    #expect(
      try text(Self.loop, folded: true).rails == [
        "●◂┬◂╮ split    ← join", "● ╎ ╎ work ×3  ← split", "●─┴─╯ join     ← work",
      ])
    #expect(
      try text(Self.loop, folded: true, ascii: true).rails == [
        "o<+<+ split    <- join", "o : : work x3  <- split", "o-+-+ join     <- work",
      ])
  }

  @Test func `a node with many sources names the first of them`() throws {
    let names = ["a", "b", "c", "d"]
    let sources = names.map {
      #"{"name": "\#($0)", "function": "f", "ins": [], "outs": ["of-\#($0)"]}"#
    }
    let signals = names.map { #"{"name": "of-\#($0)"}"# }
    let all = names.map { "\"of-\($0)\"" }.joined(separator: ",")
    let file = """
      {"processes": [\(sources.joined(separator: ",")),
        {"name": "sum", "function": "f", "ins": [\(all)], "outs": []}],
       "signals": [\(signals.joined(separator: ","))], "ins": [], "outs": []}
      """
    #expect(try text(file).rails.last?.hasSuffix(" sum  ← a, b, c, …") == true)
    #expect(try text(file, ascii: true).rails.last?.hasSuffix(" sum  <- a, b, c, ...") == true)
  }

  @Test func `layers are boxes`() throws {
    #expect(
      try text(Self.loop, folded: true).layers(within: 100)?.joined(separator: "\n") == """
        ╭─────────╮
        │  split  │
        ╰┬───┬───┬╯
         │   ▲   ▲
         │   ╎   ╰╌╌╌╌╌╌╮
         │   ╰╌╌╌╌╌╌╌╮  ╎
        ╭┴────────╮  ╎  ╎
        │ work ×3 │  ╎  ╎
        ╰────┬────╯  ╎  ╎
             │       ╎  ╎
             │ ╭╌╌╌╌╌╯  ╎
             │ ╎ ╭╌╌╌╌╌╌╯
        ╭────┴─┴─┴╮
        │  join   │
        ╰─────────╯
        """)
    #expect(
      try text(GraphPaneTests.branches, ascii: true).layers(within: 100)?.joined(separator: "\n")
        == """
                +-----------+
                |  ask <>   |
                +-----+-----+
              +-------+-------+
              |               |
        +-----+-----+   +-----+-----+
        |   cheap   |   |   dear    |
        +-----+-----+   +---+---+---+
              |             |   ^
              +------+------+ +.+
                     |        :
               +-----+-----+  :
               | either >< |  :
               +-----+-----+  :
                     |        :
               +-----+-----+  :
               |  count @  |  :
               +-----+-----+  :
                     |        :
              +------+----+   :
              |           |   :
        +-----+-----+   +-+---+-----+
        |    end    |   |   check   |
        +-----+-----+   +-----+-----+
              ^               :
              +...............+
        """)
    #expect(try text(Self.loop, folded: true).layers(within: 5) == nil)
  }

  @Test func `control characters of terminals are removed`() throws {
    let names = ["a\\nb", "\\u001b[31mred", "\\u202eturned", "日本 🚀", ""]
    let processes = names.enumerated().map { index, name in
      #"{"name":"\#(name)","function":"f","ins":[\#(index)],"outs":[\#(index + 1)]}"#
    }
    let signals = (0...names.count).map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
    let file = """
      {"processes":[\(processes.joined(separator: ","))],"signals":[\(signals)],
       "ins":[],"outs":[]}
      """
    let drawn = try text(file)
    for line in drawn.rails + (drawn.layers(within: 1000) ?? []) {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E }, "\(line)")
    }
  }

  @Test func `thousands of nodes have lanes, too`() throws {
    let processes = (0..<4000).map {
      #"{"name":"p\#($0)","function":"f","ins":[\#($0)],"outs":[\#($0 + 1)]}"#
    }
    let signals = (0...4000).map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
    let file = """
      {"processes":[\(processes.joined(separator: ","))],"signals":[\(signals)],
       "ins":[],"outs":[]}
      """
    #expect(try text(file).rails.count == 4000)
    #expect(try text(file).layers(within: 5000) == nil)
  }
}
