import JSONValue
import JobProtocol
import Posix
import Redis
import Signing

/// The parsed command line.
enum Invocation: Equatable {
  /// Runs these tasks one after the other.
  case tasks([String], RedisURL)
  case worker(WorkerOptions)
  case help
  case version

  static let versionText = ExecutorVersion.text

  static let usage = """
    Runs jobs of HyperFlow workflows that an engine sends over Redis.

    Usage:
      hflow-job-execute <taskId> <redisUrl>
      hflow-job-execute <redisUrl> -a [--] <taskId>...
      hflow-job-execute --worker [--redis URL] [--pool NAME] [--slots N] [--name NAME]
                        [--queue SITE] [--idle SECONDS] [--preemptible]
                        [--memory SIZE] [--container-tool TOOL]
                        [--staging DIR --staged-root DIR]
      hflow-job-execute -h | --help | --version

    The first form runs one job, the second several, one after the other. A worker takes jobs
    from the queue of a pool and runs as many at a time as it has slots.

      -a            the task ids follow; those that begin with '-' only after '--'
      --redis URL   redis://[user:password@]host[:port][/db], rediss:// for TLS,
                    redis+sentinel://host:port,host:port/master[/db], or unix:///path; else
                    from the environment: HFLOW_REDIS_URL, then REDIS_URL. A URL '-' means
                    the same.
      --pool NAME   the pool to serve (default: default)
      --slots N     jobs at a time (default: number of processors)
      --memory SIZE memory for jobs that request it, such as 16G (default: that of the host)
      --name NAME   the worker's name (default: host name and process id)
      --queue SITE  take only jobs that are routed to this site
      --idle SECONDS
                    exit after this time without a job (default: never)
      --preemptible the infrastructure may end this worker with SIGTERM: its jobs count as lost,
                    so they are retried; without it they count as cancelled
      --container-tool TOOL
                    run jobs that ask for an image with docker, podman, apptainer, charliecloud
                    or bwrap (default: $HFLOW_CONTAINER_TOOL, else what this host has); none:
                    ignore images
      --staging DIR, --staged-root DIR
                    copy the files of jobs: requests to the site go to the first directory; the
                    current directory stands for the second one, which is the run's
      --signing-key-file FILE
                    start only jobs that an engine has signed with the key in this file, which
                    nobody else may read. Or in the environment: HFLOW_SIGNING_KEY.

    HFLOW_REDIS_CA, HFLOW_REDIS_CERT, HFLOW_REDIS_KEY: files in PEM form for rediss://: trusted
    authorities (default: those of the system), and the certificate of this client with its key.

    HF_VAR_WORK_DIR, HF_VAR_LOG_DIR, HF_VAR_INPUT_DIR, HF_VAR_OUTPUT_DIR, HF_VAR_DRY_RUN,
    HF_VAR_NUMBER_OF_RETRIES, HF_VAR_BACKOFF_SEED, HF_VAR_WAIT_FOR_INPUT_FILES,
    HF_VAR_FILE_WATCH_NUM_RETRIES, HF_VAR_LOG_LEVEL and HF_VAR_PROBE_INTERVAL mean the same as for
    the original hyperflow-job-executor. But jobs of hflow-tui are retried by its engine, not here.
    HFLOW_TRACES: 1 to write a trace of every job to logs-hf for HyperFlow's log-parser, 0 for none
    (default: for jobs of HyperFlow's engine, and of hflow-tui run --traces).
    HFLOW_GIVE_UP_AFTER: seconds without Redis and without jobs after which to give up (default:
    600). HFLOW_HEARTBEAT: seconds between two heartbeats (default: 5); an executor that sends
    none for three times as long counts as lost. HFLOW_STATE_DIR: a directory for results that
    could not be reported yet (default: below XDG_STATE_HOME).
    HFLOW_PULL_LIMIT: seconds that the pull of an image may take (default: 1200).
    HFLOW_DRAIN: seconds to read the output of a job after the end of its program while the
    processes that hold it are idle (default: 60); config.drain of a process takes precedence.
    HFLOW_FILE_WAIT: seconds to wait for declared files that are missing (default: 5 on file
    systems that hosts share, 0 on others).

    HFLOW_PREEMPTIBLE: for the first two forms, what --preemptible is for a worker.

    A worker that receives SIGUSR1 takes no more jobs, finishes those it has, and exits.

    Exit status: 0 if the end of the jobs was reported, whatever their results; 2 wrong usage;
    3 Redis cannot be reached; 128 + n after a Unix signal n.
    """
}

struct WorkerOptions: Equatable {
  var url: RedisURL
  var pool = "default"
  var slots: Int
  /// Bytes for jobs that request memory; `nil` for what the host has.
  var memory: Int?
  /// `nil` for host name and process id.
  var name: String?
  /// The site whose queue to serve; `nil` for the queue of all others.
  var queue: String?
  /// Seconds without a job after which to exit; `nil`: never.
  var idle: Int?
  /// Whether the infrastructure may take the host back.
  var isPreemptible = false
  /// The tool for containers; `nil` leaves it to the environment and the host.
  var containerTool: ContainerTool?
  /// Where requests for the files of jobs are written; `nil` where the run's directory is shared.
  var staging: String?
  /// The directory of the run's jobs that the current directory stands for.
  var stagedRoot: String?
  /// Where unreported results are kept; `nil` for the user's state directory.
  var stateDirectory: String?
}

