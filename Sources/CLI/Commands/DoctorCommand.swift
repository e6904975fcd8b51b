import ArgumentParser
import Executor
import Glibc
import Posix
import Redis
import Runner
import Runs
import Sites

/// `hflow-tui doctor`
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show which programs are installed or missing, and what needs them",
    discussion: """
      Exit code 3 if no workflow could run here.

      Example: hflow-tui doctor
      """)

  func run() throws {
    let findings = DoctorReport(Probe()).findings
    for finding in findings { Console.print(finding.line) }
    let mistakes = findings.filter { $0.state == .missing }.map { "\($0.name): \($0.text)" }
    if !mistakes.isEmpty { throw Failure(.infrastructure, mistakes) }
  }
}

/// The programs and directories of this host, as `hflow-tui doctor` shows them.
///
/// | finding | missing | broken | absent |
/// |---|---|---|---|
/// | executor, Redis | not found, or it does not start: nothing can run | – | – |
/// | state | its directory cannot be written | – | – |
/// | Node.js, other tools | – | installed, but its check fails | not found: some features need it |
struct DoctorReport {
  enum State: String {
    case works = "ok"
    /// Optional, and not found.
    case absent = "-"
    /// Optional and installed, but it does not work.
    case broken = "!"
    /// Nothing can run without it.
    case missing = "NO"
  }

  struct Finding: Equatable {
    var state: State
    var name: String
    var text: String

    var line: String {
      let mark = state.rawValue + String(repeating: " ", count: 4 - state.rawValue.count)
      return mark + name + String(repeating: " ", count: max(1, 12 - name.count)) + text
    }
  }

  /// A tool that a feature needs.
  struct OptionalTool {
    var name: String
    /// Any of these will do.
    var programs: [Program]
    /// Its purpose, and how to install it.
    var use: String
  }

  struct Program {
    var name: String
    /// Prints the version.
    var version = ["--version"]
    /// A command that succeeds only if the tool can be used; none if its version says enough.
    var check: [String] = []
  }

  static let tools = [
    OptionalTool(
      name: "Node.js", programs: [Program(name: "node"), Program(name: "nodejs")],
      use: "runs JavaScript functions (Debian: apt install nodejs)"),
    OptionalTool(
      name: "ssh", programs: [Program(name: "ssh", version: ["-V"])],
      use: "runs workers on other hosts, --on ssh:HOST (Debian: apt install openssh-client)"),
    OptionalTool(
      name: "rsync", programs: [Program(name: "rsync")],
      use: "copies files to ssh hosts without a shared directory (Debian: apt install rsync)"),
    OptionalTool(
      name: "Slurm", programs: [Program(name: "sbatch", check: ["sinfo", "--noheader"])],
      use: "runs workers in allocations, --on slurm (Debian: apt install slurm-client)"),
    OptionalTool(
      name: "kubectl",
      programs: [
        Program(
          name: "kubectl", version: ["version", "--client"],
          check: ["kubectl", "version", "--request-timeout=4s"])
      ],
      use: "runs jobs in a cluster, --on kubernetes (https://kubernetes.io/docs/tasks/tools)"),
    OptionalTool(
      name: "containers",
      programs: [
        Program(name: "docker", check: ["docker", "version"]),
        Program(name: "podman", check: ["podman", "info"]),
        Program(name: "apptainer"), Program(name: "ch-run"),
        Program(name: "bwrap", check: ["bwrap", "--ro-bind", "/", "/", "true"]),
      ],
      use: "run tasks in images (Debian: apt install podman)"),
  ]

  var findings: [Finding]

  init(_ probe: some HostProbing) {
    findings = [
      probe.required("executor") { try probe.executor() },
      probe.required("Redis") { try probe.redis() },
      probe.required("state") { try probe.state() },
    ]
    findings += Self.tools.map { Self.finding($0, probe) }
    findings.append(probe.terminal)
    findings.append(probe.slots)
  }

  /// A tool works if any of its programs does.
  private static func finding(_ tool: OptionalTool, _ probe: some HostProbing) -> Finding {
    var texts: [String] = []
    var works = false
    for program in tool.programs {
      guard let version = probe.answer(of: [program.name] + program.version) else { continue }
      let check = program.check.isEmpty ? .works("") : probe.answer(of: program.check)
      switch (version, check) {
      case (.works(let text), .works):
        works = true
        texts.append("\(program.name) (\(text))")
      case (.works(let text), .fails(let problem)):
        texts.append("\(program.name) (\(text)) does not work: \(problem)")
      case (.works(let text), nil):
        texts.append("\(program.name) (\(text)) does not work: no \(program.check[0])")
      case (.fails(let problem), _):
        texts.append("\(program.name) does not work: \(problem)")
      }
    }
    if texts.isEmpty {
      return Finding(state: .absent, name: tool.name, text: "not found; it \(tool.use)")
    }
    return Finding(
      state: works ? .works : .broken, name: tool.name, text: texts.joined(separator: ", "))
  }
}

