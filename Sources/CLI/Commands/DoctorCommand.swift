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
/// | finding | missing if | absent if |
/// |---|---|---|
/// | executor, Redis | it is not found: nothing can run | – |
/// | state | its directory cannot be written | – |
/// | Node.js, other tools | – | it is not found: some features need it |
struct DoctorReport {
  enum State: String {
    case works = "ok"
    /// Optional, and not found.
    case absent = "-"
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
    var programs: [String]
    /// Prints the version.
    var argument = "--version"
    /// Its purpose, and how to install it.
    var use: String
  }

  static let tools = [
    OptionalTool(
      name: "Node.js", programs: ["node", "nodejs"],
      use: "runs JavaScript functions (Debian: apt install nodejs)"),
    OptionalTool(
      name: "ssh", programs: ["ssh"], argument: "-V",
      use: "runs workers on other hosts, --on ssh:HOST (Debian: apt install openssh-client)"),
    OptionalTool(
      name: "rsync", programs: ["rsync"],
      use: "copies files to ssh hosts without a shared directory (Debian: apt install rsync)"),
    OptionalTool(
      name: "Slurm", programs: ["sbatch"],
      use: "runs workers in allocations, --on slurm (Debian: apt install slurm-client)"),
    OptionalTool(
      name: "kubectl", programs: ["kubectl"], argument: "version --client",
      use: "runs jobs in a cluster, --on kubernetes (https://kubernetes.io/docs/tasks/tools)"),
    OptionalTool(
      name: "containers", programs: ["docker", "podman", "apptainer", "ch-run", "bwrap"],
      use: "run tasks in images (Debian: apt install podman)"),
  ]

  var findings: [Finding]

  init(_ probe: some HostProbing) {
    findings = [
      probe.required("executor") { try probe.executor() },
      probe.required("Redis") { try probe.redis() },
      probe.required("state") { try probe.state() },
    ]
    for tool in Self.tools {
      let found = tool.programs.compactMap { program in
        probe.version(of: program, tool.argument).map { "\(program) (\($0))" }
      }
      findings.append(
        found.isEmpty
          ? Finding(state: .absent, name: tool.name, text: "not found; it \(tool.use)")
          : Finding(state: .works, name: tool.name, text: found.joined(separator: ", ")))
    }
    findings.append(probe.terminal)
    findings.append(probe.slots)
  }
}

/// The checks of a host.
protocol HostProbing {
  func executor() throws -> String
  func redis() throws -> String
  func state() throws -> String
  /// The first line that the program prints about its version; `nil` if it is not installed.
  func version(of program: String, _ argument: String) -> String?
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
  /// How long a program may take to print its version, in milliseconds.
  private static let versionMilliseconds = 5000

  func executor() throws -> String {
    guard let path = ExecutorPath.found else {
      throw Failure(
        .infrastructure,
        "hflow-job-execute is neither beside hflow-tui nor in PATH; install both programs together")
    }
    let version = version(of: path, "--version") ?? "it does not start"
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
    guard let version = version(of: path, "--version") else {
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

  func version(of program: String, _ argument: String) -> String? {
    guard let path = Files.findExecutable(program) else { return nil }
    let words = [path] + argument.split(separator: " ").map(String.init)
    let result = try? Blocking.wait { () throws(RunnerError) in
      await Tool.run(words, milliseconds: Self.versionMilliseconds)
    }
    guard let result, !result.isLate else { return nil }
    let lines = (result.output + "\n" + result.errors).split(whereSeparator: \.isNewline)
    // Some programs print warnings before the version.
    let line = lines.first { $0.contains(/[0-9]\.[0-9]/) } ?? lines.first
    return line.map { String($0.prefix(60)) } ?? "no version"
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
