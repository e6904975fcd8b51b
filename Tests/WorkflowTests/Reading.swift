import Glibc
import JSONValue
import Testing
import Workflow

/// The findings about a text, as `validate` prints them, with the severity first.
func lines(_ text: String, variables: [String: String] = [:]) -> [String] {
  Workflow.read(Array(text.utf8), variables: variables).findings
    .map { "\($0.severity.rawValue): \($0)" }
}

/// The workflow in a text without errors.
func workflow(
  _ text: String, variables: [String: String] = [:],
  at location: SourceLocation = #_sourceLocation
) throws -> Workflow {
  let reading = Workflow.read(Array(text.utf8), variables: variables)
  let errors = reading.findings.filter { $0.severity == .error }
  #expect(errors.map(\.description) == [], sourceLocation: location)
  return try #require(reading.workflow, sourceLocation: location)
}

/// The bytes of a file; `nil` if it does not exist.
func fileBytes(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
    bytes += chunk[..<count]
  }
  return bytes
}

/// The folder of the project.
let projectFolder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

/// A file around some processes; the default signals are `a` (with data), `b` and `c`.
func file(
  _ processes: String,
  signals: String = #"{"name":"a","data":[{}]},{"name":"b"},{"name":"c"}"#,
  rest: String = #""ins":[0],"outs":[]"#
) -> String {
  #"{"processes":[\#(processes)],"signals":[\#(signals)],\#(rest)}"#
}

/// A file with one process that has the given keys besides name, function, ins and outs.
func process(_ keys: String, ins: String = #"["a"]"#, outs: String = #"["b"]"#) -> String {
  let more = keys.isEmpty ? "" : ",\(keys)"
  return file(#"{"name":"p","function":"f","ins":\#(ins),"outs":\#(outs)\#(more)}"#)
}

struct Mistake: Sendable, CustomTestStringConvertible {
  let text: String
  let lines: [String]

  init(_ text: String, _ lines: String...) {
    self.text = text
    self.lines = lines
  }

  var testDescription: String { lines.first ?? text }
}
