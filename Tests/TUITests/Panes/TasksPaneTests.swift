import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// Sorting, grouping, marking and filtering of the task table, by its keys.
@Suite struct TasksPaneTests {
  private func model(_ columns: Int = 200, _ rows: Int = 60) throws -> Model {
    var model = try TriageScene.model(columns, rows)
    model.press(.character("f"))
    return model
  }

  private func labels(_ model: Model) -> [String] {
    (0..<model.tasks.count).map { place in
      switch model.tasks.entry(at: place) {
      case .task(let task): model.run.label(task)
      case .group(let key): "[\(key.title(model.run))]"
      case nil: "?"
      }
    }
  }

  private func controls(_ effects: [Effect]) -> [ControlRequest] {
    effects.compactMap { if case .world(.control(let request)) = $0 { request } else { nil } }
  }

  private func references(_ labels: String..., in model: Model) throws -> [TaskReference] {
    try labels.map { label in
      let (process, number) = try #require(model.run.workflow.parse(label: label))
      return TaskReference(process: process.number, firing: number)
    }
  }

  // MARK: Sorting

  @Test(arguments: [
    (TaskColumn.time, "mProject:7", "mAdd:1"), (.memory, "mProject:2", "mAdd:1"),
    (.cpu, "mProject:7", "mAdd:1"), (.name, "mAdd:1", "mProject:8"),
    (.started, "mDiffFit:1", "mAdd:1"), (.state, "mProject:2", "mDiffFit:3"),
    (.lastLine, "mDiffFit:1", "mDiffFit:3"), (.host, "mProject:2", "mAdd:1"),
    (.wait, "mDiffFit:1", "mAdd:1"), (.tries, "mProject:2", "mAdd:1"),
  ])
  func `every column sorts, and rows without a value are last`(
    column: TaskColumn, first: String, last: String
  ) throws {
    var model = try model()
    model.tasks.sort(TaskOrder(column))
    _ = model.update(.clock(0))
    #expect(labels(model).count == 26)
    #expect(Set(labels(model)).count == 26)
    let order = labels(model)
    model.press(.character("O"))
    let reversed = labels(model)
    #expect(order.first == first, "\(order)")
    if last == "mAdd:1" || column == .lastLine {
      #expect(reversed.last == order.last || column == .name, "\(reversed)")
    }
    // All rows have the same value in these columns.
    let isFlat = column == .host || column == .tries || column == .memory
    #expect((order == reversed) == isFlat)
  }

  @Test func `names are sorted with numbers by value`() throws {
    let names = ["tile10", "tile2", "tile", "tile02", "a", "10", "9", "B"]
    let sorted = names.sorted { NaturalText($0) < NaturalText($1) }
    #expect(sorted == ["9", "10", "B", "a", "tile", "tile2", "tile02", "tile10"])
    #expect(!(NaturalText("x") < NaturalText("x")))
  }

  @Test func `o and O change the sort column and its direction`() throws {
    var model = try model(80, 24)
    let grid = TaskGrid(model, width: 76)
    var seen: [TaskColumn] = []
    for _ in grid.places {
      model.press(.character("o"))
      seen.append(model.tasks.shown.order.column)
    }
    #expect(Set(seen) == Set(grid.places.map(\.column)))
    model.press(.character("<"))
    #expect(model.tasks.shown.order.column == seen[seen.count - 2])
    model.press(.escape)
    #expect(model.tasks.shown.order == .byState)
  }

