import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct ForecastTests {
  private func forecast(_ story: Story, slots: Int = 2, overhead: Double = 0) -> Forecast {
    let state = story.state
    return Forecaster(state).forecast(
      state, slots: slots, now: story.time, overhead: overhead)
  }

  /// The jobs of the first stages, each as long as it says; all others wait.
  private func mosaic(_ tiles: Int, done: Int, milliseconds: Int) throws -> Story {
    var story = try Story(Workflows.mosaic(tiles))
    story.begin(slots: 2)
    for _ in 0..<done { story.finish(try story.startNext(), after: milliseconds) }
    return story
  }

  @Test func `nothing is said of a run of which nothing has ended`() throws {
    var story = try Story(Workflows.mosaic(4))
    #expect(forecast(story) == .unknown)
    story.begin()
    try story.startNext()
    #expect(forecast(story) == .unknown)
  }

  @Test func `without slots or while paused nothing is said`() throws {
    var story = try mosaic(4, done: 1, milliseconds: 1000)
    #expect(forecast(story, slots: 0) == .unknown)
    story.tell(.pause)
    #expect(forecast(story) == .unknown)
  }

  @Test func `what has never run makes it a lower bound`() throws {
    // Three of four projections remain, a second each; of what comes after nothing is known.
    let story = try mosaic(4, done: 1, milliseconds: 1000)
    #expect(forecast(story) == .atLeast(1500))
    #expect(forecast(story, slots: 1) == .atLeast(3000))
    // No number of slots makes it shorter than one job.
    #expect(forecast(story, slots: 100) == .atLeast(1000))
  }

  /// Four pairs, of which the first is done; a second for each job.
  private func pairs(_ outcome: JobOutcome = .succeeded) throws -> Story {
    var story = try Story(Workflows.pairs(4))
    story.begin(slots: 2)
    story.finish(try story.startNext(), after: 1000)
    if outcome != .succeeded { story.finish(try story.startNext(), outcome, after: 1000) }
    while let next = story.ready.first, next.firing.process.number != 5 {
      story.postpone()
    }
    story.finish(try story.startNext(), after: 1000)
    return story
  }

  @Test func `where every stage is known it lies between the two bounds`() throws {
    // Six jobs of a second on two slots: 3 s; with a chain of 2 s at most 4 s.
    #expect(forecast(try pairs()) == .about(3500, spread: 500))
    #expect(forecast(try pairs(), slots: 1) == .about(6000, spread: 0))
  }

  @Test func `what stands behind a failure widens the range`() throws {
    // Without what comes after it two jobs remain, with all of it five and a chain of two.
    #expect(forecast(try pairs(.failed(.exit(1)))) == .about(2250, spread: 1250))
  }

  @Test func `of a job that runs what is left counts`() throws {
    var story = try mosaic(4, done: 3, milliseconds: 1000)
    #expect(forecast(story, slots: 100) == .atLeast(1000))
    while story.ready.first?.firing.process.number != 4 { story.postpone() }
    try story.startNext()
    #expect(forecast(story, slots: 100) == .atLeast(1000))
    story.wait(milliseconds: 400)
    #expect(forecast(story, slots: 100) == .atLeast(600))
  }

  @Test func `a job that runs on and on makes a bound of it, and then it is unknown`() throws {
    var story = try pairs()
    let late = try story.startNext()
    story.wait(milliseconds: 1000)
    #expect(isRange(forecast(story)), "not late yet")
    story.wait(milliseconds: 3000)
    // Five jobs of a second on two slots, and whatever it takes.
    #expect(forecast(story) == .atLeast(2500))
    while let next = try? story.startNext() { story.finish(next, after: 1000) }
    #expect(forecast(story) == .atLeast(1000), "what comes after it")
    story.finish(late, after: 1000)
    #expect(isRange(forecast(story)), "known again")
  }

  private func isRange(_ forecast: Forecast) -> Bool {
    if case .about = forecast { true } else { false }
  }

  @Test func `what a job costs besides running counts`() throws {
    let story = try mosaic(4, done: 1, milliseconds: 1000)
    #expect(forecast(story, slots: 1, overhead: 500) == .atLeast(4500))
  }

  @Test func `a process that fires one after the other takes its time`() throws {
    let text = """
      {"name":"line","processes":[{"name":"p","function":"command","firingLimit":6,"ins":["in"],
       "outs":[],"config":{"executor":{"executable":"p","args":[]}}}],
       "signals":[{"name":"in","data":[{},{},{},{},{},{}]}],"ins":[],"outs":[]}
      """
    var story = try Story(text)
    story.begin(slots: 4)
    story.finish(try story.startNext(), after: 1000)
    // Five remain and run one at a time: work / 4 is 1.25 s, the chain is 5 s.
    #expect(forecast(story, slots: 4) == .about(5000, spread: 0))
  }
}

struct EtaTests {
  private func header(_ columns: Int, ascii: Bool = false, seconds: Int = 2) throws -> String {
    var story = try Story(Workflows.pairs(4))
    story.begin(slots: 2)
    story.finish(try story.startNext(), after: seconds * 1000)
    return story.model(columns, 24, ascii: ascii).draw().lines[0]
  }

  @Test func `the header says when it ends`() throws {
    #expect(try header(120).contains("ETA ≥ 0:00:03"))
    #expect(try header(120, ascii: true).contains("ETA >= 0:00:03"))
    #expect(try header(60).contains("ETA"))
  }

  @Test func `a bound of nothing is not told`() throws {
    #expect(try header(120, seconds: 0).contains("ETA unknown"))
  }

  @Test func `the range shows where there is room and where it matters`() throws {
    var story = try Story(Workflows.pairs(4))
    story.begin(slots: 2)
    while let next = try? story.startNext() {
      if next.firing.process.number == 8 { break }
      story.finish(
        next, next.firing.process.number == 2 ? .failed(.exit(1)) : .succeeded, after: 8000)
    }
    #expect(story.model(120, 24).draw().lines[0].contains("ETA 0:00:10 ±0:02"))
    #expect(story.model(120, 24, ascii: true).draw().lines[0].contains("ETA 0:00:10 +-0:02"))
  }

  @Test(arguments: 60...220, [false, true])
  func `no word of the header is cut, and Redis and slots are in it`(
    columns: Int, ascii: Bool
  ) throws {
    var story = try Story(Workflows.pairs(4))
    story.begin(slots: 2)
    story.finish(try story.startNext(), after: 2000)
    let line = story.model(columns, 24, ascii: ascii).draw().lines[0]
    #expect(!line.contains("…") && !line.contains("~"), "\(line)")
    #expect(line.contains(" redis "), "\(line)")
    if columns >= 70 { #expect(line.contains(" workers 1 ") || line.contains(" 1 worker ")) }
    #expect(["0/2", "live"].contains { line.hasSuffix($0) }, "\(line)")
  }

  @Test func `a run that has ended has no ETA`() throws {
    var story = try Story(Workflows.chain)
    #expect(!story.model().draw().lines[0].contains("ETA"))
    story.begin()
    #expect(story.model().draw().lines[0].contains("ETA unknown"))
    while let next = try? story.startNext() { story.finish(next) }
    #expect(!story.model().draw().lines[0].contains("ETA"))
  }
}