struct UsageError: Error, Equatable {
  let text: String

  init(_ text: String) { self.text = text }
}

extension Invocation {
  /// - Parameters: `environmentURL` from the environment; `processors` is the default number
  ///   of slots.
  init(
    _ arguments: [String], environmentURL: String?, processors: Int
  ) throws(UsageError) {
    switch arguments.first {
    case nil: throw UsageError("a task id and a Redis URL are needed")
    case "-h", "--help": self = .help
    case "--version": self = .version
    case "--worker":
      self = .worker(
        try WorkerOptions(
          arguments.dropFirst(), environmentURL: environmentURL, processors: processors))
    default: self = try .init(tasks: arguments, environmentURL)
    }
  }

  private init(tasks arguments: [String], _ environmentURL: String?) throws(UsageError) {
    if arguments.count >= 2, arguments[1] == "-a" {
      let rest = arguments.dropFirst(2)
      let tasks = rest.first == "--" ? rest.dropFirst() : rest
      guard !tasks.isEmpty else { throw UsageError("-a needs at least one task id") }
      if rest.first != "--", let option = tasks.first(where: { $0.hasPrefix("-") }) {
        throw UsageError("put -- before task ids that begin with '-': \(option)")
      }
      self = .tasks(Array(tasks), try Invocation.url(arguments[0], environmentURL))
      return
    }
    let words = arguments.first == "--" ? Array(arguments.dropFirst()) : arguments
    guard words.count == 2 else {
      throw UsageError("expected <taskId> <redisUrl>, found \(words.count) arguments")
    }
    self = .tasks([words[0]], try Invocation.url(words[1], environmentURL))
  }

  /// Removes the option of the signing key, which precedes the task ids of `-a`.
  static func takeKeyFile(from arguments: inout [String]) throws(UsageError) -> String? {
    let option = SigningKey.option
    let words = arguments.prefix { $0 != "--" && $0 != "-a" }
    guard let place = words.firstIndex(where: { $0 == option || $0.hasPrefix(option + "=") })
    else { return nil }
    let isOneWord = words[place] != option
    let value =
      isOneWord ? words[place].dropFirst(option.count + 1) : words[(place + 1)...].first?[...]
    guard let value, !value.isEmpty else { throw UsageError("\(option) needs a file") }
    arguments.removeSubrange(place...(isOneWord ? place : place + 1))
    return String(value)
  }

  static func url(_ text: String?, _ environmentURL: String?) throws(UsageError) -> RedisURL {
    let chosen = text == "-" ? environmentURL : text ?? environmentURL
    guard let chosen else {
      throw UsageError("no Redis: give its URL, or set HFLOW_REDIS_URL")
    }
    do {
      var url = try RedisURL(parsing: chosen)
      try url.add(options: RedisTLS(), environment: RedisTLS { Environment[$0] })
      return url
    } catch {
      throw UsageError("\(error)")
    }
  }
}

extension WorkerOptions {
  /// The options that have a value.
  private static let valued: Set = [
    "--redis", "--pool", "--slots", "--name", "--queue", "--idle", "--container-tool",
    "--memory", "--staging", "--staged-root",
  ]
  private static let longestIdle = 1_000_000

  init(
    _ arguments: some Sequence<String>, environmentURL: String?, processors: Int
  ) throws(UsageError) {
    var values: [String: String] = [:]
    var isPreemptible = false
    var words = arguments.makeIterator()
    while let word = words.next() {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let option = String(parts[0])
      if word == "--preemptible" {
        isPreemptible = true
        continue
      }
      guard Self.valued.contains(option) else {
        throw UsageError("unknown option for a worker: \(option)")
      }
      guard let value = parts.count == 2 ? String(parts[1]) : words.next(), !value.isEmpty else {
        throw UsageError("\(option) needs a value")
      }
      values[option] = value
    }
    if let name = values["--name"], name.contains(where: { $0.isNewline }) || name == "*" {
      throw UsageError("--name must be one line, and not *")
    }
    url = try Invocation.url(values["--redis"], environmentURL)
    pool = values["--pool"] ?? "default"
    name = values["--name"]
    queue = values["--queue"]
    staging = values["--staging"]
    stagedRoot = values["--staged-root"]
    guard (staging == nil) == (stagedRoot == nil) else {
      throw UsageError("--staging and --staged-root belong together")
    }
    self.isPreemptible = isPreemptible
    if let text = values["--memory"] {
      guard let bytes = Quantity.bytes(.string(text)) else {
        throw UsageError("--memory needs a size such as 16G, found \(text)")
      }
      memory = bytes
    }
    if let text = values["--container-tool"] {
      guard let tool = ContainerTool(name: text) else {
        throw UsageError("--container-tool needs one of \(ContainerTool.names), found \(text)")
      }
      containerTool = tool
    }
    slots = processors
    if let text = values["--idle"] {
      guard let number = Int(text), (0...Self.longestIdle).contains(number) else {
        throw UsageError("--idle needs a number of seconds, found \(text)")
      }
      idle = number
    }
    if let text = values["--slots"] {
      guard let number = Int(text), ExecutorOrder.chosenSlots.contains(number)
      else {
        throw UsageError(
          "--slots needs a number from 1 to \(ExecutorOrder.chosenSlots.upperBound), found \(text)")
      }
      slots = number
    }
  }
}
