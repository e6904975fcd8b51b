import ArgumentParser
import Dispatch
import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import Runs

/// The options of commands that publish a run to other programs while it runs.
struct PublicationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Serve figures for Prometheus at a loopback port, or at ADDRESS:PORT",
      valueName: "address"))
  var metrics: String?

  func validate() throws {
    if let metrics, MetricsServer.Endpoint(metrics) == nil {
      throw ValidationError("--metrics needs a port, or ADDRESS:PORT, found \(metrics)")
    }
  }

  /// Checks the address and the collector before the run starts. If the system is to choose the
  /// port, it does so here.
  func check(_ settings: inout RunSettings) throws(Failure) {
    if let text = metrics, var place = MetricsServer.Endpoint(text) {
      do throws(PosixError) {
        let server = try MetricsServer(at: place)
        place.port = server.port
      } catch {
        throw Failure(
          .infrastructure, "\(error); choose another place with --metrics ADDRESS:PORT")
      }
      settings.metrics = place.text
      Console.printError("figures for Prometheus: http://\(place.text)/metrics")
    }
    if let url = OpenTelemetryEndpoint.url({ Environment[$0] }) { try Self.checkCollector(url) }
  }

  private static func checkCollector(_ url: String) throws(Failure) {
    let advice = "unset it, or set OTEL_TRACES_EXPORTER=none"
    guard let collector = TraceCollector(url) else {
      throw Failure(
        .usage,
        "the OpenTelemetry collector needs a URL with http or https, found \(url); \(advice)")
    }
    let hasCurl = Files.findExecutable("curl") != nil
    Console.printError(
      hasCurl
        ? "spans are sent to \(collector.displayName)"
        : "warning: no spans are sent to \(collector.displayName), because curl is not installed "
          + "(Debian: apt install curl)")
  }
}

/// A child process that publishes a run while it runs: `hflow-tui publish`. Each engine of the run
/// starts one. It follows the journal as a screen does, and ends with the run or its engine.
struct Publication: Sendable {
  enum Kind: Equatable, Sendable {
    case metrics(MetricsServer.Endpoint)
    /// Spans, to this URL.
    case spans(String)

    var logName: String {
      switch self {
      case .metrics: "metrics.log"
      case .spans: "spans.log"
      }
    }
  }

  let run: RunID
  /// Has the password of the run's Redis, so the child reads it from a pipe: other users can see
  /// command lines.
  let redisURL: String
  let directory: String
  let kind: Kind

  /// The ways in which a run is published: to Prometheus, to an OpenTelemetry collector.
  static func kinds(metrics: String?, _ variable: (String) -> String?) -> [Kind] {
    [
      metrics.flatMap(MetricsServer.Endpoint.init).map(Kind.metrics),
      OpenTelemetryEndpoint.url(variable).map(Kind.spans),
    ].compactMap(\.self)
  }

  /// Starts the processes that publish the run. A failure is written to the engine's log and does
  /// not stop the run.
  static func start(of run: RunID, _ ready: EngineProcess.Ready) {
    for kind in kinds(metrics: ready.metrics, { Environment[$0] }) {
      let publication = Publication(
        run: run, redisURL: ready.redisURL, directory: ready.directory, kind: kind)
      do throws(PosixError) {
        try publication.spawn()
      } catch {
        Console.printError("\(kind.logName): \(error)")
      }
    }
  }

  private func spawn() throws(PosixError) {
    guard let program = Environment.executablePath else {
      throw PosixError("readlink", "/proc/self/exe", code: ENOENT)
    }
    let input = try Pipe()
    let log = Descriptor(
      owning: try Files.openForAppending(Files.join(directory, kind.logName), mode: 0o600))
    var request = SpawnRequest(program, ["publish"])
    // Ctrl-C in the terminal must reach the engine only.
    request.group = .session
    request.standardInput = .descriptor(input.readEnd.number)
    request.standardOutput = .descriptor(log.number)
    request.standardError = .descriptor(log.number)
    let child = try Child.spawn(request)
    DispatchQueue(label: "hflow-tui.publish").async { _ = child.wait() }
    // The write end stays open until this process ends. Then the child reads the end of its input.
    let end = input.writeEnd.release()
    try DescriptorIO.write(json.text + "\n", to: end)
  }

  var json: JSON {
    var members = JSONObject()
    members["run"] = .string(run.text)
    members["redis"] = .string(redisURL)
    members["directory"] = .string(directory)
    switch kind {
    case .metrics(let place): members["metrics"] = .string(place.text)
    case .spans(let url): members["spans"] = .string(url)
    }
    return .object(members)
  }

  /// The run, with the Redis URL that the engine uses.
  func found() throws(Failure) -> FoundRun {
    guard let found = RunFinder.found(RunDirectory(path: directory)),
      let url = try? RedisURL(parsing: redisURL)
    else { throw Failure(.infrastructure, "\(directory): cannot be read as a run") }
    return FoundRun(
      run: found.run, url: url, description: found.description, directory: found.directory,
      isReachable: true)
  }

  init(run: RunID, redisURL: String, directory: String, kind: Kind) {
    (self.run, self.redisURL, self.directory, self.kind) = (run, redisURL, directory, kind)
  }

  init?(_ json: JSON) {
    guard let run = json["run"]?.string.flatMap(RunID.init), let url = json["redis"]?.string,
      let directory = json["directory"]?.string
    else { return nil }
    if let place = json["metrics"]?.string.flatMap(MetricsServer.Endpoint.init) {
      self.init(run: run, redisURL: url, directory: directory, kind: .metrics(place))
    } else if let spans = json["spans"]?.string {
      self.init(run: run, redisURL: url, directory: directory, kind: .spans(spans))
    } else {
      return nil
    }
  }
}
