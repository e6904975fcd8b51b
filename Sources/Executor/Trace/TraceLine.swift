import HumanText
import JSONValue

/// The lines of a job's trace in the form of HyperFlow's executor. Its `log-parser` reads them, so
/// every word and blank counts. `log-parser` evaluates the JSON as Python and stops at the first
/// apostrophe of a job message.
enum TraceLine {
  /// One line of the log: `[2020-05-13T09:55:21.453] [INFO] hftrace - text`.
  ///
  /// - Parameters:
  ///   - milliseconds: since 1970.
  ///   - zone: seconds east of UTC; the log has local time.
  static func line(_ level: LogLevel, _ text: String, at milliseconds: Int, zone: Int) -> String {
    let time = Formats.timeText(milliseconds: milliseconds, offset: zone)
      .replacing(" ", with: "T")
    let rest = String(1000 + ((milliseconds % 1000) + 1000) % 1000).dropFirst()
    return "[\(time).\(rest)] [\(level.name)] hftrace - \(LineText.safe(text))\n"
  }

  /// The variables that begin with `HF_LOG_`; names become `camelCase`.
  static func environment(_ variables: [String: String]) -> String {
    var members = JSONObject()
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
      guard name.hasPrefix("HF_LOG_"), let key = camelCase(name.dropFirst(7)) else { continue }
      members[key] = .string(value)
    }
    return "Environment variables (HF_LOG): " + json(.object(members))
  }

  private static func camelCase(_ name: Substring) -> String? {
    let words = name.lowercased().split(separator: "_")
    guard let first = words.first else { return nil }
    return first + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  static func handlerStarted(_ handler: String) -> String { "handler started, (ID: \(handler))" }

  /// The message without the members that only our own programs read.
  static func message(_ members: JSONObject) -> String {
    var shown = JSONObject()
    for (key, value) in members.members where !own.contains(key) { shown[key] = value }
    // `log-parser` needs these.
    for (key, value) in [("args", []), ("inputs", []), ("outputs", []), ("name", "")]
      as [(
        String, JSON
      )] where shown[key] == nil
    { shown[key] = value }
    let text = json(.object(shown)).replacing("'", with: "\\u0027")
    return "jobMessage:  \(text)"
  }

  /// A URL of Redis may have a password, and `log-parser` refuses a second `command`.
  private static let own: Set = ["hflow", "redis_url", "command"]

  static func command(_ words: [String]) -> String {
    "Job command: '\(words.joined(separator: " "))'"
  }

  static func started(_ name: String) -> String { "job started: \(name)" }

  /// The two lines at the end of an attempt.
  static func ended(attempt: Int, code: Int, name: String, command: [String]) -> [String] {
    let result =
      code == 0
      ? "job successful (try \(attempt)): \(name)"
      : "job failed (try \(attempt)): '\(command.joined(separator: " "))'"
    return [result, "job exit code: \(code)"]
  }

  static func retry(left: Int, seconds: Int) -> [String] {
    ["Retrying job, number of retries left: \(left)", "Backoff delay: \(seconds) s"]
  }

  static func waiting(check: Int, time: Int, missing: [String], ready: [FoundFile]) -> String {
    "waitingForFiles (\(check)): { \"timestamp\": \(time), \"waitingForFiles\": "
      + "\(json(.array(missing.map(JSON.string)))), \"filesReady\": \(json(files(ready))) }"
  }

  static func ready(check: Int, time: Int, missing: [String], ready: [FoundFile]) -> String {
    let left = missing.map { JSON.object(["name": .string($0)]) }
    return "filesReady (\(check)): { \"timestamp\": \(time), \"waitingForFiles\": "
      + "\(json(.array(left))), \"filesReady\": \(json(files(ready))) }"
  }

  static let allReady = "All input files ready!"

  /// An input file and when it was found, in milliseconds since 1970.
  struct FoundFile: Equatable {
    let path: String
    let time: Int
  }

  private static func files(_ found: [FoundFile]) -> JSON {
    .array(found.map { ["file": .string($0.path), "readTime": .int($0.time)] })
  }

  enum Direction: String { case inputs, outputs }

  /// The sizes of a job's files in bytes; -1 for a missing one. `nil` if a signal has no name:
  /// `log-parser` looks each signal up by its name.
  static func sizes(
    _ direction: Direction, of signals: [JSON], size: (JSON, String) -> Int?
  ) -> String? {
    var sizes: [JSON] = []
    for signal in signals {
      guard let name = signal["name"]?.string else { return nil }
      sizes.append(.object(JSONObject([(name, .int(size(signal, name) ?? -1))])))
    }
    return "Job \(direction.rawValue): \(json(.array(sizes)))"
  }

  static func handlerFinished(code: Int) -> String { "handler finished, code= \(code)" }

  /// The JSON without characters that could control a terminal. Python takes no surrogates, so a
  /// pair of escapes is no way to write one of them.
  static func json(_ value: JSON) -> String {
    let text = value.text
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      let isHarmless = LineText.safe(String(scalar)) == String(scalar)
      if isHarmless {
        shown.unicodeScalars.append(scalar)
      } else {
        let code = scalar.value > 0xFFFF ? 0xFFFD : Int(scalar.value)
        let digits = String(code, radix: 16)
        shown += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      }
    }
    return shown
  }
}
