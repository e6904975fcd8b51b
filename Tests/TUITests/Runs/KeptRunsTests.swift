import Engine
import Testing
import Workflow

@testable import TUI

/// Turning between runs: each is found again as it was left.
struct KeptRunsTests {
  private func press(_ model: inout Model, _ keys: Key...) -> [Effect] {
    keys.flatMap { model.update(.input(.key($0))) }
  }

  @Test func `a run that was left comes back at its place`() throws {
    var model = try Scenes.busy().model(120, 36)
    let first = try #require(model.run.info?.run)
    _ = press(&model, .character("5"), .character("2"), .down, .down, .down)
    let selected = try #require(model.selected)
    _ = press(&model, .character("7"))
    #expect(model.opening(run: "other") == .world(.switchRun("other")))
    _ = model.update(.world([.switched(RunState(workflow: try Story(Workflows.chain).workflow))]))
    #expect(model.run.workflow.name == "chain")
    #expect(model.opening(run: first) == .world(.returnToRun(first)))
    _ = model.update(.resized(Size(columns: 100, rows: 30)))
    let effects = model.update(.world([.returned(run: first)]))
    #expect(model.run.info?.run == first && model.selected == selected)
    #expect(model.focus != .runs && model.size == Size(columns: 100, rows: 30))
    #expect(
      effects.contains { if case .world(.followLogs) = $0 { true } else { false } },
      "its log is followed again")
  }

  @Test func `the events that a run has missed follow`() throws {
    var story = try Scenes.busy(ended: 2)
    var model = story.model(120, 36)
    let first = try #require(model.run.info?.run)
    let before = model.run.counts.done
    _ = model.update(.world([.switched(RunState(workflow: try Story(Workflows.chain).workflow))]))
    let known = story.events.count
    story.finish(try story.startNext(on: Scenes.nodes[0]))
    _ = model.update(
      .world([.returned(run: first), .events(Array(story.events.dropFirst(known)))]))
    #expect(model.run.counts.done == before + 1)
  }

  @Test func `of too many runs none is dropped that was promised to be kept`() throws {
    var model = try Scenes.busy().model(120, 36)
    let first = try #require(model.run.info?.run)
    for number in 0..<20 {
      var other = try Story(Workflows.chain)
      other.tell(
        .start(RunInfo(run: "run\(number)", name: "x", directory: "/w", invoker: "pool")))
      _ = model.update(.world([.switched(other.state)]))
    }
    #expect(model.keptRuns.has(first))
  }
}
