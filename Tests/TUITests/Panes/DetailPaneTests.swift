import Engine
import JobProtocol
import Testing

@testable import TUI

/// The detail: reasons with what helps, files, attempts, usage.
@Suite struct DetailPaneTests {
  private func detail(_ label: String, _ columns: Int = 120) throws -> Model {
    var model = try TriageScene.model(columns, 40)
    try model.select(label)
    model.press(.enter)
    return model
  }

  private func text(_ model: Model) throws -> [String] {
    DetailView.lines(model, try #require(model.selected)).map { $0.text.trimmedEnd }
  }

  @Test func `keys on a waiting task act on the tasks it waits for`() throws {
    var model = try detail("mDiffFit:2")
    #expect(try text(model).contains { $0.contains("proj_1 is missing:  mProject 1 ✘") })
    #expect(
      try text(model).contains {
        $0.contains("✘ mProject:2 needs you: r retries, s skips it")
      })
    let failed = TaskReference(process: 2, firing: 1)
    #expect(model.press(.character("r")).last == .world(.control(.retry([failed], .alone))))
    let hold = model.press(.character("H"))
    #expect(hold.last == .world(.control(.hold([TaskReference(process: 10, firing: 1)]))))
  }

  @Test func `reasons are sentences`() throws {
    let failed = try text(detail("mProject:7"))
    #expect(failed.contains { $0.contains("r retries, e edits and retries, s skips it") })
    let held = try text(detail("mConcatFit:1"))
    #expect(held.contains { $0.contains("held: U releases it") })
    #expect(held.contains { $0.contains("7 of 8 signals are missing:") })
    let ready = try text(detail("mDiffFit:6"))
    #expect(ready.contains { $0.contains("about to start") })
    #expect(try !text(detail("mProject:1")).contains { $0.hasPrefix("why") })
  }

  @Test func `files are inspected on the run's host, again after a change`() throws {
    var story = try TriageScene.story()
    var model = story.model(120, 40)
    model.choose(try story.firing("mDiffFit:4"))
    let asked = model.press(.enter).compactMap {
      if case .world(.inspectFiles(let question)) = $0 { question } else { nil }
    }
    let question = FileQuestion(names: ["proj_3", "diff_3"], directory: "/w", host: "node-a")
    #expect(asked == [question])
    #expect(!model.update(.clock(model.now + 1000)).contains(.world(.inspectFiles(question))))
    let later = model.update(.clock(model.now + 5000))
    #expect(later.contains(.world(.inspectFiles(question))))
    let known = story.events.count
    story.finish(AttemptID(try story.firing("mDiffFit:4"), 1), after: 1)
    let effects = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(effects.contains(.world(.inspectFiles(question))))
    let facts = [FileFact(name: "proj_3", size: 1200), FileFact(name: "diff_3", size: nil)]
    _ = model.update(.world([.files(facts)]))
    #expect(try text(model).contains { $0.contains("✔ proj_3 1.2 kB") })
    #expect(try text(model).contains { $0.hasSuffix("✔ diff_3") })
  }

  @Test func `only names like files can be missing, older files are marked`() throws {
    var story = try Story(
      """
      {"name": "f", "processes": [{"name": "p", "function": "command", "ins": ["go"],
        "outs": ["a.tbl", "step"], "firingLimit": 1, "config": {"executor":
        {"executable": "p", "args": []}}}],
        "signals": [{"name": "go", "data": [1]}, {"name": "a.tbl"}, {"name": "step"}],
        "ins": [], "outs": []}
      """)
    story.begin()
    try story.startNext()
    let task = try story.firing("p:1")
    func outputs(_ facts: [FileFact]) throws -> String {
      var model = story.model(120, 40)
      model.choose(task)
      model.press(.enter)
      _ = model.update(.world([.files(facts)]))
      return try text(model).first { $0.hasPrefix("outputs") } ?? ""
    }
    let started = try #require(story.state.task(task)?.lastAttempt?.startedAt)
    let (old, step) = (
      FileFact(name: "a.tbl", size: 5, modifiedAt: started - 1), FileFact(name: "step", size: nil)
    )
    #expect(try outputs([old, step]).hasSuffix("◌ a.tbl 5 B (old)   ◌ step"))
    let new = FileFact(name: "a.tbl", size: 5, modifiedAt: started)
    #expect(try outputs([new, step]).hasSuffix("◌ a.tbl 5 B   ◌ step"))
    story.finish(AttemptID(task, 1))
    #expect(try outputs([new, step]).hasSuffix("✔ a.tbl 5 B   ✔ step"))
    let none = FileFact(name: "a.tbl", size: nil)
    #expect(try outputs([none, step]).hasSuffix("✔ a.tbl no such file   ✔ step"))
  }

