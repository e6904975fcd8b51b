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
      One HTML file that needs nothing else, for a browser, for print, for an e-mail: it is \
      written to report-RUN.html in the current directory, and its path is printed. With --json or \
      --csv the same figures go to standard output, for programs and spreadsheets. --output FILE \
      takes any of the three.
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where it goes (default: report-RUN.html here; with --json, --csv and - standard output).",
      valueName: "file"))
  var output: String?

  @Flag(help: "One JSON object instead of the page.")
  var json = false

  @Flag(help: "One line for each attempt instead of the page, as RFC 4180 says.")
  var csv = false

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv are two forms of one report: give one") }
  }

  func run() throws {
    let found = try choice.find()
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let state = try opened.state().state
    let tails = try OutputTails.read(
      FailureFigures.examples(in: state), of: opened, state: state)
    let now = Clock.steadyMilliseconds
    let report = RunReport(state, tails: tails, now: now)
    if json { return try write(report.json.text + "\n", to: output ?? "-") }
    if csv { return try write(report.csv, to: output ?? "-") }
    let page = ReportPage(
      report, program: "hflow-tui \(CommandLineTool.version)",
      zoneOffset: DisplayOptions.timeZoneOffset, now: now)
    let usual = "report-\(found.run.short).html"
    // Others know that name, too.
    if output == nil, let link = GuardedPath(usual).refusal {
      throw Failure(.infrastructure, "\(usual): \(link.reason); give a name with --output FILE")
    }
    try write(page.html, to: output ?? usual)
  }

  private func write(_ report: String, to path: String) throws(Failure) {
    guard path != "-" else { return Terminal.writeData(report) }
    do throws(PosixError) {
      try Files.save(Array(report.utf8), to: path)
    } catch {
      throw Failure(.infrastructure, "\(error); give another place with --output FILE")
    }
    Terminal.say("\(WorkflowPath.absolute(path))")
  }
}
