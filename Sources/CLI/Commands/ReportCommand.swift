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
    abstract: "Write what a run did, what failed and why, and where the time went.",
    discussion: """
      One HTML file that needs nothing else, for a browser, for print, for an e-mail. With --json \
      or --csv the same figures on standard output, for programs and spreadsheets.
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    help: ArgumentHelp(
      "Where the page goes (default: report-RUN.html here); - is standard output.",
      valueName: "file"))
  var html: String?

  @Flag(help: "One JSON object on standard output.")
  var json = false

  @Flag(help: "One line for each attempt on standard output, as RFC 4180 says.")
  var csv = false

  func validate() throws {
    if [json, csv, html != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--html, --json and --csv are three forms of one report: give one")
    }
  }

  func run() throws {
    let found = try choice.find()
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let state = try opened.state().state
    let tails = try OutputTails.read(
      FailureFigures.examples(in: state), of: opened, state: state)
    let now = Clock.wallMilliseconds
    let report = RunReport(state, tails: tails, now: now)
    if json { return Terminal.say(report.json.text) }
    if csv { return Terminal.write(report.csv) }
    let page = ReportPage(
      report, program: "hflow-tui \(CommandLineTool.version)",
      zoneOffset: DisplayOptions.timeZoneOffset, now: now)
    try write(page.html, to: html ?? "report-\(found.run.short).html")
  }

  private func write(_ page: String, to path: String) throws(Failure) {
    guard path != "-" else { return Terminal.write(page) }
    do throws(PosixError) {
      try Files.write(Array(page.utf8), to: path)
    } catch {
      throw Failure(.infrastructure, "\(error); give another place with --html FILE")
    }
    Terminal.say("\(WorkflowPath.absolute(path))")
  }
}
