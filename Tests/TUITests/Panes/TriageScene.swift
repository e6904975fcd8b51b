import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// A mosaic of eight tiles in trouble: two errors and a kill, one retry scheduled, one task held.
enum TriageScene {
  static func story() throws -> Story {
    var story = try Story(Workflows.mosaic(8))
    story.begin(slots: 4)
    story.tell(.engineStarted(EngineInfo(host: "node-a", pid: 7, takeOvers: 0)))
    let projects = try (0..<8).map { _ in try story.startNext() }
    for (place, attempt) in projects.enumerated() {
      let next = 1000 + 37 * place
      switch place {
      case 1, 4:
        story.finish(
          attempt, .failed(.exit(1)), after: next,
          saying: "ERROR: no overlap between images \(17 + place) and \(18 + place)")
      case 6:
        story.finish(attempt, .failed(.outOfMemory(certain: true)), after: 9000, saying: "Killed")
      default: story.finish(attempt, after: next)
      }
    }
    let fits = try (0..<3).map { _ in try story.startNext() }
    story.finish(
      fits[0], .failed(.exit(1)), after: 400,
      saying: "ERROR: no overlap between images 3 and 4")
    story.finish(fits[1], after: 31)
    story.tell(.hold(try story.firing("mConcatFit:1")))
    story.wait(milliseconds: 2500)
    return story
  }

  static func model(_ columns: Int, _ rows: Int, ascii: Bool = false) throws -> Model {
    var model = try story().model(columns, rows, ascii: ascii)
    model.timeZoneOffset = 0
    return model
  }

  static let sizes = [(60, 16), (80, 24), (120, 36), (200, 60)]
}

extension Model {
  /// Presses keys one after the other.
  @discardableResult
  mutating func press(_ keys: Key...) -> [Effect] { press(keys) }

  @discardableResult
  mutating func press(_ keys: [Key]) -> [Effect] {
    keys.flatMap { update(.input(.key($0))) }
  }

  @discardableResult
  mutating func type(_ text: String) -> [Effect] { press(text.map { Key.character($0) }) }

  mutating func select(_ label: String) throws {
    let (process, number) = try #require(run.workflow.parse(label: label))
    choose(FiringID(process, number))
    _ = update(.clock(0))
  }
}
