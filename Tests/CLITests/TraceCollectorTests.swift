import Testing

@testable import CLI

/// What curl gets to send spans.
struct TraceCollectorTests {
  @Test(arguments: [
    ("http://host:4318", "http://host:4318/v1/traces"),
    ("https://host/", "https://host/v1/traces"),
    ("http://host:4318/v1/traces", "http://host:4318/v1/traces"),
    ("https://host/otlp/x?key=1", "https://host/otlp/x?key=1"),
  ])
  func `a URL without a path gets the usual one`(given: String, url: String) {
    #expect(TraceCollector(given)?.url == url)
  }

  @Test(arguments: ["spans.json", "ftp://host", "http:host", ""])
  func `anything else is no URL`(given: String) {
    #expect(TraceCollector(given) == nil)
  }

  @Test func `messages have no password`() {
    #expect(TraceCollector("http://me:pass@host:1/x")?.displayName == "http://host:1")
  }

  @Test func `headers are read as OpenTelemetry writes them`() {
    let headers = TraceCollector.headers("api-key=a%2Cb, x = y%zz ,broken,=none")
    #expect(headers.map(\.name) == ["api-key", "x"])
    #expect(headers.map(\.value) == ["a,b", "y%zz"])
  }

  @Test func `a value cannot begin another setting`() {
    let settings = TraceCollector.settings(
      url: "http://host/\"\noutput = \"x", file: "/t/s.json", headers: [("k", "a\\b\r\nX: y")])
    let lines = settings.split(separator: "\n").map(String.init)
    #expect(lines[0] == #"url = "http://host/\"output = \"x""#)
    #expect(lines[1] == #"data-binary = "@/t/s.json""#)
    #expect(lines.contains(#"header = "k: a\\bX: y""#))
    #expect(!lines.contains { $0.hasPrefix("output") })
  }

  @Test(arguments: [
    ("{}", nil), ("", nil), (#"{"partialSuccess":{}}"#, nil),
    (#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}}"#, "2 spans rejected: old"),
    (#"{"partialSuccess":{"rejectedSpans":1}}"#, "1 spans rejected"),
  ])
  func `rejected spans are a failure`(answer: String, problem: String?) {
    #expect(TraceCollector.problem(in: answer) == problem)
  }
}
