import Engine
import Foundation
import JobProtocol
import Testing

@testable import TUI

/// Random input, sizes and runs: nothing may crash, and the invariants must hold.
///
/// `HFLOW_FUZZ_ROUNDS` is the number of messages in all; 100,000 take some minutes.
struct FuzzTests {
  private static let seeds = 12
  private static let steps: Int = {
    let rounds = ProcessInfo.processInfo.environment["HFLOW_FUZZ_ROUNDS"].flatMap { Int($0) }
    return max(1, (rounds ?? 6000) / seeds)
  }()

  private static let keys: [Key] =
    KeyTable.standard.all.flatMap(\.keys)
    + "ynds?xq日/".map { Key.character($0) } + [.alt("x"), .delete, .function(5), .escape]

  @Test(arguments: 1...seeds)
  func `any sequence of messages leaves a valid screen`(seed: Int) throws {
    var random = Seeded(seed: UInt64(seed))
    var story = try Story(seed % 3 == 0 ? Workflows.chain : Workflows.mosaic(seed * 3))
    var running: [AttemptID] = []
    var known = 0
    var model = story.model()
    for step in 0..<Self.steps {
      switch random.next() % 11 {
      case 0: _ = model.update(.resized(Self.size(&random)))
      case 1: advance(&story, &running, &random)
      case 2:
        _ = model.update(.world([.events(Array(story.events[known...]))]))
        known = story.events.count
      case 3: log(&model, &random)
      case 4: pointer(&model, &random)
      case 5: command(&model, &random)
      case 6: world(&model, &random)
      case 7: turn(&model, story, &known, &random)
      default:
        let key = Self.keys[Int(random.next() % UInt64(Self.keys.count))]
        _ = model.update(.input(.key(key)))
      }
      if step % 5 == 0 { check(model, seed, step) }
    }
  }

