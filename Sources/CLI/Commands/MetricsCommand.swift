import ArgumentParser
import Engine
import Posix
import Runs

/// `hflow-tui metrics <run>`
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Print counts, slots and times for Prometheus",
    discussion: """
      Prints Prometheus's text format. With --output and --every N, writes a file for the \
      textfile collector of node_exporter every N seconds until the run has ended. With --listen, \
      answers GET /metrics over HTTP until the run has ended and its last figures were read.

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

  @Option(
    help: ArgumentHelp(
      "Answer Prometheus over HTTP at a loopback port, or at ADDRESS:PORT",
      valueName: "address"))
  var listen: String?

  func validate() throws {
    if listen != nil, output != nil { throw ValidationError("--listen excludes --output") }
    if let listen, MetricsServer.Endpoint(listen) == nil {
      throw ValidationError("--listen needs a port, or ADDRESS:PORT, found \(listen)")
    }
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
    if let listen, let place = MetricsServer.Endpoint(listen) {
      let server: MetricsServer
      do throws(PosixError) {
        server = try MetricsServer(at: place)
      } catch {
        throw Failure(.infrastructure, "\(error); choose another place with --listen ADDRESS:PORT")
      }
      Console.print("listening on \(server.url)")
      return server.serve(LiveRun(state, of: opened, after: lastID), found)
    }
    guard let output else {
      return Console.writeData(MetricsServer.figures(of: state, found))
    }
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

  private func save(_ state: RunState, _ found: FoundRun, to path: String) throws(Failure) {
    do throws(PosixError) {
      try Files.save(Array(MetricsServer.figures(of: state, found).utf8), to: path)
    } catch {
      throw Failure(.infrastructure, "\(error); choose another file with --output FILE")
    }
  }
}
