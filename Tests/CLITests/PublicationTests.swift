import JobProtocol
import Testing

@testable import CLI

@Suite struct PublicationTests {
  @Test(arguments: [
    ("9105", "127.0.0.1:9105"), ("localhost:9105", "127.0.0.1:9105"), ("10.0.0.5:0", "10.0.0.5:0"),
    ("", nil), ("x", nil), ("70000", nil), ("a:b:1", nil), ("host:", nil),
  ])
  func `a place is a port or an address and a port`(text: String, place: String?) {
    #expect(MetricsServer.Endpoint(text)?.text == place)
  }

  @Test func `what is published follows from option and environment`() throws {
    let place = try #require(MetricsServer.Endpoint("9105"))
    #expect(Publication.kinds(metrics: nil) { _ in nil }.isEmpty)
    #expect(Publication.kinds(metrics: "9105") { _ in nil } == [.metrics(place)])
    let both = Publication.kinds(metrics: "9105") { name in
      name == "OTEL_EXPORTER_OTLP_ENDPOINT" ? "http://h" : nil
    }
    #expect(both == [.metrics(place), .spans("http://h/v1/traces")])
  }

  @Test(arguments: [
    Publication.kinds(metrics: "9105") { _ in nil },
    Publication.kinds(metrics: nil) { $0 == "OTEL_EXPORTER_OTLP_ENDPOINT" ? "http://h" : nil },
  ])
  func `the settings of a publisher survive their pipe`(kinds: [Publication.Kind]) throws {
    let kind = try #require(kinds.first)
    let run = RunID(randomBits: 1)
    let back = try #require(
      Publication(
        Publication(run: run, redisURL: "redis://:p@h", directory: "/d", kind: kind).json))
    #expect(back.run == run && back.redisURL == "redis://:p@h" && back.directory == "/d")
    #expect(back.kind == kind)
  }
}
