import Engine
import JobProtocol
import Testing

@testable import TUI

/// Screens of the tasks, failures, detail and edit, against `Screens/*.txt`.
@Suite struct PaneScreenTests {
  private func expect(
    _ name: String, _ size: (Int, Int), _ ascii: Bool, styles: Bool = false,
    _ prepare: (inout Model) throws -> Void
  ) throws {
    var model = try TriageScene.model(size.0, size.1, ascii: ascii)
    try prepare(&model)
    let file = "\(name)-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(model.draw(), file, styles: styles)
  }

  @Test(arguments: TriageScene.sizes, [false, true])
  func `the failures pane looks as expected`(size: (Int, Int), ascii: Bool) throws {
    try expect("failures", size, ascii, styles: size.0 == 80) { $0.press(.character("F")) }
  }

  @Test(arguments: TriageScene.sizes, [false, true])
  func `the table grouped by error, with marks, looks as expected`(
    size: (Int, Int), ascii: Bool
  ) throws {
    try expect("grouped", size, ascii, styles: size.0 == 80) { model in
      model.press(.character("f"), .character("b"), .character("b"), .character("b"))
      model.press(.character("b"), .enter, .down, .character(" "), .character(" "))
    }
  }

  @Test(arguments: TriageScene.sizes, [false, true])
  func `the detail says why a task waits and what helps`(size: (Int, Int), ascii: Bool) throws {
    try expect("why", size, ascii) { model in
      try model.select("mConcatFit:1")
      model.press(.enter)
    }
  }

  @Test(arguments: TriageScene.sizes, [false, true])
  func `the detail of a failed task shows files and usage`(size: (Int, Int), ascii: Bool) throws {
    try expect("detail", size, ascii, styles: size.0 == 80) { model in
      try model.select("mProject:7")
      model.press(.enter)
      let facts = [FileFact(name: "raw_6", size: 2_100_000), FileFact(name: "proj_6", size: nil)]
      _ = model.update(.world([.files(facts)]))
      let attempt = try #require(model.log.attempt)
      let chunks = (1...30).map { step in
        let sample = UsageSample(residentKilobytes: 7000 * step, cpuMilliseconds: 1900 * step)
        return LogChunk(
          sequence: step, stream: .usage, time: Story.beginning + 2000 * step,
          bytes: sample.encoded)
      }
      _ = model.update(.world([.log(LogUpdate(attempt: attempt, chunks: chunks))]))
    }
  }

  @Test(arguments: TriageScene.sizes, [false, true])
  func `the form shows changes and what runs again`(size: (Int, Int), ascii: Bool) throws {
    try expect("edit", size, ascii, styles: size.0 == 80) { model in
      try model.select("mProject:7")
      model.press(.character("e"))
      model.type(" -e")
      model.press(.tab, .control("u"))
      model.type("90 s")
      model.press(.tab)
      model.type("OMP_NUM_THREADS=2")
    }
  }

  @Test func `the table is sorted by time, the longest first`() throws {
    try expect("sorted", (120, 36), false) { model in
      model.press(.character("f"), .character("o"))
    }
  }

  @Test func `an invalid filter has a note beside it`() throws {
    try expect("filter-mistake", (80, 24), false) { model in
      model.type("/state:fail stat:x")
    }
  }

  @Test func `a retry of a task with dependants asks`() throws {
    try expect("retry-question", (80, 24), false) { model in
      try model.select("mProject:1")
      model.press(.character("r"))
    }
  }
}
