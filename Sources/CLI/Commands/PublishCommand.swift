import ArgumentParser
import Glibc
import JSONValue
import Posix
import Runs

/// `hflow-tui publish`, which engines start; see `Publication`.
struct PublishCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Publish a run while it runs (started by `run`)",
    shouldDisplay: false)

  /// How long to wait until the server of an earlier engine leaves the port, in milliseconds.
  private static let listenMilliseconds = 90_000
  private static let longestLine = 65_536

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    guard let json = try? JSON(parsing: Self.firstLine()), let publication = Publication(json)
    else {
      throw Failure(.usage, "publish: no settings on standard input; use `hflow-tui run`")
    }
    let opened = try OpenedRun(try publication.found())
    defer { opened.close() }
    let (state, lastID) = try opened.state()
    let live = LiveRun(state, of: opened, after: lastID)
    switch publication.kind {
    case .metrics(let place):
      let server = try Self.server(at: place)
      Console.print("listening on \(server.url)")
      server.serve(live, opened.found) { Self.engineIsGone(within: 0) }
    case .spans(let url):
      guard let collector = TraceCollector(url) else {
        throw Failure(.usage, "publish: expected a URL with http or https, found \(url)")
      }
      var feed = SpanFeed(to: collector, of: opened.found)
      feed.follow(live) { Self.engineIsGone(within: $0) }
    }
  }

  private static func firstLine() throws -> [UInt8] {
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n"), line.count < longestLine,
      let bytes = try DescriptorIO.read(STDIN_FILENO), !bytes.isEmpty
    {
      line += bytes
    }
    return line
  }

  /// Whether the engine has ended. It writes nothing after the settings, so standard input becomes
  /// readable only by its end. Then waits a second for the engine's last events in the journal.
  private static func engineIsGone(within milliseconds: Int) -> Bool {
    guard Poll.wait(for: STDIN_FILENO, POLLIN, milliseconds: milliseconds) else { return false }
    _ = Poll.wait(for: -1, 0, milliseconds: 1000)
    return true
  }

  private static func server(at place: MetricsServer.Endpoint) throws(Failure) -> MetricsServer {
    let deadline = Clock.monotonicMilliseconds + listenMilliseconds
    while true {
      do throws(PosixError) {
        return try MetricsServer(at: place)
      } catch {
        guard Clock.monotonicMilliseconds < deadline, !engineIsGone(within: 500) else {
          throw Failure(.infrastructure, "\(error)")
        }
      }
    }
  }
}
