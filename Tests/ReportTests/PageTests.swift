import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

@testable import Report

/// The page is self-contained and safe, whatever names and output a run has.
struct PageTests {
  private func page(
    _ report: RunReport, limits: ReportPage.Limits = .init()
  ) -> String {
    ReportPage(
      report, program: "test 1", zoneOffset: 3600, now: Story.start, limits: limits
    ).html
  }

  /// A run of one process with a number of firings. Every tenth fails.
  private func run(
    of count: Int, name: String = "a", text: String = "no overlap", host: String = "node-a"
  ) throws -> Story {
    let quoted = JSON.string(name).text.dropFirst().dropLast()
    var story = try Story(
      Story.process(String(quoted), ins: [0], more: #", "parlevel": 0"#),
      signals: Story.signals(1), name: name)
    story.send(0, 1, count: count)
    let worker = ExecutorIdentity(name: host, host: host, pid: 7)
    var usage = JobUsage()
    usage.lastLine = text
    for number in 1...count { story.fire(0, task(1, number)) }
    for number in 1...count {
      story.run(
        task(1, number), at: (0, 10 * number, 10 * number + 10),
        number % 10 == 0 ? .failed(.exit(1)) : .succeeded, on: worker, usage: usage)
    }
    story.settle(10 * count + 20, count >= 10 ? .failed : .succeeded)
    return story
  }

  static let hostile = [
    #"<script>alert(1)</script>"#, #"" onmouseover="alert(1)"#, "</script><img src=x onerror=x>",
    "<!--", "]]>", "'\"&<>", "\u{202E}evil", "</title>", "</style>", "\u{0}\u{1B}[2Jgone",
    #"\u003cscript>"#,
  ]

  @Test(arguments: hostile)
  func `names and output never become markup`(text: String) throws {
    let story = try run(of: 10, name: text, text: text, host: text)
    let tail = OutputTail(lines: [text], isStandardError: true)
    let plain = page(try run(of: 10).report(tails: [task(1, 10): tail]))
    let html = page(story.report(tails: [task(1, 10): tail]))
    // Whether a name has room in its bar depends on its length.
    func names(_ html: String) throws -> [String] {
      try Elements(html).names.filter { $0 != "text" }
    }
    #expect(try names(html) == names(plain))
    #expect(!html.contains("<script>alert"))
    #expect(!html.contains("\u{202E}"))
    #expect(!html.contains("\u{0}"))
  }

  @Test func `the page loads nothing from elsewhere`() throws {
    let html = page(try run(of: 20).report())
    for word in ["http:", "https:", "src=", "@import", "url(", "<link"] {
      #expect(!html.contains(word), "\(word)")
    }
  }

  @Test func `every element is closed`() throws {
    let elements = try Elements(page(try run(of: 30).report()))
    #expect(elements.names.contains("svg"))
    #expect(elements.names.count { $0 == "script" } == 2)
    #expect(elements.names.count { $0 == "tr" } > 30)
  }

  @Test func `the page begins with the outcome of the run`() throws {
    let html = page(try run(of: 10).report())
    #expect(html.contains("Of 10 tasks 1 failed, after 120 ms."))
    #expect(html.contains("<p class=\"pill failed\"><span>✘</span> failed</p>"))
    #expect(html.contains("2023-11-14 23:13:20 UTC+1"))
    let good = page(try run(of: 9).report())
    #expect(good.contains("All 9 tasks succeeded in 110 ms."))
    #expect(!good.contains("id=\"failures\""))
  }

  @Test func `the page limits the data of a large run and says what is left out`() throws {
    var limits = ReportPage.Limits()
    limits.tasks = 40
    limits.plainTasks = 15
    let html = page(try run(of: 100).report(), limits: limits)
    #expect(html.contains("60 tasks more"))
    #expect(html.contains("85 tasks more"))
    let data = try rows(of: html)
    #expect(data.count == 40)
    // Failed tasks come first.
    #expect(data.prefix(10).allSatisfy { $0.array?.first?.int == TaskState.failed.rawValue })
  }

  @Test func `the data are JSON with everything that the script reads`() throws {
    let rows = try rows(of: page(try run(of: 10).report()))
    let row = try #require(rows.first?.array)
    #expect(row.count == 15)
    #expect(row[1].string == "a:10")
    #expect(row[2].int == 1)
    #expect(row[8].int == 10)
    #expect(row[14].array?.isEmpty == true)
  }

  @Test func `earlier attempts are in the data`() throws {
    var story = try run(of: 10)
    story.tell(300, .attemptMade(AttemptID(task(1, 10), 2), .user, nil))
    story.run(task(1, 10), attempt: 2, at: (300, 310, 320))
    let rows = try rows(of: page(story.report()))
    let row = try #require(rows.first { $0.array?[1].string == "a:10" }?.array)
    #expect(row[2].int == 2)
    #expect(row[14].array?.first?.array?.first?.int == 1)
  }

  @Test func `a page of ten thousand tasks is small enough to mail`() throws {
    let html = page(try run(of: 10_000).report())
    #expect(html.utf8.count < 2_000_000)
    #expect(try rows(of: html).count == 10_000)
  }

  private func rows(of html: String) throws -> [JSON] {
    let start = try #require(html.firstRange(of: #"id="data">"#)?.upperBound)
    let end = try #require(html[start...].firstRange(of: "</script>")?.lowerBound)
    let json = try JSON(parsing: String(html[start..<end]))
    return try #require(json["rows"]?.array)
  }
}