  @Test func `a long command is wrapped and limited to a part of the pane`() throws {
    var story = try Story(
      """
      {"name": "f", "processes": [{"name": "p", "function": "command", "ins": ["go"], "outs": [],
        "firingLimit": 1, "config": {"executor": {"executable": "p",
        "args": ["\(String(repeating: "word", count: 60))", "last"]}}}],
        "signals": [{"name": "go", "data": [1]}], "ins": [], "outs": []}
      """)
    story.begin()
    for (columns, rows) in [(80, 24), (100, 30), (120, 40)] {
      var model = story.model(columns, rows)
      model.choose(try story.firing("p:1"))
      model.press(.enter)
      #expect(model.draw().text.contains("last   y copies"))
      #expect(try text(model).allSatisfy { DisplayWidth.of($0) <= columns - 4 })
    }
  }

  @Test func `functions have no files`() throws {
    var story = try Story(
      """
      {"name": "f", "processes": [{"name": "p", "function": "noop", "ins": ["s"], "outs": ["t"],
        "firingLimit": 1}], "signals": [{"name": "s", "data": [1]}, {"name": "t"}],
        "ins": [], "outs": []}
      """)
    story.begin()
    var model = story.model(120, 40)
    model.choose(try story.firing("p:1"))
    let effects = model.press(.enter)
    #expect(
      !effects.contains { if case .world(.inspectFiles) = $0 { true } else { false } })
    #expect(try text(model).contains { $0.hasPrefix("inputs    ✔ s") })
  }

  @Test func `y copies the command as a shell needs it`() throws {
    var model = try detail("mProject:7")
    #expect(model.press(.character("y")) == [.copy("mProject -v in.fits")])
  }

  @Test func `attempts show edits and reasons`() throws {
    var story = try TriageScene.story()
    let task = try story.firing("mProject:7")
    let edit = JobEdit(arguments: ["-v", "-e"], environment: ["N": "2"], timeout: 90)
    story.tell(.retry(task, edit, .alone))
    story.finish(try #require(story.ready.last), after: 50)
    var model = story.model(160, 40)
    model.choose(task)
    model.press(.enter)
    let lines = try text(model)
    let command = "command   mProject -v -e   edited"
    #expect(lines.contains { $0.hasPrefix(command) })
    #expect(lines.contains { $0.contains("N=2  edited") })
    #expect(lines.contains { $0.contains("time limit 90 s  edited") })
    #expect(lines.contains { $0.contains("edited: the command, N=2, timeout 90 s") })
    #expect(lines.contains { $0.contains("2  succeeded") && $0.contains("by hand") })
  }

  @Test func `usage is drawn over the attempt's time, with limited samples`() throws {
    var series = UsageSeries()
    for step in 1...5000 {
      let sample = UsageSample(residentKilobytes: step, cpuMilliseconds: 1000 * step)
      series.receive([
        LogChunk(sequence: step, stream: .usage, time: 2000 * step, bytes: sample.encoded)
      ])
    }
    #expect(series.samples.count <= UsageSeries.limit)
    #expect(series.samples.count > UsageSeries.limit / 4)
    #expect(series.mostKilobytes == 5000)
    #expect(series.samples.allSatisfy { abs($0.load - 0.5) < 0.01 })
    let before = series
    series.receive([LogChunk(sequence: 7, stream: .usage, time: 1, bytes: Array("9 9".utf8))])
    #expect(series == before)
  }

  @Test func `each column of a sparkline shows its largest value`() {
    let theme = Theme()
    #expect(Sparkline.text([0, 1, 2, 4, 8], columns: 5, theme: theme) == "▁▂▃▅█")
    #expect(Sparkline.text([1, 8, 1, 1], columns: 2, theme: theme) == "█▂")
    #expect(Sparkline.text([0, 0], columns: 4, theme: theme) == "▁▁")
    #expect(Sparkline.text([], columns: 4, theme: theme) == "")
    #expect(Sparkline.text([1, 2], columns: 0, theme: theme) == "")
    #expect(Sparkline.text([0, 8], columns: 4, theme: Theme(ascii: true)) == "_@")
  }
}
