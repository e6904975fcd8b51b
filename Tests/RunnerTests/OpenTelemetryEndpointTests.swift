import Testing

@testable import Runner

@Suite struct OpenTelemetryEndpointTests {
  static let rows: [([String: String], String?)] = [
    ([:], nil),
    (["OTEL_EXPORTER_OTLP_ENDPOINT": ""], nil),
    (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318"], "http://h:4318/v1/traces"),
    (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h/otlp/"], "http://h/otlp/v1/traces"),
    (
      [
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/x",
      ], "http://t/x"
    ),
    (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h", "OTEL_SDK_DISABLED": "True"], nil),
    (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://h", "OTEL_TRACES_EXPORTER": "none"], nil),
    (
      ["HF_VAR_ENABLE_TRACING": "1", "HF_VAR_OPT_URL": "gateway"], "http://gateway:4318/v1/traces"
    ),
    (
      ["HF_VAR_ENABLE_TRACING": "1", "HF_VAR_OPT_URL": "https://gateway"],
      "https://gateway:4318/v1/traces"
    ),
    (["HF_VAR_OPT_URL": "gateway"], nil),
    (["HF_VAR_ENABLE_TRACING": "1"], nil),
  ]

  @Test(arguments: rows)
  func `the environment says where spans go`(variables: [String: String], url: String?) {
    #expect(OpenTelemetryEndpoint.url { variables[$0] } == url)
  }
}
