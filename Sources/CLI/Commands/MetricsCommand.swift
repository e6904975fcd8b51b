import ArgumentParser
import Engine
import Posix
import Report
import Runs

/// `hflow-tui metrics <run>`
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Print counts, slots and times for Prometheus",
    discussion: """
      Prints Prometheus's text format. With --output and --every N, writes a file for the \
      textfile collector of node_exporter every N seconds until the run has ended.

      Example: hflow-tui metrics last -o /var/lib/node_exporter/hflow.prom --every 15
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Output file, replaced as a whole", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp("Write the file every N seconds until the run ends", valueName: "seconds"))
  var every: Int?

  func validate() throws {
    guard let every else { return }
    if output == nil { throw ValidationError("--every needs --output FILE") }
    if !(1...86_400).contains(every) {
      throw ValidationError("--every must be from 1 to 86,400 seconds, found \(every)")
    }
  }

  func run() throws {
    let found = try choice.find()
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let (state, lastID) = try opened.state()
    guard let output else { return Console.writeData(metrics(of: state, found)) }
    try save(state, found, to: output)
    guard let every, !state.isFinished else { return }
    let live = LiveRun(state, of: opened, after: lastID)
    let following = Task { await live.follow() }
    var isFinished = false
    while !isFinished {
      try opened.wait {
        await Ticker.wait(atMost: every * 1000) { await following.value }
      }
      let state = live.current
      isFinished = state.isFinished
      try save(state, found, to: output)
    }
  }

  private func metrics(of state: RunState, _ found: FoundRun) -> String {
    let isInterrupted = RunCondition(of: found).phase == .interrupted
    return RunReport(state, now: Clock.steadyMilliseconds, isInterrupted: isInterrupted).metrics
  }

  private func save(_ state: RunState, _ found: FoundRun, to path: String) throws(Failure) {
    do throws(PosixError) {
      try Files.save(Array(metrics(of: state, found).utf8), to: path)
    } catch {
      throw Failure(.infrastructure, "\(error); choose another file with --output FILE")
    }
  }
}
