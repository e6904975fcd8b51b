import JSONValue
import Posix
import Testing
import Workflow

@testable import CLI

@Suite struct GraphDrawingTests {
  /// split → three work → join, with a control signal back and a cycle over `again`.
  static let loop = """
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

  /// Names with a special meaning for a renderer.
  static let hostile = [
    #"a"b"#, "a\nb", "<b>bold</b>", "a\\", "a\\\"", "&lt;&amp;", "x]; n1 -> n1", "\"]-->|", "%% no",
    "`code`", "end", "ążß 日本 🚀", "\u{202E}turned", "\u{0}", "#quot;", "", "{{nothing", "|",
    "\u{1B}[31mred",
  ]

  private func drawing(_ text: String, folded: Bool = false) throws -> GraphDrawing {
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    let workflow = try #require(reading.workflow, "\(reading.findings)")
    return try #require(GraphDrawing(workflow, folded: folded))
  }

  /// A chain of processes and signals with these names.
  private func chain(_ names: [String]) throws -> GraphDrawing {
    let processes = names.indices.map { index -> JSON in
      [
        "name": .string(names[index]), "function": "noop",
        "ins": .array(index == 0 ? [] : [.int(index - 1)]), "outs": [.int(index)],
      ]
    }
    let file: JSON = [
      "name": .string(names[0]), "processes": .array(processes),
      "signals": .array(names.map { ["name": .string($0)] }), "ins": [], "outs": [],
    ]
    return try drawing(file.text)
  }

  @Test func `DOT dashes backward edges and control signals`() throws {
    #expect(
      try drawing(Self.loop, folded: true).dot == [
        #"digraph "loop" {"#, #"  node [shape=box, fontname="sans-serif"];"#,
        #"  edge [fontname="sans-serif", fontsize=10];"#, #"  n1 [label="split"];"#,
        #"  n2 [label="work ×3"];"#, #"  n3 [label="join"];"#,
        #"  n3 -> n1 [label="again", style=dashed, constraint=false];"#,
        #"  n1 -> n2 [label="3 signals"];"#, #"  n2 -> n3 [label="3 signals"];"#,
        #"  n3 -> n1 [label="next: go", style=dashed, constraint=false];"#, "}",
      ])
  }

  @Test func `Mermaid dashes backward edges and control signals`() throws {
    #expect(
      try drawing(Self.loop, folded: true).mermaid == [
        "flowchart TD", #"  n1["split"]"#, #"  n2["work ×3"]"#, #"  n3["join"]"#,
        #"  n3 -.->|"again"| n1"#, #"  n1 -->|"3 signals"| n2"#, #"  n2 -->|"3 signals"| n3"#,
        #"  n3 -.->|"next: go"| n1"#,
      ])
  }

  @Test func `JSON has nodes in order and edges that refer to their ids`() throws {
    let json = try drawing(Self.loop).json
    #expect(json["nodes"]?.array?.map { $0["id"]?.int } == [1, 2, 3, 4, 5])
    #expect(json["nodes"]?.array?.map { $0["level"]?.int } == [0, 1, 1, 1, 2])
    #expect(
      json["edges"]?.array?.last == [
        "from": 5, "to": 1, "control": "next", "leadsBack": true, "signals": ["go"],
      ])
  }

  @Test func `a hostile name stays within its quotes`() throws {
    for line in try chain(Self.hostile).mermaid.dropFirst() {
      #expect(line.count { $0 == "\"" } == 2, "\(line)")
      #expect(!line.contains("<") && !line.contains("`"))
    }
    for line in try chain(Self.hostile).dot {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E }, "\(line)")
    }
    #expect(try chain([#"a"b\"#]).dot.contains(#"  n1 [label="a\"b\\"];"#))
    #expect(try chain(["&lt;"]).dot.contains(#"  n1 [label="&amp;lt;"];"#))
    #expect(try chain([#"a"<#"#]).mermaid.contains(#"  n1["a#34;#60;#35;"]"#))
  }

  @Test func `too many edges are refused, but stages can be drawn`() throws {
    let producers = (0..<1_001).map { _ in
      #"{"name":"p","function":"noop","ins":[],"outs":[0]}"#
    }
    let consumers = (0..<1_000).map { _ in
      #"{"name":"c","function":"noop","ins":[0],"outs":[]}"#
    }
    let text = """
      {"processes":[\((producers + consumers).joined(separator: ","))],
       "signals":[{"name":"s"}],"ins":[],"outs":[]}
      """
    let workflow = try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow)
    #expect(GraphDrawing(workflow, folded: false) == nil)
    #expect(GraphDrawing(workflow, folded: true)?.edges.count == 1)
  }

  static let graphviz = Files.findExecutable("dot")

  @Test(.enabled(if: graphviz != nil, "Graphviz is not installed"))
  func `Graphviz draws every name as it is`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-graph-test-")
    defer { Files.removeTree(place) }
    for (number, drawing) in [try drawing(Self.loop), try chain(Self.hostile)].enumerated() {
      let file = Files.join(place, "\(number).dot")
      try Files.write(Array(drawing.dot.joined(separator: "\n").utf8), to: file)
      var request = SpawnRequest(Self.graphviz ?? "", ["-Tsvg", "-o", "\(file).svg", file])
      request.environment = Environment.all
      let status = try Child.spawn(request).wait()?.status
      #expect(status == .exited(0))
      let svg = String(decoding: try Files.read("\(file).svg"), as: UTF8.self)
      for node in drawing.nodes {
        #expect(svg.contains("<title>n\(node.number)</title>"))
      }
      if number == 1 {
        #expect(svg.contains("&lt;b&gt;bold&lt;/b&gt;"))
        #expect(svg.contains("&amp;lt;&amp;amp;"))
        #expect(svg.contains("日本 🚀"))
      }
    }
  }
}
