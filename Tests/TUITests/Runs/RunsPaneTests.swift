import Engine
import Testing

@testable import TUI

struct RunsPaneTests {
  private func model(_ columns: Int = 120, _ rows: Int = 20, ascii: Bool = false) throws -> Model {
    var model = try Scenes.busy().model(columns, rows, ascii: ascii)
    _ = press(&model, .character("7"))
    let runs = [
      entry("k7f2abcd", "mosaic", hours: 0, .running),
      entry("a1b2cdef", "montage-2mass-with-a-long-name", hours: 2, .open(.failed)),
      entry("zz99aaaa", "mosaic", hours: 80, .closed(.succeeded)),
      entry("yy11aaaa", "mosaic", hours: 2, .interrupted, canBeShown: false),
    ]
    _ = model.update(.world([.runs(runs)]))
    return model
  }

  private func entry(
    _ run: String, _ name: String, hours: Int, _ condition: RunEntry.Condition,
    canBeShown: Bool = true
  ) -> RunEntry {
    var counts = TaskCounts()
    counts[.succeeded] = 612
    if condition == .open(.failed) { counts[.failed] = 2 }
    return RunEntry(
      run: run, shortID: String(run.prefix(4)), name: name,
      workflowPath: "/work/\(name)/workflow.json",
      startedAt: Story.beginning - hours * 3_600_000, condition: condition,
      counts: condition == .interrupted ? nil : counts, canBeShown: canBeShown)
  }

  private func press(_ model: inout Model, _ keys: Key...) -> [Effect] {
    keys.flatMap { model.update(.input(.key($0))) }
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the list looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "runs-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      model(size.0, size.1, ascii: ascii).draw(), name, styles: size.0 == 80)
  }

  @Test func `on a narrow screen the state and the tasks are whole`() throws {
    let lines = try model(45, 16).draw().lines
    let row = try #require(lines.first { $0.contains("a1b2") })
    #expect(row.contains("failed, open") && row.contains("612/614 ✘ 2"), "\(row)")
  }

  @Test func `the runs are requested whenever the pane is opened`() throws {
    var model = try Scenes.busy().model(120, 20)
    #expect(press(&model, .character("7")) == [.world(.listRuns)])
    #expect(press(&model, .down).isEmpty)
    #expect(press(&model, .character("u")) == [.world(.listRuns)])
    #expect(press(&model, .character("2")).isEmpty)
    #expect(press(&model, .character("7")) == [.world(.listRuns)])
  }

  @Test func `Enter switches to another run`() throws {
    var model = try model()
    _ = press(&model, .enter)
    #expect(model.status == "this run is already shown")
    #expect(press(&model, .down, .enter) == [.world(.switchRun("a1b2cdef"))])
    _ = press(&model, .down, .down, .enter)
    #expect(model.status == "its Redis does not answer")
  }

  @Test func `a click selects a run`() throws {
    var model = try model()
    let area = try #require(model.layout.panes[.runs]).inset()
    _ = model.update(.input(.click(Point(column: 9, row: area.row + 2))))
    #expect(model.chosenRun?.run == "a1b2cdef")
  }

  @Test(arguments: [60, 80, 120])
  func `hints say what the keys do to runs`(columns: Int) throws {
    var model = try model(columns)
    _ = press(&model, .down)
    let hints = try #require(model.draw().lines.last)
    #expect(hints.contains("Enter watch it"))
    if columns >= 80 { #expect(hints.contains("u refresh")) }
  }

  @Test func `without other runs the pane says how to start one`() throws {
    var model = try model()
    let this = try #require(model.run.info?.run)
    _ = model.update(.world([.runs([entry(this, "mosaic", hours: 0, .running)])]))
    #expect(model.draw().text.contains("no other run: start one with `hflow-tui run DIR`"))
    _ = model.update(.world([.runs([])]))
    #expect(model.draw().text.contains("no runs here: start one with `hflow-tui run DIR`"))
  }

  @Test func `the pane says when it is searching`() throws {
    var model = try Scenes.busy().model(80, 16)
    _ = press(&model, .character("7"))
    #expect(model.draw().text.contains("loading runs"))
  }
}