  private func check(_ model: Model, _ seed: Int, _ step: Int) {
    let place = Comment("seed \(seed), step \(step)")
    let (arrangement, layout) = (model.arrangement, model.layout)
    #expect(model.draw().size == layout.size, place)
    #expect(model.focus.content != nil, place)
    #expect(arrangement.panes.contains(model.focus), place)
    // A form gets the keys, and is in the place of an open pane.
    let isForm = if case .edit = model.overlay { layout.kind == .stacked } else { false }
    #expect(isForm || layout.kind == .oneLine || layout.panes[model.focus] != nil, place)
    if let opened = arrangement.opened { #expect(!arrangement.slots.all.contains(opened), place) }
    #expect(model.tasks.window.cursor < max(1, model.tasks.count), place)
    let stages = model.run.stages.reduce(0) { $0 + $1.counts.total }
    #expect(model.run.counts.total == stages, place)
    #expect(model.tasks.index.count >= 0 && !model.summary(ascii: true).isEmpty, place)
    if let field = model.prompt?.field {
      #expect((0...field.text.count).contains(field.cursor), place)
    }
    switch model.forecast {
    case .unknown: break
    case .about(let time, let spread): #expect(time >= 0 && spread >= 0, place)
    }
  }

  /// A valid or invalid command.
  private func command(_ model: inout Model, _ random: inout Seeded) {
    let names = Verb.all.map(\.name) + ["", "zz", "redraw", "log", "graph"]
    let words = ["", " --failed", " 3", " on", " state:failed", " mono", " \"", " mAdd:1 x:y"]
    let text =
      names[Int(random.next() % UInt64(names.count))]
      + words[Int(random.next() % UInt64(words.count))]
    _ = model.update(.input(.key(.character(":"))))
    for character in text { _ = model.update(.input(.key(.character(character)))) }
    let ends: [Key] = [.enter, .tab, .escape, .up]
    _ = model.update(.input(.key(ends[Int(random.next() % 4)])))
  }

  private func world(_ model: inout Model, _ random: inout Seeded) {
    switch random.next() % 6 {
    case 0: _ = model.update(.world([.connection(.lost("refused"))]))
    case 1: _ = model.update(.world([.connection(.live), .lag(0)]))
    case 2: _ = model.update(.world([.lag(Int(random.next() % 9000)), .notice("n\u{1B}[2J")]))
    case 3: _ = model.update(.clock(model.now + Int(random.next() % 5000)))
    case 4: model.setPlain(random.next() % 2 == 0, colors: .many)
    default:
      let input = ProgramText(program: .pager, name: "a", text: "b")
      _ = model.update(.programEnded(input, .failed("no pager")))
    }
  }

  /// Another run, another time, messages about workers and engines, in any combination.
  private func turn(
    _ model: inout Model, _ story: Story, _ known: inout Int, _ random: inout Seeded
  ) {
    switch random.next() % 7 {
    case 0:
      _ = model.update(.world([.switched(RunState(workflow: story.workflow))]))
      known = 0
    case 1:
      // Later messages are about another run.
      if let other = try? Story(Workflows.pairs(3)) {
        _ = model.update(.world([.switched(other.state)]))
      }
    case 2:
      _ = model.update(.world([.rewound(story.state)]))
      known = story.events.count
    case 3: _ = model.update(.world([.engine(isAlive: random.next() % 2 == 0)]))
    case 4: _ = model.update(.world([.closed]))
    case 5:
      let counts = (0..<Int(random.next() % 3)).map { _ in Int(random.next() % 9) - 2 }
      let now = model.now
      let health = counts.map { (count: Int) -> WorkerHealth in
        WorkerHealth(
          executor: Story.node, slots: count, busy: 3 - count, loadPercent: count * 100,
          memoryUsed: count, memoryTotal: 2 - count, time: now - count * 1000)
      }
      _ = model.update(.world([.workers(health)]))
    default:
      let now = model.now
      let runs = (0..<Int(random.next() % 4)).map { (number: Int) -> RunEntry in
        RunEntry(
          run: "r\(number)\u{1B}", shortID: "r", name: "n\u{202E}", workflowPath: "/w",
          startedAt: now - number, condition: .interrupted, counts: nil,
          canBeShown: number != 2)
      }
      _ = model.update(.world([.runs(runs)]))
    }
  }

  private static func size(_ random: inout Seeded) -> Size {
    Size(columns: Int(random.next() % 180), rows: Int(random.next() % 50))
  }

  private func advance(_ story: inout Story, _ running: inout [AttemptID], _ random: inout Seeded) {
    if story.events.isEmpty { return story.begin() }
    if random.next() % 20 == 0 {
      for firing in story.machine.failedFirings { story.tell(.retry(firing, nil, .alone)) }
    }
    if random.next() % 2 == 0, let next = try? story.startNext() {
      running.append(next)
    } else if let ended = running.popLast() {
      let outcomes: [JobOutcome] = [
        .succeeded, .succeeded, .failed(.exit(2)), .failed(.lost("gone")), .failed(.cancelled),
      ]
      story.finish(ended, outcomes[Int(random.next() % 5)], after: Int(random.next() % 90_000))
    }
  }

  private func log(_ model: inout Model, _ random: inout Seeded) {
    guard let attempt = model.log.attempt else { return }
    let bytes = (0..<60).map { _ in
      random.next() % 6 == 0 ? 10 : UInt8(truncatingIfNeeded: random.next())
    }
    let chunk = LogChunk(
      sequence: Int(random.next() % 1000), stream: .standardError, time: 0,
      droppedLines: Int(random.next() % 3), bytes: bytes)
    _ = model.update(.world([.log(LogUpdate(attempt: attempt, chunks: [chunk]))]))
  }

  private func pointer(_ model: inout Model, _ random: inout Seeded) {
    let point = Point(column: Int(random.next() % 200), row: Int(random.next() % 60))
    let inputs: [Input] = [
      .click(point), .drag(point), .release(point), .wheel(point, rows: -3),
      .wheel(point, rows: 3),
    ]
    _ = model.update(.input(inputs[Int(random.next() % UInt64(inputs.count))]))
  }
}
