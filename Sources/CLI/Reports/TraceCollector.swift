import JSONValue
import Posix
import Runner
import Runs
import Sites

/// A collector of OpenTelemetry, reached over HTTP with `curl`.
///
/// The URL and the headers may have secrets, so curl gets them on its standard input.
struct TraceCollector {
  let url: String
  /// The host and path without a user's name and password, for messages.
  let displayName: String

  private static let timeLimit = 60_000

  /// About 5 MB; collectors take up to 20 MB.
  static let spansPerRequest = 5000

  /// The headers that the environment asks for.
  static var environmentHeaders: [(name: String, value: String)] {
    headers(
      Environment["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]
        ?? Environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "")
  }

  /// `nil` for text that is no URL of HTTP. A URL without a path gets `/v1/traces`.
  init?(_ text: String) {
    guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
      return nil
    }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let path = rest.dropFirst(authority.count)
    let hasNoPath = path.isEmpty || path == "/"
    url = "\(scheme)\(authority)" + (hasNoPath ? "/v1/traces" : String(path))
    let host = authority.split(separator: "@").last.map(String.init) ?? ""
    displayName = scheme + host
  }

  /// Sends each request; the first one that fails ends it.
  func send(_ requests: [JSON], headers: [(name: String, value: String)]) throws(Failure) {
    guard Files.findExecutable("curl") != nil else {
      throw Failure(
        .infrastructure,
        "--otlp: curl is needed to send spans, and there is no \"curl\" in PATH (Debian: apt "
          + "install curl); to write a file instead: --otlp FILE")
    }
    let directory: String
    do {
      directory = try Files.makeTemporaryDirectory(prefix: "hflow-otlp-")
    } catch {
      throw Failure(.infrastructure, "--otlp: \(error)")
    }
    defer { Files.removeTree(directory) }
    for request in requests {
      let file = Files.join(directory, "spans.json")
      do {
        try Files.write(request.bytes, to: file, mode: 0o600)
      } catch {
        throw Failure(.infrastructure, "--otlp: \(error)")
      }
      try send(file, headers)
    }
  }

  private func send(
    _ file: String, _ headers: [(name: String, value: String)]
  ) throws(Failure) {
    let settings = Self.settings(url: url, file: file, headers: headers)
    let result: Tool.Result
    do throws(RunnerError) {
      result = try Blocking.wait {
        await Tool.run(
          ["curl", "--disable", "--config", "-"], input: settings, milliseconds: Self.timeLimit)
      }
    } catch {
      throw Failure(error)
    }
    guard result.status == .exited(0), !result.isLate else {
      let words = result.errors.split(whereSeparator: \.isNewline).last.map(String.init)
      throw Failure(
        .infrastructure,
        "--otlp: \(displayName) did not take the spans: \(words ?? "no answer"); to write a file "
          + "instead: --otlp FILE")
    }
    if let problem = Self.problem(in: result.output) {
      throw Failure(.infrastructure, "--otlp: \(displayName): \(problem)")
    }
  }

  /// The settings of curl for one request.
  static func settings(
    url: String, file: String, headers: [(name: String, value: String)]
  ) -> String {
    var lines = ["url = \(quoted(url))", "data-binary = \(quoted("@" + file))"]
    lines.append("header = \(quoted("Content-Type: application/json"))")
    for (name, value) in headers { lines.append("header = " + quoted("\(name): \(value)")) }
    lines += ["silent", "show-error", "fail-with-body", "max-time = 50", #"proto = "=http,https""#]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Control characters are left out: a line feed would begin another setting.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
      if scalar == "\"" || scalar == "\\" { quoted += "\\" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  /// The message of a collector that answered 200 but rejected some spans.
  static func problem(in answer: String) -> String? {
    guard let partial = (try? JSON(parsing: answer))?["partialSuccess"] else { return nil }
    let given = partial["rejectedSpans"]
    let count = given?.int ?? given?.string.flatMap { Int($0) } ?? 0
    guard count > 0 else { return nil }
    let reason = partial["errorMessage"]?.string ?? ""
    return "\(count) spans rejected" + (reason.isEmpty ? "" : ": \(reason)")
  }

  /// `key=value,key=value` with percent-encoded values, as in `OTEL_EXPORTER_OTLP_HEADERS`.
  static func headers(_ text: String) -> [(name: String, value: String)] {
    text.split(separator: ",").compactMap { part -> (name: String, value: String)? in
      let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard words.count == 2 else { return nil }
      let name = words[0].trimmed
      return name.isEmpty ? nil : (name, decoded(words[1].trimmed))
    }
  }

  private static func decoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    let start = drop { $0 == " " }
    return String(start.reversed().drop { $0 == " " }.reversed())
  }
}
