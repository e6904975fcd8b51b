import Foundation
import Testing

/// What the compiler does not check: sizes, imports of the C libraries, forbidden words.
@Suite struct TidyTests {
  static let all = Repository.sources + Repository.tests
  /// The C libraries, and where each may be imported.
  static let libraries = [
    ("CNcurses", ["Sources/TUI/Terminal/"]),
    ("CHiredis", ["Sources/Redis/Connection/HiredisContext.swift"]),
    (
      "COpenSSL",
      ["Sources/Redis/Connection/TLSSession.swift", "Sources/Signing/MessageCode.swift"]
    ),
    ("CYaml", ["Sources/Sites/YAML/YAMLTree.swift"]),
    ("CExpat", ["Sources/XML/XMLDocument.swift"]),
  ]
  static let doors = libraries.flatMap(\.1)

  @Test func `there are sources to check`() {
    #expect(Repository.sources.count > 100)
    #expect(Repository.tests.count > 30)
  }

  @Test func `files have at most 500 lines`() {
    for source in Self.all where source.lines.count > 501 {
      Issue.record("\(source.path): \(source.lines.count) lines")
    }
  }

  @Test func `lines have at most 100 characters`() {
    for source in Self.all {
      for (number, line) in source.lines.enumerated() where line.count > 100 {
        Issue.record("\(source.path):\(number + 1): \(line.count) characters")
      }
    }
  }

  @Test func `functions have at most 70 lines`() {
    for source in Self.all {
      for function in Functions.found(in: source.code) where function.length > 70 {
        Issue.record("\(source.path):\(function.line): \(function.length) lines")
      }
    }
  }

  @Test(arguments: libraries)
  func `a C library is imported in few places`(library: String, doors: [String]) {
    let places = Repository.sources.filter { source in
      source.code.contains { $0.hasSuffix("import \(library)") }
    }
    #expect(!places.isEmpty)
    for source in places where !doors.contains(where: source.path.hasPrefix) {
      Issue.record("\(source.path): imports \(library)")
    }
  }

  @Test(arguments: [
    #"\btry!"#, #"\bas!"#, #"nonisolated\(unsafe\)"#, #"@unchecked Sendable"#, #"\bsleep\("#,
    #"[A-Za-z_)\]]![.\s)\],]"#,
  ])
  func `constructs that can crash or hide a race are forbidden`(pattern: String) throws {
    let expression = try Regex(pattern)
    for source in Repository.sources where !Self.doors.contains(where: source.path.hasPrefix) {
      for (number, line) in source.code.enumerated() where line.contains(expression) {
        if line.contains("!=") && pattern.hasPrefix("[") { continue }
        Issue.record("\(source.path):\(number + 1): \(line.trimmingCharacters(in: .whitespaces))")
      }
    }
  }

  @Test func `no product needs Foundation`() {
    for source in Repository.sources {
      for (number, line) in source.code.enumerated() where line.contains("import Foundation") {
        Issue.record("\(source.path):\(number + 1): \(line)")
      }
    }
  }

