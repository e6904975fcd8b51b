/// Where the spans of a run are sent while it runs, as the environment says.
///
/// | environment | spans go to |
/// |---|---|
/// | `OTEL_SDK_DISABLED=true` or `OTEL_TRACES_EXPORTER=none` | nowhere |
/// | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | that URL |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | that URL with `/v1/traces` |
/// | `HF_VAR_ENABLE_TRACING=1` and `HF_VAR_OPT_URL` | port 4318 of that host, as in HyperFlow |
public enum OpenTelemetryEndpoint {
  public static func url(_ variable: (String) -> String?) -> String? {
    func value(_ name: String) -> String? {
      variable(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    if value("OTEL_SDK_DISABLED")?.lowercased() == "true" { return nil }
    if value("OTEL_TRACES_EXPORTER") == "none" { return nil }
    if let url = value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") { return url }
    if let base = value("OTEL_EXPORTER_OTLP_ENDPOINT") {
      return base + (base.hasSuffix("/") ? "v1/traces" : "/v1/traces")
    }
    guard value("HF_VAR_ENABLE_TRACING") == "1", let host = value("HF_VAR_OPT_URL") else {
      return nil
    }
    return (host.contains("://") ? host : "http://\(host)") + ":4318/v1/traces"
  }
}
