import JSONValue
import JobProtocol
import Posix

/// The settings from the environment: the original's `HF_VAR_*` and `HF_LOG_*`.
struct ExecutorSettings {
  var workDirectory: String?
  var logDirectory: String?
  var inputDirectory: String?
  var outputDirectory: String?
  /// How often this executor tries a job that exits with a code other than 0.
  var attempts = 1
  var backoffSeed = 10.0
  var dryRun = false
  var waitsForInputs = false
  var inputRetries = 10
  /// How long to wait for declared files, in milliseconds; `nil`: five seconds on shared file
  /// systems, 0 on others.
  var fileWait: Int?
  var logLevel = LogLevel.info
  /// Whether jobs leave traces; `nil` leaves it to the engine.
  var traces: Bool?
  /// Milliseconds between two probes of a traced job.
  var probeInterval = 2000
  /// Milliseconds between heartbeats.
  var heartbeat = 5000
  /// The default of `JobPlan.drain`, in milliseconds.
  var drain = DrainLimit.defaultQuiet
  /// The tool for containers; `nil` for the first that this host has.
  var containerTool: ContainerTool?
  /// How long the pull of an image may take, in seconds.
  var pullLimit = 1200
  var nodeName = "undefined"
  var collocationType = "undefined"
  var collocationSize = "undefined"
  /// The directory in which this executor was started; it may be moved.
  let startDirectory = FollowedDirectory(Files.currentDirectory)
  /// The directory of jobs whose message names none.
  var defaultDirectory: String
  /// Part of the names of log files; unique to the process.
  var handlerID: String

  /// - Parameter value: returns the value of an environment variable.
  init(_ value: (String) -> String?) {
    func filled(_ name: String) -> String? {
      value(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    workDirectory = filled("HF_VAR_WORK_DIR")
    logDirectory = filled("HF_VAR_LOG_DIR")
    inputDirectory = filled("HF_VAR_INPUT_DIR")
    outputDirectory = filled("HF_VAR_OUTPUT_DIR")
    attempts = filled("HF_VAR_NUMBER_OF_RETRIES").flatMap { Int($0) } ?? 1
    backoffSeed = filled("HF_VAR_BACKOFF_SEED").flatMap { Double($0) } ?? 10
    dryRun = filled("HF_VAR_DRY_RUN") != nil
    waitsForInputs = value("HF_VAR_WAIT_FOR_INPUT_FILES") == "1"
    inputRetries = filled("HF_VAR_FILE_WATCH_NUM_RETRIES").flatMap { Int($0) } ?? 10
    fileWait = filled("HFLOW_FILE_WAIT").flatMap { Double($0) }
      .map { Int(max(0, min($0, 3600)) * 1000) }
    logLevel = filled("HF_VAR_LOG_LEVEL").flatMap(LogLevel.init(name:)) ?? .info
    traces = filled("HFLOW_TRACES").map { $0 != "0" }
    probeInterval =
      filled("HF_VAR_PROBE_INTERVAL").flatMap { Int($0) }.map { min(max(100, $0), 86_400_000) }
      ?? 2000
    heartbeat =
      filled("HFLOW_HEARTBEAT").flatMap { Double($0) }
      .map { Int(max(0.05, min($0, 3600)) * 1000) } ?? 5000
    if let seconds = filled("HFLOW_DRAIN").flatMap({ Double($0) }) {
      drain = DrainLimit.milliseconds(seconds: seconds)
    }
    containerTool = filled(ContainerTool.variable).flatMap(ContainerTool.init(name:))
    pullLimit =
      filled("HFLOW_PULL_LIMIT").flatMap { Int($0) }.map { min(max(1, $0), 86_400) } ?? 1200
    // The original writes the text `undefined`, and engines may expect it.
    nodeName = value("HF_LOG_NODE_NAME") ?? "undefined"
    collocationType = value("HF_VAR_COLLOCATION_TYPE") ?? "undefined"
    collocationSize = value("HF_VAR_COLLOCATION_SIZE") ?? "undefined"
    defaultDirectory = Files.isDirectory("/work_dir") ? "/work_dir" : Files.currentDirectory
    // `log-parser` counts the pairs of underscores in a file's name.
    handlerID = RunID(randomBits: .random(in: .min ... .max)).text.replacing("_", with: "-")
  }

  func directory(for extras: JobExtras?) -> String {
    let wanted = workDirectory ?? extras?.directory ?? defaultDirectory
    return startDirectory.place(
      of: wanted.hasPrefix("/") ? wanted : Files.join(Files.currentDirectory, wanted))
  }

  /// The path of an input; inputs of the workflow are in the input directory.
  func inputPath(of signal: JSON, named name: String) -> String {
    guard let inputDirectory, signal["workflow_input"]?.isTruthy == true else { return name }
    return Files.join(inputDirectory, name)
  }

  func outputPath(of signal: JSON, named name: String) -> String {
    guard let outputDirectory, signal["workflow_output"]?.isTruthy == true else { return name }
    return Files.join(outputDirectory, name)
  }

  /// The member of `hf_all_jobs` for a task of this executor.
  func allJobsMember(task: String) -> String {
    "\(task)#\(nodeName)#\(collocationType)#\(collocationSize)"
  }

  /// Milliseconds to wait after a failed attempt; `random` is in 0..<1.
  func retryDelayMilliseconds(afterAttempt attempt: Int, random: Double) -> Int {
    let seconds = (random * backoffSeed * Double(min(attempt, 5))).rounded(.down)
    return Int(max(0, min(seconds, 86_400))) * 1000
  }
}

/// The least level of the executor's own lines in its log file.
enum LogLevel: Int, Comparable {
  case debug, info, warning, error, off

  init?(name: String) {
    switch name.lowercased() {
    case "all", "trace", "debug": self = .debug
    case "info": self = .info
    case "warn", "warning": self = .warning
    case "error", "fatal", "mark": self = .error
    case "off": self = .off
    default: return nil
    }
  }

  /// The word of HyperFlow's executor.
  var name: String {
    switch self {
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warning: "WARN"
    case .error: "ERROR"
    case .off: "OFF"
    }
  }

  static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
