import Engine
import JobProtocol
import Testing

@testable import TUI

/// Random hands, sizes and runs: nothing may crash, and the screen always has its size.
struct FuzzTests {
  private static let keys: [Key] =
    KeyTable.standard.all.flatMap(\.keys)
    + "ynds?xq日/".map { Key.character($0) } + [.alt("x"), .delete, .function(5), .escape]

  @Test(arguments: 1...12)
  func `any sequence leaves a sane screen`(seed: Int) throws {
    var random = Seeded(seed: UInt64(seed))
    var story = try Story(seed % 3 == 0 ? Workflows.chain : Workflows.mosaic(seed * 3))
    var running: [AttemptID] = []
    var known = 0
    var model = story.model()
    for step in 0..<500 {
      switch random.next() % 8 {
      case 0: _ = model.update(.resized(Self.size(&random)))
      case 1: advance(&story, &running, &random)
      case 2:
        _ = model.update(.world([.events(Array(story.events[known...]))]))
        known = story.events.count
      case 3: log(&model, &random)
      case 4: pointer(&model, &random)
      default:
        let key = Self.keys[Int(random.next() % UInt64(Self.keys.count))]
        _ = model.update(.input(.key(key)))
      }
      if step % 5 == 0 { check(model, seed, step) }
    }
  }

  private func check(_ model: Model, _ seed: Int, _ step: Int) {
    let screen = model.draw()
    #expect(screen.size == model.size, "seed \(seed), step \(step)")
    #expect(model.tasks.window.cursor < max(1, model.tasks.count))
    #expect(model.run.counts.total >= 0)
    #expect(!model.summary(ascii: true).isEmpty)
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
