import Engine
import JobProtocol

@testable import TUI

/// States of runs for several tests.
enum Scenes {
  /// A mosaic of four tiles: three projected, one failed at its second attempt, two fits running.
  static func midway() throws -> Story {
    var story = try Story(Workflows.mosaic(4))
    story.begin(slots: 2)
    let one = try story.startNext()
    let two = try story.startNext()
    story.finish(one, after: 2400)
    story.finish(two, .failed(.exit(1)), after: 300)
    story.tell(.retry(two.firing, nil, .alone))
    let three = try story.startNext()
    let four = try story.startNext()
    story.finish(three, after: 900)
    story.finish(four, after: 800)
    let fit = try story.startNext()
    story.finish(fit, after: 31)
    let again = try story.startNext()
    story.finish(again, .failed(.exit(1)), after: 2100)
    try story.startNext()
    try story.startNext()
    story.wait(milliseconds: 1500)
    return story
  }

  /// The model of a story with the log of its failed task.
  static func model(_ story: inout Story, _ columns: Int, _ rows: Int, ascii: Bool = false) throws
    -> Model
  {
    var model = story.model(columns, rows, ascii: ascii)
    let attempt = try Story.unwrap(model.log.attempt)
    let chunks = [
      chunk(1, .standardOutput, "reading p2mass-017.fits\nfitting plane, 1024 points\n"),
      chunk(2, .standardError, "\u{1B}[31mERROR:\u{1B}[0m no overlap between images 17 and 18\n"),
      chunk(3, .end, ""),
    ]
    _ = model.update(.world([.log(LogUpdate(attempt: attempt, chunks: chunks))]))
    return model
  }

  static func chunk(_ sequence: Int, _ stream: LogChunk.Stream, _ text: String) -> LogChunk {
    LogChunk(
      sequence: sequence, stream: stream, time: Story.beginning + sequence * 1000,
      bytes: Array(text.utf8))
  }
}
