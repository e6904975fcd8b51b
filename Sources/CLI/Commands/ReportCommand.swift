import ArgumentParser
import Engine
import JSONValue
import JobProtocol
import Posix
import Report
import Runner
import TUI

/// `hflow-tui report <run>`
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Report what ran, what failed and why, and where the time went",
    discussion: """
      Writes one self-contained HTML file, report-RUN.html, and prints its path. With --json, \
      --csv, --trace or --wfformat, prints the same figures in that format. --otlp URL sends spans \
      to a collector, with the headers in OTEL_EXPORTER_OTLP_HEADERS.

      Example: hflow-tui report last --output night.html
      """)

  @OptionGroup var choice: RunChoice

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Output file; - is standard output (the default except for HTML)",
      valueName: "file"))
  var output: String?

  @Flag(help: "Write one JSON object")
  var json = false

  @Flag(help: "Write CSV (RFC 4180), one line per attempt")
  var csv = false

  @Flag(help: "Write a trace for ui.perfetto.dev or chrome://tracing")
  var trace = false

  @Option(
    help: ArgumentHelp(
      "Write OpenTelemetry spans to a file, or send them to a collector",
      valueName: "file or url"))
  var otlp: String?

  @Flag(name: .customLong("wfformat"), help: "Write an instance of WfFormat 1.5 (WfCommons)")
  var wfFormat = false

  func validate() throws {
    let chosen = [
      json ? "--json" : nil, csv ? "--csv" : nil, trace ? "--trace" : nil,
      otlp == nil ? nil : "--otlp", wfFormat ? "--wfformat" : nil,
    ].compactMap { $0 }
    if chosen.count > 1 {
      throw ValidationError("\(chosen[0]) and \(chosen[1]) exclude each other")
    }
    if otlp != nil, output != nil { throw ValidationError("--otlp excludes --output") }
  }

  func run() throws {
    let found = try choice.find()
    let condition = RunCondition(of: found)
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let state = try opened.state().state
    let now = Clock.steadyMilliseconds
    let isInterrupted = condition.phase == .interrupted
    func report(tails: [FiringID: OutputTail] = [:]) -> RunReport {
      RunReport(state, tails: tails, now: now, isInterrupted: isInterrupted)
    }
    if csv { return try write(Array(report().csv.utf8), to: output ?? "-") }
    if trace { return try write(report().traceEvents, to: output ?? "-") }
    if let otlp { return try export(report(), to: otlp) }
    if wfFormat {
      return try write(try instance(report(), of: state, now).bytes + [0x0A], to: output ?? "-")
    }
    let tails = try OutputTails.read(
      FailureFigures.examples(in: state), of: opened, state: state)
    if json { return try write(report(tails: tails).json.bytes + [0x0A], to: output ?? "-") }
    let page = ReportPage(
      report(tails: tails), program: "hflow-tui \(CommandLineTool.version)",
      zoneOffset: DisplayOptions.timeZoneOffset, now: now)
    let defaultName = "report-\(found.run.short).html"
    // Other users know the default name and may have created a link there.
    if output == nil, let link = GuardedPath(defaultName).refusal {
      throw Failure(
        .infrastructure, "\(defaultName): \(link.reason); choose another file with --output FILE")
    }
    try write(Array(page.html.utf8), to: output ?? defaultName)
  }

  /// One line for each request, as the collector's file exporter writes them.
  private func export(_ report: RunReport, to target: String) throws {
    let requests = report.openTelemetry(
      version: CommandLineTool.version, spansPerRequest: TraceCollector.spansPerRequest)
    guard let collector = TraceCollector(target) else {
      if target.contains("://") {
        throw Failure(
          .usage, "--otlp: expected a file, or a URL with http or https, found \(target)")
      }
      return try write(requests.flatMap { $0.bytes + [0x0A] }, to: target)
    }
    try collector.send(requests, headers: TraceCollector.environmentHeaders)
    Console.print("sent to \(collector.displayName)")
  }

  private func instance(_ report: RunReport, of state: RunState, _ now: Int) throws -> JSON {
    let directory = state.info?.directory ?? "."
    let host = HostDescription(
      name: Environment.hostName, architecture: Self.architecture, release: Self.kernelRelease,
      cores: Environment.processorCount, memoryBytes: Environment.physicalMemory)
    let instance = report.wfFormat(
      of: state, version: CommandLineTool.version, now: now, host: host
    ) { name in
      let path = name.hasPrefix("/") ? name : Files.join(directory, name)
      return Files.isRegular(path) ? Files.size(path) : nil
    }
    guard let instance else {
      throw Failure(
        .tasksFailed, "--wfformat: no task has started, and an instance needs at least one")
    }
    return instance
  }

  private static var architecture: String? {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "aarch64"
    #else
      nil
    #endif
  }

  private static var kernelRelease: String? {
    guard let bytes = try? Files.read("/proc/sys/kernel/osrelease") else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
    return text.isEmpty ? nil : text
  }

  private func write(_ report: [UInt8], to path: String) throws(Failure) {
    guard path != "-" else { return Console.writeData(report) }
    do throws(PosixError) {
      try Files.save(report, to: path)
    } catch {
      let option = otlp == nil ? "--output" : "--otlp"
      throw Failure(.infrastructure, "\(error); choose another file with \(option) FILE")
    }
    Console.print("\(WorkflowPath.absolute(path))")
  }
}
