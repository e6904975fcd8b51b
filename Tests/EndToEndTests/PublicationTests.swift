import Glibc
import JSONValue
import Posix
import TestSupport
import Testing

/// What other programs get of a run while it runs.
@Suite(.timeLimit(.minutes(5))) struct PublicationTests {
  /// Its second job runs until there is a file `on`.
  private static func workspace() throws -> Workspace {
    try Workspace(Samples.chain("true", "until [ -e on ]; do sleep 0.1; done", "true"))
  }

  /// The figures that the run's server answers with; empty without a server.
  private static func figures(_ place: Workspace) -> String {
    let words = place.runFile("metrics.log").split { $0.isNewline || $0 == ":" || $0 == "/" }
    guard let port = words.dropLast().last.flatMap({ Int($0) }) else { return "" }
    var request = SpawnRequest(
      "bash",
      [
        "-c",
        #"exec 3<>/dev/tcp/127.0.0.1/$1 || exit; printf 'GET /metrics HTTP/1.1\r\n\r\n' >&3; "#
          + "cat <&3 > figures",
        "bash", String(port),
      ])
    request.directory = place.path
    request.standardError = .null
    try? place.write("", to: "figures")
    _ = try? Child.spawn(request).wait()
    return place.text("figures")
  }

  @Test(arguments: [["--headless"], ["--detach"]])
  func `run --metrics serves figures until the run has ended`(options: [String]) async throws {
    let place = try Self.workspace()
    let run = try await Program.run(
      ["run", ".", "--metrics", "0"] + options, directory: place.path
    ) { _ in
      guard options == ["--headless"] else { return }
      Self.readFigures(of: place)
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.contains("figures for Prometheus: http://127.0.0.1:"))
    if options == ["--detach"] { try await onThread { Self.readFigures(of: place) } }
    try await onThread { Self.readLastFigures(of: place) }
  }

  private static func readRunning(_ place: Workspace) {
    _ = eventually("the figures have the running job") {
      figures(place).contains(#"state="running"} 1"#)
    }
  }

  private static func readFigures(of place: Workspace) {
    readRunning(place)
    try? place.write("", to: "on")
  }

  private static func readLastFigures(of place: Workspace) {
    _ = eventually("the last figures are served") {
      figures(place).contains(#"state="succeeded"} 3"#)
    }
    awaitEnd(of: place)
  }

  private static func awaitSilence(of place: Workspace) {
    _ = eventually("the figures are gone") { figures(place).isEmpty }
  }

  private static func awaitEnd(of place: Workspace) {
    _ = eventually("nothing runs") { place.processes().isEmpty }
  }

  private static func awaitSpans(_ count: Int, at collector: SpanCollector) {
    _ = eventually("\(count) spans have arrived") { collector.spans.count == count }
  }

  private static func awaitComplaint(of place: Workspace) {
    _ = eventually("the log has the reason") {
      place.runFile("spans.log").contains("did not take the spans")
    }
  }

  @Test func `a port that is taken starts nothing`() async throws {
    let place = try Self.workspace()
    let taken = try TextServer(address: "127.0.0.1", port: 0)
    let run = try await Program.run(
      ["run", ".", "--headless", "--metrics", "\(taken.port)"], directory: place.path)
    #expect(run.exitCode == 3)
    #expect(run.errors.contains("choose another place with --metrics ADDRESS:PORT"))
    #expect(!Files.exists("\(place.path)/.hflow"))
    let wrong = try await Program.run(
      ["run", ".", "--headless", "--metrics", "here"], directory: place.path)
    #expect(wrong.exitCode == 2)
  }

  @Test func `figures end with the engine, and resume serves them again`() async throws {
    let place = try Self.workspace()
    let run = try await Program.run(
      ["run", ".", "--detach", "--metrics", "0"], directory: place.path)
    #expect(run.exitCode == 0, "\(run.errors)")
    try await onThread { Self.readRunning(place) }
    try place.killEngine()
    try await onThread { Self.awaitSilence(of: place) }
    let resumed = try await Program.run(["resume", "last", "--detach"], directory: place.path)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    try await onThread { Self.readFigures(of: place) }
    try await onThread { Self.readLastFigures(of: place) }
  }

  @Test(.enabled(if: SpanCollector.isPossible, "needs curl and python3"))
  func `spans are sent while the run runs, each once, and that of the run last`() async throws {
    let place = try Self.workspace()
    let collector = try SpanCollector(in: Workspace())
    let run = try await Program.run(
      ["run", ".", "--headless"],
      environment: [
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "k=v",
      ],
      directory: place.path
    ) { _ in
      Self.awaitSpans(1, at: collector)
      try? place.write("", to: "on")
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.contains("spans are sent to \(collector.url)"))
    try await onThread { Self.awaitSpans(4, at: collector) }
    try await onThread { Self.awaitEnd(of: place) }
    let spans = collector.spans
    #expect(Set(spans.map { $0["spanId"]?.string }).count == 4)
    #expect(spans.count { $0["parentSpanId"] == nil } == 1)
    #expect(spans.first?["parentSpanId"] != nil)
    #expect(collector.requests.allSatisfy { $0["path"] == "/v1/traces" })
    #expect(collector.requests.allSatisfy { $0["headers"]?["k"] == "v" })
  }

  @Test(.enabled(if: SpanCollector.isPossible, "needs curl and python3"))
  func `a run on a given Redis has figures and spans, also after its engine was killed`()
    async throws
  {
    let place = try Self.workspace()
    let elsewhere = try Workspace()
    let redis = try GivenRedis(in: elsewhere.path)
    let proxy = try SwallowingProxy(to: redis.socketPath)
    let collector = try SpanCollector(in: elsewhere)
    let spans = ["OTEL_EXPORTER_OTLP_ENDPOINT": collector.url]
    let url = "redis://127.0.0.1:\(proxy.port)"
    _ = try await Program.run(
      ["run", ".", "--headless", "--metrics", "0", "--redis", url],
      environment: spans.mapValues { $0 }, directory: place.path
    ) { engine in
      Self.readRunning(place)
      Self.awaitSpans(1, at: collector)
      engine.send(SIGKILL)
    }
    try await onThread { Self.awaitSilence(of: place) }
    let resumed = try await Program.run(
      ["resume", "last", "--headless", "--redis", url], environment: spans.mapValues { $0 },
      directory: place.path
    ) { _ in
      Self.readFigures(of: place)
      Self.readLastFigures(of: place)
    }
    #expect(resumed.exitCode == 0, "\(resumed.output)\(resumed.errors)")
    let sent = Set(collector.spans.map { $0["spanId"]?.string })
    #expect(sent.count == 4, "three attempts and the run")
  }

  @Test(.enabled(if: Files.findExecutable("curl") != nil, "needs curl"))
  func `a collector that is gone delays nothing`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let run = try await Program.run(
      ["run", ".", "--headless"],
      environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:secret@127.0.0.1:1"],
      directory: place.path)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(!run.errors.contains("secret"))
    try await onThread { Self.awaitComplaint(of: place) }
    #expect(!place.runFile("spans.log").contains("secret"))
    let odd = try await Program.run(
      ["run", ".", "--headless"], environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": "host:4317"],
      directory: place.path)
    #expect(odd.exitCode == 2)
  }
}
