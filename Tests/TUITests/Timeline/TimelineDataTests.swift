import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct TimelineDataTests {
  private let workflow: Workflow
  private let graph: WorkflowGraph
  private var data: TimelineData

  init() throws {
    workflow = try Story(Workflows.mosaic(20)).workflow
    graph = workflow.graph()
    data = TimelineData(stageCount: graph.stages.count)
  }

  private func attempt(_ process: Int, _ number: Int = 1) -> AttemptID {
    AttemptID(FiringID(ProcessID(number: process), 1), number)
  }

  private mutating func start(_ attempt: AttemptID, _ time: Int, node: Int = 0) {
    data.handle(RunEvent(time: time, .jobStarted(attempt, Scenes.nodes[node], pid: 1)), graph)
  }

  private mutating func end(_ attempt: AttemptID, _ time: Int, _ outcome: JobOutcome = .succeeded) {
    data.handle(
      RunEvent(time: time, .jobFinished(attempt, outcome, JobUsage(), outputs: nil)), graph)
  }

  @Test mutating func `each job takes the first free slot`() {
    start(attempt(1), 100)
    start(attempt(2), 110)
    start(attempt(3), 120, node: 1)
    end(attempt(1), 200)
    start(attempt(4), 210)
    #expect(data.lanes.map(\.slot) == [1, 2, 1])
    #expect(data.lanes.map(\.host) == ["node-a", "node-a", "node-b"])
    #expect(data.lanes[0].bars.map(\.attempt) == [attempt(1), attempt(4)])
    #expect(data.running(on: "node-a-100") == [attempt(4), attempt(2)])
  }

  @Test mutating func `a new slot is placed with its worker`() {
    start(attempt(1), 100)
    start(attempt(2), 110, node: 1)
    start(attempt(3), 120)
    #expect(data.lanes.map { "\($0.host)/\($0.slot)" } == ["node-a/1", "node-a/2", "node-b/1"])
    end(attempt(2), 130)
    #expect(data.lanes[2].bars[0].end == 130)
  }

  @Test mutating func `an end without a start and a second start are ignored`() {
    end(attempt(1), 100)
    start(attempt(1), 110)
    start(attempt(1), 120)
    end(attempt(1), 130)
    end(attempt(1), 140, .failed(.exit(1)))
    #expect(data.lanes.count == 1 && data.lanes[0].bars.count == 1)
    #expect(data.lanes[0].bars[0].state == .done)
    start(attempt(999), 150)
    #expect(data.lanes[0].bars.count == 1)
  }

  @Test mutating func `a clock that goes back makes no bar of negative length`() {
    start(attempt(1), 500)
    end(attempt(1), 400)
    start(attempt(2), 300)
    end(attempt(2), 350)
    for bar in data.lanes[0].bars { #expect(bar.end ?? 0 >= bar.start) }
    #expect(data.lanes[0].bars[1].start >= 500)
  }

  @Test mutating func `a time range has one bar, several, or none`() {
    start(attempt(1), 100)
    end(attempt(1), 200)
    start(attempt(2), 300)
    end(attempt(2), 350, .failed(.exit(1)))
    start(attempt(3), 400)
    let lane = data.lanes[0]
    #expect(lane.stretch(0, 100, now: 1000) == .idle)
    #expect(lane.stretch(200, 300, now: 1000) == .idle)
    #expect(lane.stretch(100, 150, now: 1000) == .bar(0, from: 100, until: 150))
    #expect(lane.stretch(150, 250, now: 1000) == .bar(0, from: 150, until: 200))
    #expect(lane.stretch(0, 350, now: 1000) == .many(busy: 150.0 / 350, hasFailure: true))
    #expect(lane.stretch(0, 320, now: 1000) == .many(busy: 120.0 / 320, hasFailure: true))
    #expect(lane.stretch(390, 500, now: 450) == .bar(2, from: 400, until: 450))
    #expect(lane.stretch(500, 600, now: 450) == .idle)
    #expect(lane.utilisation(since: 0, now: 500) == 0.5)
  }

  @Test func `consecutive ranges add up to the whole`() throws {
    let story = try Scenes.busy(tiles: 20, ended: 45, seed: 9)
    var data = TimelineData(stageCount: graph.stages.count)
    for event in story.events { data.handle(event, graph) }
    for lane in data.lanes {
      #expect(zip(lane.bars, lane.bars.dropFirst()).allSatisfy { $0.end ?? .max <= $1.start })
      let whole = lane.bars.reduce(0) { $0 + ($1.end ?? story.time) - $1.start }
      for width in [7, 150, 1999] {
        var sum = 0.0
        for start in stride(from: Story.beginning, to: story.time, by: width) {
          let end = min(start + width, story.time)
          switch lane.stretch(start, end, now: story.time) {
          case .idle: break
          case .bar(_, let from, let until): sum += Double(until - from)
          case .many(let busy, _): sum += busy * Double(end - start)
          }
        }
        #expect(abs(sum - Double(whole)) < 1, "\(width) ms: \(sum) of \(whole)")
      }
    }
  }

  @Test mutating func `times in which nothing ran are known, the longest at least`() {
    start(attempt(1), 100)
    start(attempt(2), 110)
    end(attempt(1), 200)
    end(attempt(2), 300)
    start(attempt(3), 5000)
    end(attempt(3), 5100)
    #expect(data.gaps == [300..<5000])
    #expect(data.whole.peak == 2)
    for number in 0..<200 {
      start(attempt(4 + number % 3, number + 1), 6000 + number * 20)
      end(attempt(4 + number % 3, number + 1), 6010 + number * 20)
    }
    #expect(data.gaps.count <= 64 && data.gaps.contains(300..<5000))
  }

  @Test mutating func `a stage counts its simultaneous jobs`() {
    for (number, times) in [(100, 200), (110, 160), (150, 170)].enumerated() {
      start(attempt(number + 1), times.0, node: number % 2)
    }
    end(attempt(2), 160)
    end(attempt(3), 170, .failed(.lost("gone")))
    end(attempt(1), 200)
    let track = data.tracks[0]
    #expect([99, 100, 130, 155, 165, 180, 200].map(track.concurrency) == [0, 1, 2, 3, 2, 1, 0])
    #expect(track.peak == 3)
    #expect(track.stretch(0, 100) == (0, false))
    #expect(track.stretch(160, 180) == (2, true))
    #expect(track.stretch(0, 1000) == (1, true))
  }
}

struct TimelineScaleTests {
  @Test func `the scale fits the whole range`() {
    let scale = TimelineScale(fitting: 1000, 101_000, columns: 102)
    #expect(scale.time(at: 0) == 1000 && scale.column(of: 101_000) == 100)
    #expect(scale.text == "1.0 s/col")
  }

  @Test func `a long gap is cut, so that a late retry leaves room for the rest`() {
    // Ten seconds of work, five minutes of nothing, two seconds of work.
    let scale = TimelineScale(fitting: 0, 312_000, columns: 102, gaps: [10_000..<310_000])
    #expect(scale.cuts.map(\.time) == [10_000..<310_000])
    #expect(scale.column(of: 10_000) > 60, "\(scale)")
    #expect(scale.column(of: 312_000) <= 102)
    for column in 0..<102 {
      let time = scale.time(at: column)
      #expect(time <= scale.time(at: column + 1))
      #expect(abs(scale.column(of: time) - column) <= 1, "\(column)")
    }
    let cut = scale.cuts[0].columns
    for tick in scale.ticks(labelColumns: 8, offset: 0) {
      #expect(!cut.overlaps(tick.column..<tick.column + 8))
    }
  }

  @Test func `a short gap, or too little room, is not worth a cut`() {
    #expect(TimelineScale(fitting: 0, 100_000, columns: 100, gaps: [1000..<9000]).cuts.isEmpty)
    #expect(TimelineScale(fitting: 0, 100_000, columns: 30, gaps: [1000..<90_000]).cuts.isEmpty)
  }

  @Test(arguments: [1, 3, 50, 999, 60_000, 86_400_000], [-36_000, 0, 19_800])
  func `ticks are apart and round in the user's time zone`(perColumn: Int, offset: Int) {
    let scale = TimelineScale(
      origin: 1_700_000_000_123, perColumn: Double(perColumn), columns: 150)
    let ticks = scale.ticks(labelColumns: 8, offset: offset)
    for (one, next) in zip(ticks, ticks.dropFirst()) { #expect(next.column - one.column >= 10) }
    let roundness = perColumn < 10 ? 10 : perColumn < 80 ? 100 : 1000
    #expect(ticks.allSatisfy { ($0.time + offset * 1000) % roundness == 0 })
    #expect(ticks.count >= 1 || perColumn > 50_000_000)
  }
}

struct TimelinePlanTests {
  @Test(arguments: [
    // rows, slots, stages, rows of a bar, slot rows, both
    (20, 4, 5, 2, 3, true), (15, 4, 5, 2, 2, false), (9, 4, 5, 2, 0, false), (8, 4, 5, 1, 0, false),
    (40, 100, 5, 1, 3, false), (1, 4, 5, 1, 0, false),
  ])
  func `few slots have bars of two rows`(
    rows: Int, lanes: Int, stages: Int, barRows: Int, slotRows: Int, hasBoth: Bool
  ) {
    let plan = TimelinePlan(rows: rows, items: lanes, others: stages, canBeHigh: true)
    #expect(plan.barRows == barRows && plan.slotRows == slotRows)
    #expect(plan.hasBoth == hasBoth)
    #expect(plan.slotRows + min(lanes, plan.count) * plan.barRows + 1 <= max(rows, 2))
    #expect(plan.item(at: plan.slotRows, top: 0) == 0)
    #expect(plan.item(at: plan.slotRows + plan.barRows, top: 3) == (plan.count > 1 ? 4 : nil))
  }
}
