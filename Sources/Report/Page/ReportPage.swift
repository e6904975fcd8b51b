import Engine
import HumanText
import JobProtocol
import Workflow

/// A report as one self-contained HTML file: no network, fonts or libraries.
///
/// Everything can be read without JavaScript; with it, the table of tasks can be sorted and
/// searched. The content security policy allows only the one script, in case the escaping of
/// `Markup` fails.
public struct ReportPage: Sendable {
  /// How much of a large run a page shows; the page says what is left out.
  public struct Limits: Sendable {
    /// Tasks in the table with the script.
    public var tasks = 20_000
    /// Tasks in the table without it, and in print.
    public var plainTasks = 100
    public var lanes = 48
    public var steps = 60
    public var failures = 20
    public var notices = 100

    public init() {}
  }

  let report: RunReport
  let palette: StagePalette
  /// Seconds east of UTC.
  let zone: Int
  let limits: Limits
  let now: Int
  let program: String

  /// - Parameter program: name and version of the program that makes the page.
  public init(
    _ report: RunReport, program: String, zoneOffset: Int, now: Int, limits: Limits = Limits()
  ) {
    self.report = report
    self.program = program
    self.limits = limits
    self.now = now
    zone = zoneOffset
    palette = StagePalette(report.stages)
  }

  public var html: String {
    let title = "\(report.summary.name.displayName) \(report.summary.shortID)"
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="\(PageScript.policy)">
      <meta name="referrer" content="no-referrer">
      <title>\(title)</title>
      <style>\(PageStyle.css)</style>
      </head>
      <body>
      <main>
      \(header)
      \(failureSection)
      \(timelineSection)
      \(pathSection)
      \(stageSection)
      \(phaseSection)
      \(taskSection)
      \(noticeSection)
      </main>
      \(footer)
      \(taskData)
      <script>\(PageScript.code)</script>
      </body>
      </html>

      """
    return page.html
  }

  private var footer: Markup {
    let run = report.summary.shortID
    return """
      <footer>
      <p>Made by \(program) on \(timeText(now)). The same for programs:
      <code>hflow-tui report \(run) --json</code>, for spreadsheets:
      <code>hflow-tui report \(run) --csv</code>.</p>
      </footer>
      """
  }
}

// MARK: - Shared texts

extension ReportPage {
  /// `2026-11-25 03:13:55 UTC+1`
  func timeText(_ milliseconds: Int) -> String {
    Formats.timeText(milliseconds: milliseconds, offset: zone) + " " + Formats.zone(offset: zone)
  }

  func timeOfDay(_ milliseconds: Int) -> String {
    Formats.time(milliseconds: milliseconds, offset: zone)
  }

  /// `0`, `412 ms`, `2.5 s`, `0:03:12`.
  static func length(_ milliseconds: Int) -> String {
    milliseconds == 0 ? "0" : Formats.mean(milliseconds: Double(max(0, milliseconds)))
  }

  static func length(_ milliseconds: Int?) -> String {
    milliseconds.map { length($0) } ?? "–"
  }

  static func memory(kilobytes: Int) -> String {
    kilobytes == 0 ? "–" : Formats.size(bytes: min(kilobytes, .max / 1024) * 1024)
  }

  static func percent(_ part: Int, of whole: Int) -> String {
    guard whole > 0, part > 0 else { return "–" }
    let share = Double(part) / Double(whole) * 100
    return share < 9.95 ? "\(Formats.oneDecimal(share)) %" : "\(Int(share.rounded())) %"
  }

  /// `1 task`, `2 tasks`.
  static func counted(_ number: Int, _ noun: String) -> String {
    Formats.counted(number, noun, grouped: true)
  }
}
