import ArgumentParser
import JSONValue
import JobProtocol
import Posix
import Report
import Runner
import TUI

/// `hflow-tui report <run>`
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Report what ran, what failed and why, and where the time went",
    discussion: """
      Writes one self-contained HTML file, report-RUN.html, and prints its path. With --json or \
      --csv, prints the same figures.

      Example: hflow-tui report last --output night.html
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Output file; - is standard output (the default for --json, --csv)",
      valueName: "file"))
  var output: String?

  @Flag(help: "Write one JSON object")
  var json = false

  @Flag(help: "Write CSV (RFC 4180), one line per attempt")
  var csv = false

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv exclude each other") }
  }

  func run() throws {
    let found = try choice.find()
    let condition = RunCondition(of: found)
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let state = try opened.state().state
    let tails = try OutputTails.read(
      FailureFigures.examples(in: state), of: opened, state: state)
    let now = Clock.steadyMilliseconds
    let report = RunReport(
      state, tails: tails, now: now, isInterrupted: condition.phase == .interrupted)
    if json { return try write(report.json.text + "\n", to: output ?? "-") }
    if csv { return try write(report.csv, to: output ?? "-") }
    let page = ReportPage(
      report, program: "hflow-tui \(CommandLineTool.version)",
      zoneOffset: DisplayOptions.timeZoneOffset, now: now)
    let usual = "report-\(found.run.short).html"
    // The default name is known to others, who could have put a link in its place.
    if output == nil, let link = GuardedPath(usual).refusal {
      throw Failure(
        .infrastructure, "\(usual): \(link.reason); choose another file with --output FILE")
    }
    try write(page.html, to: output ?? usual)
  }

  private func write(_ report: String, to path: String) throws(Failure) {
    guard path != "-" else { return Console.writeData(report) }
    do throws(PosixError) {
      try Files.save(Array(report.utf8), to: path)
    } catch {
      throw Failure(.infrastructure, "\(error); choose another file with --output FILE")
    }
    Console.print("\(WorkflowPath.absolute(path))")
  }
}
