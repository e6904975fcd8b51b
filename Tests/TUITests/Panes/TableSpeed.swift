import Engine
import Foundation
import JobProtocol
import Testing

@testable import TUI

/// What the screen costs at 100,000 tasks. Measures and prints only on request:
///
///     HFLOW_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter TableSpeed
@Suite struct TableSpeed {
  private static let isOn = ProcessInfo.processInfo.environment["HFLOW_MEASURE"] == "1"

  /// Three of a hundred tiles fail; two thirds of them have ended.
  private func story(_ tiles: Int) throws -> Story {
    var story = try Story(Workflows.mosaic(tiles))
    story.begin(slots: 64)
    for place in 0..<tiles * 2 / 3 {
      let attempt = try story.startNext()
      story.finish(
        attempt, place % 33 == 5 ? .failed(.exit(1)) : .succeeded, after: 1,
        saying: place % 33 == 5 ? "ERROR: no overlap between images \(place) and 7" : "")
    }
    for _ in 0..<64 { try story.startNext() }
    return story
  }

  @Test(.enabled(if: isOn)) func `a hundred thousand tasks are shown quickly`() throws {
    let story = try story(33_333)
    var model = Model(
      run: RunState(workflow: story.workflow), theme: Theme(),
      size: Size(columns: 200, rows: 60), now: story.time)
    report("events folded and shown, \(story.events.count)", 1) {
      _ = model.update(.world([.events(story.events)]))
      _ = model.draw()
    }
    report("first full screen", 5) { _ = model.draw() }
    report("key down, to the painted screen", 200) { step(&model, .down) }
    report("page down", 200) { step(&model, .pageDown) }
    report("to the end and back", 20) { step(&model, .end, .home) }
    report("full screen", 1) { step(&model, .character("f")) }
    for text in ["m", "d", "f", " ", "s", "t", "a", "t", "e", ":", "f"] {
      report("filter: typing \(text)", 1) {
        if text == "m" { step(&model, .character("/")) }
        step(&model, .character(Character(text)))
      }
    }
    step(&model, .enter, .escape)
    for column in TaskColumn.allCases {
      report("sort by \(column)", 3) {
        model.tasks.sort(TaskOrder(column))
        step(&model)
      }
    }
    model.tasks.sort(.byState)
    for grouping in TaskGrouping.allCases {
      report("group by \(grouping)", 3) {
        model.tasks.group(by: grouping)
        step(&model)
      }
    }
    report("mark all", 1) { step(&model, .character("a")) }
    report("key down with all marked", 20) { step(&model, .down) }
    step(&model, .escape)
    report("failures", 1) { step(&model, .character("F")) }
    report("failures: key down", 20) { step(&model, .down) }
    step(&model, .escape, .end, .enter)
    report("detail of what waits for 33,333", 20) { step(&model, .down) }
    try stream(story, &model)
  }

  /// 2,000 events at once, as in one second, by state and sorted by time.
  private func stream(_ story: Story, _ model: inout Model) throws {
    var story = story
    step(&model, .escape, .escape)
    for order in [TaskOrder.byState, TaskOrder(.time)] {
      model.tasks.sort(order)
      step(&model)
      for round in 0..<3 {
        let known = story.events.count
        while story.events.count < known + 2000 { story.finish(try story.startNext(), after: 1) }
        report("\(story.events.count - known) events, by \(order.column), round \(round)", 1) {
          _ = model.update(.world([.events(Array(story.events[known...]))]))
          _ = model.draw()
        }
      }
    }
  }

  private func step(_ model: inout Model, _ keys: Key...) {
    if keys.isEmpty { _ = model.update(.clock(model.now + 1001)) }
    model.press(keys)
    _ = model.draw()
  }

  private func report(_ what: String, _ times: Int, _ body: () -> Void) {
    let clock = ContinuousClock()
    let all = (0..<times).map { _ in clock.measure(body) }.sorted()
    func text(_ duration: Duration) -> String {
      duration.formatted(.units(allowed: [.milliseconds], fractionalPart: .show(length: 2)))
    }
    print("\(what): median \(text(all[times / 2])), worst \(text(all[times - 1]))")
  }
}