  @Test func `the screen prints nothing`() throws {
    let printing = try Regex(#"\bprint\("#)
    for source in Repository.sources where source.target == "TUI" {
      for (number, line) in source.code.enumerated() where line.contains(printing) {
        Issue.record("\(source.path):\(number + 1): \(line)")
      }
    }
  }

  /// These make text for people safe for a terminal; no other code may print it.
  static let outputs = [
    "Sources/CLI/Console.swift", "Sources/CLI/Headless/LineQueue.swift",
    "Sources/Executor/Options/Console.swift", "Sources/TUI/Loop/Display.swift",
    "Sources/TUI/Loop/UserProgram.swift",
    "Sources/TUI/Terminal/",
    // The answer to the program that has started this one, in JSON.
    "Sources/CLI/Commands/EngineCommand.swift",
  ]

  @Test(arguments: [
    #"DescriptorIO\.write\(.*\b(STDOUT_FILENO|STDERR_FILENO)"#, #"to: *[12]\b"#,
    #"\bto descriptor: Int32 = STD"#, #"(^|[^.\w])(debugPrint|print|dump)\("#,
    #"\b(fputs|fprintf|puts|perror|putchar|fwrite)\("#, #"\bwrite\((1|2|STD)"#,
    #"\bFileHandle\b"#, #"\bStreamLogHandler\b"#,
  ])
  func `only the guarded outputs write to the standard streams`(pattern: String) throws {
    let expression = try Regex(pattern)
    for source in Repository.sources where !Self.outputs.contains(where: source.path.hasPrefix) {
      for (number, line) in source.code.enumerated() where line.contains(expression) {
        if line.contains("func print(") { continue }
        Issue.record("\(source.path):\(number + 1): \(line.trimmingCharacters(in: .whitespaces))")
      }
    }
  }

  /// Data for programs: JSON, jobs' logs, reports, and the texts of the argument parser.
  static let dataWriters = [
    "CommandLineTool", "Console", "Commands/GraphCommand", "Commands/ListCommand",
    "Commands/MetricsCommand", "Commands/ReportCommand", "Commands/RunOptions",
    "Commands/ValidateCommand",
    "Commands/WorkersCommand",
    "Logs/LogOutput",
  ].map { "Sources/CLI/\($0).swift" }

  @Test func `text for people is not written as data`() {
    for source in Repository.sources where !Self.dataWriters.contains(source.path) {
      for (number, line) in source.code.enumerated() where line.contains("writeData(") {
        Issue.record("\(source.path):\(number + 1): \(line.trimmingCharacters(in: .whitespaces))")
      }
    }
  }

  @Test func `no unfinished place is left`() throws {
    let marks = try Regex(["TO" + "DO", "FIX" + "ME", #"\bXX"# + #"X\b"#].joined(separator: "|"))
    for source in Self.all {
      for (number, line) in source.lines.enumerated() where line.contains(marks) {
        Issue.record("\(source.path):\(number + 1): \(line)")
      }
    }
  }

  @Test func `every test folder has tests`() {
    for folder in Repository.names(in: "Tests") where folder != "TestSupport" {
      let files = Repository.tests.filter { $0.target == folder }
      let hasTest = files.contains { $0.code.contains { $0.contains("@Test") } }
      #expect(hasTest, "Tests/\(folder)")
    }
  }

  /// Which of our own targets a target may import.
  static let arrows: [String: Set<String>] = [
    "JSONValue": [], "ShellText": [], "HumanText": [], "Posix": ["CPosix"],
    "XML": ["CExpat"],
    "Workflow": ["JSONValue", "ShellText", "HumanText", "XML"],
    "JobProtocol": ["JSONValue"],
    "Signing": ["COpenSSL", "JobProtocol", "JSONValue"],
    "Engine": ["Workflow", "JobProtocol", "JSONValue"],
    "Report": ["Engine", "Workflow", "JobProtocol", "JSONValue", "HumanText"],
    "Redis": ["CHiredis", "COpenSSL", "Posix"],
    "Sites": ["CYaml", "JobProtocol", "JSONValue", "ShellText", "Posix"],
    "Executor": [
      "JobProtocol", "Signing", "JSONValue", "ShellText", "HumanText", "Redis", "Posix",
    ],
    "Runs": ["Engine", "Workflow", "JobProtocol", "Signing", "JSONValue", "Redis", "Posix"],
    "Runner": [
      "Runs", "Engine", "Workflow", "Sites", "JobProtocol", "Signing", "JSONValue", "Redis",
      "Posix",
    ],
    "TUI": [
      "Engine", "Workflow", "JobProtocol", "ShellText", "HumanText", "CNcurses", "Posix",
    ],
    "CLI": [
      "TUI", "Runs", "Runner", "Executor", "Engine", "Workflow", "JobProtocol", "JSONValue",
      "ShellText", "Signing", "HumanText", "Report", "Redis", "Posix", "Sites",
    ],
    "HFlowTUI": ["CLI", "Posix"], "HFlowJobExecute": ["Executor", "Posix"],
  ]

  @Test func `imports follow the targets' arrows`() {
    let ours = Set(Self.arrows.keys).union([
      "CPosix", "CHiredis", "COpenSSL", "CNcurses", "CYaml", "CExpat",
    ])
    for source in Repository.sources {
      guard let allowed = Self.arrows[source.target] else {
        Issue.record("\(source.path): the target \(source.target) is not in the table of arrows")
        continue
      }
      for line in source.code where line.contains("import ") {
        let module = line.split(separator: " ").last.map(String.init) ?? ""
        if ours.contains(module), !allowed.contains(module) {
          Issue.record("\(source.path): imports \(module)")
        }
      }
    }
  }

  @Test func `ARCHITECTURE.md names every target`() throws {
    let map = try #require(Repository.text("ARCHITECTURE.md"))
    for target in Self.arrows.keys where !target.hasPrefix("HFlow") {
      #expect(map.contains("`\(target)`"), "ARCHITECTURE.md lacks \(target)")
    }
  }

  /// The drawing leaves out targets that are reached through others.
  @Test func `ARCHITECTURE.md has the arrows of the package`() throws {
    let map = try #require(Repository.text("ARCHITECTURE.md"))
    var drawn: [String: [String]] = [:]
    for line in map.split(separator: "\n") where line.contains("──►") {
      let words = line.split { " ,".contains($0) }.map(String.init)
      drawn[words[0]] = words.dropFirst(2).filter { $0 != "the" && $0 != "product" }
        .filter { !$0.hasPrefix("hflow-") }
    }
    func reached(from target: String) -> Set<String> {
      drawn[target, default: []].reduce(into: []) { all, next in
        all.formUnion(reached(from: next).union([next]))
      }
    }
    for (target, allowed) in Self.arrows where !target.hasPrefix("HFlow") {
      #expect(Set(drawn[target] ?? []).isSubset(of: allowed), "\(target)")
      #expect(reached(from: target).isSuperset(of: allowed), "\(target)")
    }
  }

  @Test func `no built or fetched file is in the repository`() throws {
    let ignored = try #require(Repository.text(".gitignore"))
    for name in [".build", "Package.resolved"] { #expect(ignored.contains(name)) }
  }
}

/// Functions and their lengths, by counting braces.
private struct Functions {
  let line: Int
  let length: Int

  static func found(in code: [String]) -> [Functions] {
    var result: [Functions] = []
    for (start, line) in code.enumerated() where isHead(line) {
      var depth = 0
      var hasBody = false
      for (end, text) in code.enumerated().dropFirst(start) {
        depth += text.count { $0 == "{" } - text.count { $0 == "}" }
        hasBody = hasBody || text.contains("{")
        if hasBody, depth <= 0 {
          result.append(Functions(line: start + 1, length: end - start + 1))
          break
        }
      }
    }
    return result
  }

  private static func isHead(_ line: String) -> Bool {
    line.contains("func ") || line.contains("init(") && line.hasSuffix("{")
  }
}
