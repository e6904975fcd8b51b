import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// The graph pane: what its keys and the mouse do.
struct GraphPaneTests {
  /// A half-finished mosaic of four tiles; the graph has the focus.
  static func model(_ columns: Int = 120, _ rows: Int = 36, ascii: Bool = false) throws -> Model {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, columns, rows, ascii: ascii)
    _ = model.update(.input(.key(.character("1"))))
    return model
  }

  /// A choice and its join, a loop with a control signal, and a process that feeds itself.
  static let branches = """
    {"name": "branches", "processes": [
      {"name": "ask", "type": "choice", "function": "f", "ins": ["in"], "outs": ["yes", "no"]},
      {"name": "cheap", "function": "f", "ins": ["yes"], "outs": ["a"]},
      {"name": "dear", "function": "f", "ins": ["no", "go"], "outs": ["b"]},
      {"name": "either", "type": "join", "joinCount": 1, "activeBranchesCount": 1,
       "function": "f", "ins": ["a", "b"], "outs": ["c"]},
      {"name": "count", "function": "f", "ins": ["c", "again"], "outs": ["again", "d"]},
      {"name": "check", "function": "f", "ins": ["d"], "outs": ["go", "stop"]},
      {"name": "end", "function": "f", "ins": ["d", "stop"], "outs": []}],
     "signals": [{"name": "in", "data": [1]}, {"name": "yes"}, {"name": "no"}, {"name": "a"},
      {"name": "b"}, {"name": "c"}, {"name": "again"}, {"name": "d"},
      {"name": "go", "control": "next"}, {"name": "stop", "control": "done"}],
     "ins": ["in"], "outs": []}
    """

  private func type(_ keys: String, _ model: inout Model) {
    for key in keys { _ = model.update(.input(.key(Self.key(key)))) }
  }

  static func key(_ character: Character) -> Key {
    switch character {
    case "\n": .enter
    case "v": .down
    case "^": .up
    case "\u{1B}": .escape
    default: .character(character)
    }
  }

  @Test(arguments: [60, 12_000])
  func `figures of a process with many firings have enough columns`(limit: Int) throws {
    var story = try Story(
      """
      {"name": "w", "processes": [
        {"name": "one", "function": "command", "ins": ["s"], "outs": ["x"], "firingLimit": 1,
         "config": {"executor": {"executable": "true"}}},
        {"name": "many", "function": "command", "ins": ["n"], "outs": ["y"],
         "firingLimit": \(limit), "config": {"executor": {"executable": "true"}}}],
       "signals": [{"name": "s", "data": [1]}, {"name": "n", "data": [1]}, {"name": "x"},
        {"name": "y"}], "ins": [], "outs": []}
      """)
    story.begin()
    for width in [60, 80, 120, 200] {
      var model = story.model(width, 24)
      type("1", &model)
      let row = model.draw().lines.first { $0.contains("many") && $0.contains("/") }
      #expect(row?.contains(" 0/\(limit)") == true, "\(row ?? "no row")")
    }
  }

  private func cursor(_ model: Model) -> String { NodeText.name(model.graph.cursor, model.run) }

  // MARK: The tasks of the stage

  @Test func `moving shows the tasks of the stage, and Escape shows all`() throws {
    var model = try Self.model()
    let (all, before) = (model.tasks.count, model.layout)
    type("v", &model)
    #expect(model.tasks.stage == 1 && model.tasks.count < all)
    #expect(model.draw().text.contains("stage mDiffFit"))
    #expect(model.selected.map(model.run.label)?.hasPrefix("mDiffFit:") == true)
    #expect(model.layout == before, "panes keep their sizes")
    let selected = model.selected
    type("\u{1B}", &model)
    #expect(model.tasks.stage == nil && model.tasks.count == all)
    #expect(model.selected == selected && model.focus == .graph && model.graph.cursor == .stage(1))
    type("^", &model)
    #expect(model.tasks.stage == 0)
  }

  @Test func `a filter stays while the graph narrows it, and goes last`() throws {
    var model = try Self.model()
    type("2/m\n", &model)
    type("1v", &model)
    #expect(model.tasks.stage == 1 && model.tasks.filterText == "m")
    type("\u{1B}", &model)
    #expect(model.tasks.stage == nil && model.tasks.filterText == "m")
    type("\u{1B}", &model)
    #expect(!model.tasks.isFiltered)
  }

  @Test func `a process in an open stage selects its task`() throws {
    var model = try Self.model()
    type("v\nv", &model)
    #expect(model.selected.map(model.run.label) == "mDiffFit:1")
  }

  @Test func `events alone do not narrow the tasks`() throws {
    var model = try Self.model()
    type("a", &model)
    _ = model.update(.clock(model.now + 1000))
    #expect(model.tasks.stage == nil)
  }

  @Test(arguments: [(120, 36), (200, 55)])
  func `long names leave room for a cell for each task`(columns: Int, rows: Int) throws {
    let long = "quantification_of_expressed_genes_per_cell"
    let story = try Story(Workflows.stages(["fastp", long], of: 10))
    let model = story.model(columns, rows)
    let lines = model.draw().lines
    let short = try #require(lines.first { $0.contains("fastp ") })
    #expect(short.contains(String(repeating: "◌", count: 10)), "\(short)")
    #expect(lines.contains { $0.contains("quantifi") && $0.contains("…") })
  }

  // MARK: Opening and folding

  @Test func `Enter opens a stage, and folds it on its heading`() throws {
    var model = try Self.model()
    type("v\n", &model)
    #expect(model.graph.scene.items.count == 5 + 4)
    #expect(model.graph.cursor == .stage(1), "on the heading")
    type("v", &model)
    #expect(cursor(model) == "mDiffFit:1")
    type("^\n", &model)
    #expect(model.graph.scene.items.count == 5)
  }

  @Test func `a stage can be folded from within`() throws {
    var model = try Self.model()
    type("v\nvvvu", &model)
    #expect(model.graph.scene.items.count == 5 && model.graph.cursor == .stage(1))
    type("u", &model)
    #expect(model.status == "no open stage here: open one with Enter")
  }

  @Test func `Enter on a process opens its task`() throws {
    var model = try Self.model()
    type("\nv\n", &model)
    #expect(model.focus == .detail)
    #expect(model.selected.map(model.run.label) == "mProject:1")
  }

  @Test func `a stage of one process opens its task, t shows a stage's tasks`() throws {
    var model = try Self.model()
    type("vv\n", &model)
    #expect(model.focus == .detail && model.selected.map(model.run.label) == "mConcatFit:1")
    type("\u{1B}1^t", &model)
    #expect(model.focus == .tasks && model.tasks.stage == 1)
  }

  @Test func `a key switches between all processes and stages`() throws {
    var model = try Self.model()
    type("vA", &model)
    #expect(model.graph.scene.items.count == 14)
    #expect(cursor(model) == "mDiffFit:1")
    type("A", &model)
    #expect(model.graph.scene.items.count == 5 && cursor(model) == "mDiffFit")
  }

  /// Rails are drawn only when they are shown; until then the rows must match the drawing.
  @Test func `a stage unfolded in the drawing can be searched there`() throws {
    var model = try Self.model()
    type("fA", &model)
    #expect(model.isLayered && model.graph.scene.items.count == 14)
    type("/mBack\n", &model)
    #expect(cursor(model) == "mBackground:1")
    type("n", &model)
    #expect(cursor(model) == "mBackground:2")
    type("N", &model)
    #expect(cursor(model) == "mBackground:1")
  }

  // MARK: A part of it

  @Test func `o shows neighbours, more with every press, and Esc shows all`() throws {
    var model = try Self.model()
    type("vvo", &model)
    #expect(model.graph.scene.items.count == 3, "mDiffFit, mConcatFit, mBackground")
    #expect(GraphPane.notes(model) == ["1 step around mConcatFit", "o more, O less"])
    type("o", &model)
    #expect(model.graph.scene.items.count == 5)
    type("O", &model)
    #expect(model.graph.scene.items.count == 3)
    type("\u{1B}", &model)
    #expect(model.graph.scene.items.count == 5 && model.focus == .graph)
  }

  @Test func `neighbours of a process are processes, even if stages are folded`() throws {
    var model = try Self.model()
    type("v\nvo", &model)
    let names = model.graph.scene.graph.nodes.map { NodeText.name($0, model.run) }
    #expect(names == ["mProject:1", "mDiffFit:1", "mConcatFit:1"])
  }

  // MARK: Finding

  @Test func `a search moves while it is typed`() throws {
    var model = try Self.model()
    type("/back\n", &model)
    #expect(cursor(model) == "mBackground")
    type("/m\nn", &model)
    #expect(cursor(model) == "mAdd")
    type("n", &model)
    #expect(cursor(model) == "mProject", "round and round")
    type("N", &model)
    #expect(cursor(model) == "mAdd")
  }

  @Test func `brackets go to failed tasks`() throws {
    var model = try Self.model()
    type("vv]", &model)
    #expect(cursor(model) == "mProject")
    var calm = try Story(Workflows.chain).model()
    type("1]", &calm)
    #expect(calm.status == "nothing has failed")
  }

  @Test func `following goes to running tasks and ends with a move`() throws {
    var model = try Self.model()
    type("a", &model)
    #expect(cursor(model) == "mDiffFit" && GraphPane.notes(model).contains("following"))
    type("^", &model)
    #expect(cursor(model) == "mProject" && !model.graph.follows)
  }

  // MARK: The drawing

  @Test func `the full screen graph is a drawing`() throws {
    var model = try Self.model()
    #expect(!model.isLayered)
    type("z", &model)
    #expect(model.status == "only in the full-screen drawing: f")
    type("f", &model)
    #expect(model.isLayered && model.graph.layered != nil)
    type("f", &model)
    #expect(!model.isLayered)
  }

  @Test func `arrows follow the edges and the layers`() throws {
    var model = try Self.model(200, 60)
    type("f", &model)
    var names = [cursor(model)]
    for _ in 0..<5 {
      type("v", &model)
      names.append(cursor(model))
    }
    #expect(
      names == ["mProject", "mDiffFit", "mConcatFit", "mBackground", "mAdd", "mAdd"])
    type("A^", &model)
    #expect(cursor(model).hasPrefix("mBackground"))
    let before = model.graph.cursor
    type("hl", &model)
    #expect(model.graph.cursor == before)
  }

  @Test func `zoom has steps from names to figures`() throws {
    var model = try Self.model(200, 60)
    type("f", &model)
    #expect(model.graph.layered?.zoom == .figures)
    type("ZZZZ", &model)
    #expect(model.graph.layered?.zoom == .names)
    type("z", &model)
    #expect(model.graph.layered?.zoom == .boxes)
  }

  @Test func `a click selects a box, the wheel moves the canvas`() throws {
    var model = try Self.model(120, 20)
    type("fz", &model)
    let state = try #require(model.graph.layered)
    let area = try #require(model.layout.panes[.graph]).inset()
    let box = state.drawing.boxes[1]
    let place = Point(
      column: area.column + box.column - state.origin.column + 2,
      row: area.row + box.row - state.origin.row)
    _ = model.update(.input(.click(place)))
    #expect(model.graph.cursor == .stage(1))
    let origin = try #require(model.graph.layered).origin
    _ = model.update(.input(.wheel(place, rows: 3)))
    #expect(model.graph.layered?.origin.row == origin.row + 3)
    #expect(model.graph.cursor == .stage(1))
  }

  @Test func `K holds and releases processes`() throws {
    var story = try Scenes.midway()
    var model = story.model(120, 36)
    type("1G", &model)
    #expect(
      model.update(.input(.key(.character("K")))) == [.world(.control(.holdProcesses([14])))])
    #expect(model.status == "holding process mAdd")
    let known = story.events.count
    story.tell(.holdProcess(ProcessID(number: 14)))
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(NodeFigures(model.graph.cursor, model.run).appearance == .held)
    #expect(
      model.update(.input(.key(.character("K")))) == [.world(.control(.releaseProcesses([14])))])
    type("k", &model)
    #expect(
      model.update(.input(.key(.character("K"))))
        == [.world(.control(.holdProcesses([10, 11, 12, 13])))])
    #expect(model.status == "holding 4 processes")
  }

  @Test func `the cursor is always visible after a move`() throws {
    var model = try Self.model(60, 16)
    type("f", &model)
    for key in "AvvhhlvvlG" {
      type(String(key), &model)
      let node = try #require(
        model.graph.scene.place(of: model.graph.cursor, model.run.graph))
      let layered = try #require(model.graph.layered)
      let box = layered.drawing.boxes[node]
      let (left, top) = (box.column - layered.origin.column, box.row - layered.origin.row)
      #expect(left >= 0 && left + box.width <= layered.view.columns, "after \(key)")
      #expect(top >= 0 && top + box.height <= layered.view.rows, "after \(key)")
    }
  }

  // MARK: Standing still

  @Test(arguments: ["", "f", "A", "Af", "v\n", "vof"])
  func `no event moves a node`(keys: String) throws {
    var story = try Story(Workflows.mosaic(6))
    var model = story.model(120, 36)
    type("1" + keys, &model)
    let (rails, drawing) = (model.graph.rails, model.graph.layered?.drawing)
    story.begin()
    var known = 0
    while let attempt = try? story.startNext() {
      story.finish(attempt, known % 5 == 4 ? .failed(.exit(1)) : .succeeded)
      _ = model.update(.world([.events(Array(story.events[known...]))]))
      known = story.events.count
      #expect(model.graph.rails == rails)
      #expect(model.graph.layered?.drawing == drawing)
    }
    #expect(known > 10)
  }

  @Test func `keys act on the tasks of the selected stage`() throws {
    var model = try Self.model()
    #expect(model.subjects.map(model.run.label) == (1...4).map { "mProject:\($0)" })
    let effects = model.update(.input(.key(.character("r"))))
    let failed = model.subjects.filter { model.run.state(of: $0) == .failed }
    #expect(effects == [.world(.control(.retry(failed.map(\.reference), .alone)))])
  }

  @Test func `the critical path is computed from durations`() throws {
    var model = try Self.model()
    type("c", &model)
    let names = model.graph.critical.path.map { model.run.workflow[$0].name }
    #expect(names == ["mProject", "mDiffFit", "mConcatFit", "mBackground", "mAdd"])
    #expect(model.graph.critical.length > 0)
  }
}