  @Test func `a click on a title sorts, a second one reverses`() throws {
    var model = try model(120, 36)
    let place = try #require(
      TaskGrid(model, width: 116).places.first { $0.column == .memory })
    let point = Point(column: 2 + place.start + 2, row: 3)
    _ = model.update(.input(.click(point)))
    #expect(model.tasks.shown.order == TaskOrder(.memory))
    _ = model.update(.clock(model.now + 5000))
    _ = model.update(.input(.click(point)))
    #expect(model.tasks.shown.order.isDescending == false)
  }

  @Test func `rows stay in place for a second during a run`() throws {
    var story = try TriageScene.story()
    var model = story.model(200, 60)
    model.press(.character("f"), .character("o"))
    let before = labels(model)
    let known = story.events.count
    try story.startNext()
    story.finish(try story.startNext(), after: 400)
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(labels(model) == before)
    _ = model.update(.clock(model.now + 1100))
    #expect(labels(model) != before)
  }

  @Test(arguments: 0..<30)
  func `the table shows exactly the matching tasks, each once`(seed: UInt64) throws {
    var random = Seeded(seed: seed)
    var story = try Story(Workflows.mosaic(5))
    story.begin()
    var model = story.model(120, 40)
    var known = story.events.count
    var running: [AttemptID] = []
    let filters = ["", "state:failed", "-state:waiting", "mD", "stage:mProject", "cause:exit"]
    for _ in 0..<60 {
      switch random.next() % 6 {
      case 0:
        let filter = try TaskFilter(filters[Int(random.next() % 6)])
        model.tasks.show(stage: nil, filter: filter, model.run)
      case 1: model.tasks.sort(TaskOrder(TaskColumn.allCases[Int(random.next() % 10)]))
      case 2:
        if let next = try? story.startNext() { running.append(next) }
      case 3:
        if let ended = running.popLast() {
          story.finish(ended, random.next() % 3 == 0 ? .failed(.exit(1)) : .succeeded)
        }
      case 4:
        let failed = model.run.tasks(matching: try TaskFilter("state:failed"))
        for task in failed { story.tell(.retry(task, nil, .alone)) }
      default: story.wait(milliseconds: 700)
      }
      _ = model.update(.world([.events(Array(story.events[known...]))]))
      known = story.events.count
      _ = model.update(.clock(model.now + 2000))
      let shown = (0..<model.tasks.count).compactMap { model.tasks.firing(at: $0) }
      let fitting = model.run.tasks(matching: model.tasks.shown.filter)
      #expect(Set(shown) == Set(fitting), "seed \(seed)")
      #expect(shown.count == fitting.count, "seed \(seed)")
      for (place, task) in shown.enumerated() {
        #expect(model.tasks.shown.position(of: .task(task), model.tasks.index) == place)
      }
    }
  }

  // MARK: Groups

  @Test func `groups fold, unfold and act as one`() throws {
    var model = try model()
    model.press(.character("b"))
    #expect(labels(model).first == "[mProject]")
    #expect(labels(model).count == 5)
    model.press(.character("b"), .character("b"), .character("b"))
    #expect(model.tasks.shown.grouping == .error)
    #expect(labels(model)[0] == "[exit 1  ERROR: no overlap between images # and #]")
    #expect(
      model.tasks.subjects.map(model.run.label) == ["mProject:2", "mProject:5", "mDiffFit:1"])
    model.press(.enter)
    #expect(labels(model)[1...3] == ["mProject:2", "mProject:5", "mDiffFit:1"])
    let wanted = try references("mProject:2", "mProject:5", "mDiffFit:1", in: model)
    #expect(controls(model.press(.character("r"))) == [.retry(wanted, .alone)])
    model.press(.enter)
    #expect(labels(model).count == 3)
    model.press(.escape)
    #expect(labels(model).count == 26)
  }

  @Test func `the log shows the first task of the group under the cursor`() throws {
    var model = try model()
    model.press(.character("b"), .character("b"))
    #expect(model.tasks.shown.grouping == .cause)
    model.press(.down)
    #expect(model.selected.map(model.run.label) == "mProject:7")
    #expect(model.log.attempt?.firing == model.selected)
  }

  @Test func `when a group is folded, a cursor within moves to the group`() throws {
    var model = try model()
    model.press(.character("b"), .enter, .down, .down)
    let task = try #require(model.selected)
    let group = TaskGroupKey(.stage, task, model.run)
    model.press(.up, .up, .enter)
    #expect(model.tasks.group == group)
    #expect(model.tasks.cursor == 0)
  }

  // MARK: Marks

  @Test func `actions apply to the marked tasks`() throws {
    var model = try model()
    model.press(.character("g"), .character(" "), .character(" "))
    #expect(model.tasks.marks.count == 2)
    let first = model.tasks.subjects.map(\.reference)
    #expect(controls(model.press(.character("r"))) == [.retry(first, .alone)])
    model.press(.escape)
    #expect(model.tasks.marks.isEmpty)
    #expect(model.tasks.subjects.count == 1)
  }

  @Test func `a range follows the cursor both ways and ends with V or Space`() throws {
    var model = try model()
    model.press(.character("g"), .down, .down, .down, .character("V"), .down, .down)
    #expect(model.tasks.marks.count == 3)
    model.press(.up, .up, .up)
    #expect(model.tasks.marks.count == 2)
    model.press(.character("V"), .down, .down)
    #expect(model.tasks.marks.count == 2)
    #expect(!model.tasks.marks.isDrawing)
    model.press(.character("V"), .down, .character(" "))
    #expect(model.tasks.marks.count == 4)
    #expect(!model.tasks.marks.isDrawing)
  }

  @Test func `a marks and unmarks all tasks that match the filter`() throws {
    var model = try model()
    model.type("/state:failed")
    model.press(.enter, .character("a"))
    #expect(model.tasks.marks.count == 4)
    model.press(.character("a"))
    #expect(model.tasks.marks.isEmpty)
  }

  @Test func `actions do not apply to marked tasks that the filter hides`() throws {
    var model = try model()
    model.press(.character("a"))
    model.tasks.show(stage: nil, filter: try TaskFilter("mProject:2"), model.run)
    _ = model.update(.clock(0))
    #expect(model.tasks.marks.count == 26)
    #expect(model.tasks.subjects.map(model.run.label) == ["mProject:2"])
  }

  // MARK: The filter

  @Test func `an invalid filter leaves the list unchanged`() throws {
    var model = try model()
    model.type("/state:failed")
    #expect(model.tasks.count == 4)
    model.type(" colour:red")
    #expect(model.tasks.count < 5)
    #expect(model.prompt?.note?.hasPrefix("colour: is not a filter key") == true)
    model.press(.enter)
    #expect(model.status?.hasPrefix("colour: is not a filter key") == true)
  }

  @Test func `Esc undoes marks, filter, groups and order, one by one`() throws {
    var model = try model()
    model.press(.character("o"), .character("b"))
    model.type("/mD")
    model.press(.enter, .character("a"))
    model.press(.escape)
    #expect(model.tasks.marks.isEmpty && model.tasks.isFiltered)
    model.press(.escape)
    #expect(!model.tasks.isFiltered && model.tasks.shown.grouping == .stage)
    model.press(.escape)
    #expect(model.tasks.shown.grouping == .none && model.tasks.shown.order != .byState)
    model.press(.escape)
    #expect(model.tasks.shown.order == .byState)
    #expect(model.arrangement.isFull)
    model.press(.escape)
    #expect(!model.arrangement.isFull)
  }

  @Test func `R retries failed tasks among those that are shown`() throws {
    var model = try model()
    model.type("/cause:oom")
    model.press(.enter)
    let wanted = try references("mProject:7", in: model)
    #expect(controls(model.press(.character("R"))) == [.retry(wanted, .alone)])
    model.type("/")
    model.press(.control("u"))
    model.type("state:running")
    model.press(.enter)
    #expect(model.press(.character("R")).isEmpty)
    #expect(model.status?.hasPrefix("no failed task is shown") == true)
  }

  // MARK: Retry, hold

  @Test func `a retry of a task whose outputs were used asks for the scope`() throws {
    var model = try model()
    let wanted = try references("mProject:1", in: model)
    try model.select("mProject:1")
    for (key, scope) in [("o", RetryScope.alone), ("d", .downstream)] {
      #expect(model.press(.character("r")).isEmpty)
      #expect(model.draw().lines.last?.contains("Run mProject:1 again?") == true)
      #expect(controls(model.press(.character(Character(key)))) == [.retry(wanted, scope)])
      #expect(model.overlay == nil)
    }
    #expect(model.press(.character("r"), .character("y"), .escape).isEmpty)
  }

  @Test func `a succeeded task runs again only after a question`() throws {
    var model = try model()
    try model.select("mDiffFit:3")
    #expect(model.press(.character("r")).isEmpty)
    #expect(model.press(.character("o")).isEmpty)
    let wanted = try references("mDiffFit:3", in: model)
    #expect(controls(model.press(.character("y"))) == [.retry(wanted, .alone)])
  }

  @Test func `a scheduled retry counts down and starts at once with r`() throws {
    let story = try TriageScene.story()
    let failed = try story.firing("mDiffFit:1")
    var model = story.model(120, 36)
    let due = RunEvent(
      time: story.time, .retryScheduled(AttemptID(failed, 2), dueAt: story.time + 12_400))
    _ = model.update(.world([.events([due])]))
    #expect(model.draw().text.contains("↻ mDiffFit:1   retry 13 s"), "\(model.draw().text)")
    func waitText(after milliseconds: Int) throws -> String {
      let record = try #require(model.run.task(failed))
      return WaitText.retry(record, now: story.time + 12_400 - milliseconds)
    }
    #expect(try waitText(after: 59_000) == "retry 59 s")
    #expect(try waitText(after: 117_000) == "retry 0:01:57")
    #expect(try waitText(after: 723_000) == "retry 0:12:03")
    #expect(try waitText(after: 7_205_000) == "retry 2:00:05")
    _ = model.update(.clock(story.time + 10_000))
    #expect(model.draw().text.contains("retry 3 s"))
    _ = model.update(.clock(story.time + 99_000))
    #expect(model.draw().text.contains("retry now"))
    model.choose(failed)
    let reference = failed.reference
    #expect(controls(model.press(.character("r"))) == [.retry([reference], .alone)])
  }

  @Test func `H holds waiting tasks and U releases them`() throws {
    var model = try model()
    try model.select("mAdd:1")
    let add = try references("mAdd:1", in: model)
    #expect(controls(model.press(.character("H"))) == [.hold(add)])
    #expect(model.press(.character("U")).isEmpty)
    try model.select("mConcatFit:1")
    let held = try references("mConcatFit:1", in: model)
    #expect(controls(model.press(.character("U"))) == [.release(held)])
  }

  // MARK: What they say

  @Test func `last lines of visible running tasks are requested after a while`() throws {
    var story = try TriageScene.story()
    var model = Model(
      run: RunState(workflow: story.workflow), theme: Theme(),
      size: Size(columns: 120, rows: 36), now: story.time - 2000)
    let running = try story.firing("mDiffFit:4")
    var effects = model.update(.world([.events(story.events)]))
    #expect(!effects.contains(.world(.tailLogs([AttemptID(running, 1)]))))
    for _ in 0..<3 { effects += model.update(.clock(model.now + 1000)) }
    let tails = effects.compactMap { if case .world(.tailLogs(let all)) = $0 { all } else { nil } }
    #expect(tails.last == [AttemptID(running, 1)])
    _ = model.update(.world([.lastLine(AttemptID(running, 1), "\u{1B}[1m41 %\u{1B}[0m done")]))
    #expect(model.draw().text.contains("41 % done"))
    _ = model.update(.world([.lastLine(AttemptID(running, 7), "nonsense")]))
    #expect(!model.draw().text.contains("nonsense"))
    let known = story.events.count
    story.finish(AttemptID(running, 1), .failed(.exit(1)))
    story.tell(.retry(running, nil, .alone))
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(!model.draw().text.contains("41 % done"))
  }
}
