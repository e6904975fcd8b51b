import Engine
import JobProtocol

@testable import TUI

extension Scenes {
  static let nodes = [
    ExecutorIdentity(name: "node-a-100", host: "node-a", pid: 100),
    ExecutorIdentity(name: "node-b-200", host: "node-b", pid: 200),
  ]

  /// A mosaic of a number of tiles on two nodes with two slots each, until a number of jobs have
  /// ended. Durations are random from a seed, and some jobs fail.
  static func busy(tiles: Int = 12, ended: Int = 20, seed: UInt64 = 4) throws -> Story {
    var story = try Story(Workflows.mosaic(tiles))
    var random = Seeded(seed: seed)
    story.begin(workers: nodes, slots: 2)
    var running: [(attempt: AttemptID, node: Int, end: Int)] = []
    var count = 0
    while true {
      for node in [0, 1, 0, 1] where running.count(where: { $0.node == node }) < 2 {
        guard !story.ready.isEmpty else { break }
        let attempt = try story.startNext(on: nodes[node])
        let length = 300 + Int(random.next() % 4000)
        running.append((attempt, node, story.time + length))
      }
      guard count < ended, let next = running.min(by: { $0.end < $1.end }) else { break }
      running.removeAll { $0.attempt == next.attempt }
      let wait = max(1, next.end - story.time)
      let outcome = count % 9 == 5 ? JobOutcome.failed(.exit(1)) : .succeeded
      story.finish(next.attempt, outcome, after: wait, saying: "no overlap")
      count += 1
    }
    story.wait(milliseconds: 700)
    return story
  }
}