/// The answer of a tool to `--version` or another harmless command.
enum ToolAnswer: Equatable {
  /// The line with the version.
  case works(String)
  /// Its error message.
  case fails(String)
}

/// The checks of a host.
protocol HostProbing {
  func executor() throws -> String
  func redis() throws -> String
  func state() throws -> String
  /// The answer to a command line; `nil` if its program is not installed.
  func answer(of words: [String]) -> ToolAnswer?
  var terminal: DoctorReport.Finding { get }
  var slots: DoctorReport.Finding { get }
}

extension HostProbing {
  func required(_ name: String, _ find: () throws -> String) -> DoctorReport.Finding {
    do {
      return DoctorReport.Finding(state: .works, name: name, text: try find())
    } catch {
      let text = (error as? Failure)?.lines.joined(separator: "; ") ?? "\(error)"
      return DoctorReport.Finding(state: .missing, name: name, text: text)
    }
  }
}

private struct Probe: HostProbing {
  /// How long a program may take to answer, in milliseconds.
  private static let answerMilliseconds = 5000

  func executor() throws -> String {
    guard let path = ExecutorPath.found else {
      throw Failure(
        .infrastructure,
        "hflow-job-execute is neither beside hflow-tui nor in PATH; install both programs together")
    }
    let version: String
    switch answer(of: [path, "--version"]) {
    case .works(let text), .fails(let text): version = text
    case nil: version = "it does not start"
    }
    guard version.split(separator: " ").contains(Substring(CommandLineTool.version)) else {
      throw Failure(
        .infrastructure,
        "\(path): \(version), but this is hflow-tui \(CommandLineTool.version); "
          + "install both programs together")
    }
    return "\(version), \(path)"
  }

  func redis() throws -> String {
    let path = try ServerProgram.find()
    guard case .works(let version) = answer(of: [path, "--version"]) else {
      throw Failure(.infrastructure, "\(path) does not start")
    }
    return "\(version), \(path)"
  }

  func state() throws -> String {
    let path = Files.join(RunDirectory.stateHome(), "hflow-tui")
    try Files.makeDirectory(path, mode: 0o700)
    guard access(path, W_OK) == 0 else {
      throw Failure(.infrastructure, "\(path) cannot be written; set XDG_STATE_HOME")
    }
    return path
  }

  func answer(of words: [String]) -> ToolAnswer? {
    guard let path = Files.findExecutable(words[0]) else { return nil }
    let command = [path] + words.dropFirst()
    let result = try? Blocking.wait { () throws(RunnerError) in
      await Tool.run(command, milliseconds: Self.answerMilliseconds)
    }
    guard let result else { return .fails("it does not start") }
    guard result.isSuccess else { return .fails(String(result.errorText.prefix(100))) }
    let lines = (result.output + "\n" + result.errors).split(whereSeparator: \.isNewline)
    // Some programs print warnings before the version.
    let line = lines.first { $0.contains(/[0-9]\.[0-9]/) } ?? lines.first
    return .works(line.map { String($0.prefix(60)) } ?? "no version")
  }

  var terminal: DoctorReport.Finding {
    let term = Environment["TERM"] ?? ""
    var facts = [term.isEmpty ? "TERM is not set" : term]
    if let colours = Environment["COLORTERM"], !colours.isEmpty { facts.append(colours) }
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      facts.append("\(size.ws_col) × \(size.ws_row)")
      if size.ws_col < 60 || size.ws_row < 16 { facts.append("small: the screen needs 60 × 16") }
    } else {
      facts.append("standard output is not a terminal")
    }
    setlocale(LC_ALL, "")
    let codeset = nl_langinfo(nl_item(CODESET)).map { String(cString: $0) } ?? ""
    facts.append(codeset == "UTF-8" ? codeset : "\(codeset): the screen uses ASCII")
    let isUsable = !["", "dumb"].contains(term)
    return DoctorReport.Finding(
      state: isUsable ? .works : .absent, name: "terminal",
      text: facts.joined(separator: ", ") + (isUsable ? "" : "; the screen prints lines instead"))
  }

  var slots: DoctorReport.Finding {
    let maximum = DescriptorLimit.mostSlots.map { "at most \($0) slots (ulimit -n)" } ?? "no limit"
    return DoctorReport.Finding(
      state: .works, name: "jobs", text: "\(Environment.processorCount) processors, \(maximum)")
  }
}
