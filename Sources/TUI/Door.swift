public import Engine
public import JobProtocol
internal import Posix
public import Workflow

// The door between the screen and the rest of the program.
//
//     let mailbox = try Mailbox()
//     // any thread: mailbox.send(.events(…)), .log(…), .connection(…)
//     let outcome = try runTUI(options, state: state, mailbox: mailbox) { effect in … }
//     // the terminal is restored; print outcome.summary
//
// `runTUI` blocks the calling thread, which becomes the screen's. The screen never touches Redis:
// what a person wants comes out through `perform`, on that thread, which must not block.

/// What the world tells the screen.
public enum WorldMessage: Sendable {
  /// Further entries of the journal, in order.
  case events([RunEvent])
  case log(LogUpdate)
  /// A line that an attempt has just written, as it was written.
  case lastLine(AttemptID, String)
  case connection(Connection)
  /// The run's engine has gone without having closed the run, or there is one again.
  case engine(isThere: Bool)
  /// One line for the person, e.g. why a request could not be sent.
  case notice(String)
  /// The run is closed: nothing more will come and nothing can be asked of it.
  case closed
  /// What the workers last said of themselves, while ``WorldEffect/watchWorkers(_:)`` is on.
  case workers([WorkerHealth])
  /// The answer to ``WorldEffect/listRuns``, the newest first.
  case runs([RunEntry])
  /// Another run is watched from here on; its events follow.
  case switched(RunState)
  /// What is known of files that ``WorldEffect/inspectFiles(_:)`` asked for; of all of them, or of
  /// none where they are on another host.
  case files([FileFact])
  /// A replay has come to another place of its time.
  case replay(ReplayState)
  /// A replay shows an earlier moment: the run as it was then.
  case rewound(RunState)
  /// How many milliseconds the events that come lie behind, as far as clocks tell.
  case lag(Int)
}

public enum Connection: Sendable, Equatable {
  case live
  /// Redis cannot be reached; it is tried again by itself.
  case lost(String)
}

/// Output of one attempt. Chunks come in the order of their sequence numbers; those that the screen
/// already has are passed over, so a backlog may be sent again after a reconnect.
public struct LogUpdate: Sendable {
  public var attempt: AttemptID
  public var chunks: [LogChunk]
  /// The backlog that Redis keeps no longer began at chunk 1; its beginning is in the log file.
  public var isTruncated: Bool
  /// Said before the chunks, in a line of its own.
  public var remark: String?
  /// When which of its lines was written is not known.
  public var isUntimed: Bool

  public init(
    attempt: AttemptID, chunks: [LogChunk], isTruncated: Bool = false, remark: String? = nil,
    isUntimed: Bool = false
  ) {
    self.attempt = attempt
    self.chunks = chunks
    self.isTruncated = isTruncated
    self.remark = remark
    self.isUntimed = isUntimed
  }
}

/// Whose output is wanted.
public enum LogWish: Sendable, Equatable {
  /// Of these attempts, each from its beginning on.
  case attempts([AttemptID])
  /// Whatever these processes (`nil`: all) write from now on, and before it what the last attempts
  /// wrote lately.
  case processes(Set<ProcessID>?, backlog: [AttemptID])
}

/// What the screen asks of the world.
public enum WorldEffect: Sendable, Equatable {
  /// Send this output, and no other's any more. What is followed already goes on.
  case followLogs(LogWish)
  case control(ControlRequest)
  /// Run a person's shell command, for the run has ended so.
  case finished(RunStatus, RunInfo?, command: String)
  /// Write a text to a file, never over one that is there; answered with a notice.
  case save(text: String, path: String)
  /// Send the health of the workers now and every few seconds, or no more.
  case watchWorkers(Bool)
  /// Send the last line of the output of these attempts now and whenever there is a new one, and
  /// of no other's any more; answered with ``WorldMessage/lastLine(_:_:)``.
  case tailLogs([AttemptID])
  /// Look for files; answered with ``WorldMessage/files(_:)``.
  case inspectFiles(FileQuestion)
  case replay(ReplayRequest)
  case listRuns
  /// Leave this run and show another, by its id; answered with ``WorldMessage/switched(_:)``.
  case switchRun(String)
  /// Start another engine for the run, whose own is gone.
  case resume
}

/// Which files the screen wants to know of.
public struct FileQuestion: Sendable, Equatable {
  /// Relative to the directory, or absolute.
  public let names: [String]
  public let directory: String
  /// Where the directory is; `nil` when that is not known.
  public let host: String?

  public init(names: [String], directory: String, host: String?) {
    self.names = names
    self.directory = directory
    self.host = host
  }
}

/// A file as the world found it.
public struct FileFact: Sendable, Equatable {
  /// As it was asked for.
  public let name: String
  /// In bytes; `nil` when there is no such file.
  public let size: Int?
  /// Milliseconds of wall clock.
  public let modifiedAt: Int?

  public init(name: String, size: Int?, modifiedAt: Int? = nil) {
    self.name = name
    self.size = size
    self.modifiedAt = modifiedAt
  }
}

/// Why the screen was left.
public enum LeaveReason: Sendable, Equatable {
  /// The run goes on, or closes when its last watcher has left.
  case detach
  /// The person wants the run stopped; `control(.stop)` has been asked for.
  case stop
  /// The run was closed already.
  case closed
  /// SIGINT, SIGTERM or another signal that ends programs. The run is not touched.
  case terminated
  /// The terminal is gone. The run is not touched.
  case hangUp
}

public struct TUIOptions: Sendable {
  public var preferences: Preferences
  /// No colours; also when `NO_COLOR` is set and not empty.
  public var noColor: Bool
  /// Seconds east of UTC, for times of day.
  public var timeZoneOffset: Int
  /// The run is shown again; its time comes with ``WorldMessage/replay(_:)``.
  public var replay: ReplayState?

  public init(
    preferences: Preferences = Preferences(), noColor: Bool = false, timeZoneOffset: Int = 0
  ) {
    self.preferences = preferences
    self.noColor = noColor
    self.timeZoneOffset = timeZoneOffset
  }
}

public struct TUIOutcome: Sendable {
  public let reason: LeaveReason
  /// The run as the screen last knew it.
  public let state: RunState
  /// What stays in the scrollback; plain text without escape sequences.
  public let summary: [String]
}

/// To be called once by a command that will show a screen, before it starts threads, which inherit
/// the mask of signals, and before it reads much, of which the guardian would keep a copy.
public func prepareTUI() {
  UnixSignals.block(TerminalSignals.numbers)
  ScreenGuardian.start()
}

/// Shows a run until the person leaves, on a screen or in lines. Restores the terminal on every
/// path.
///
/// Where no screen can be shown it says so in one line, and goes on with lines. `state` may already
/// have events folded in.
public func runTUI(
  _ options: TUIOptions, state: RunState, mailbox: Mailbox,
  perform: @escaping (WorldEffect) -> Void
) throws -> TUIOutcome {
  let preferences = options.preferences
  let utf8 = CursesTerminal.adoptLocale()
  let ascii = preferences.glyphs.areASCII(isUTF8: utf8, terminal: Environment["TERM"])
  let noColor = options.noColor || !(Environment["NO_COLOR"] ?? "").isEmpty
  func open(_ plain: Bool) throws(TerminalError) -> Display {
    if plain { return .lines(PlainTerminal()) }
    return .screen(try CursesTerminal(noColor: noColor || preferences.theme == .mono))
  }
  let signals = try TerminalSignals()
  let display = Display.opened(plain: preferences.plain, open)
  defer { display.terminal.close() }
  var model = Model(
    run: state, theme: Theme(preferences.theme, ascii: ascii, colors: display.colors),
    size: display.size, now: Clock.steadyMilliseconds, terminalColors: display.colors)
  model.adopt(preferences)
  model.timeZoneOffset = options.timeZoneOffset
  model.begin(options.replay)
  switch display {
  case .screen(let terminal): if !preferences.mouse { terminal.setMouse(false) }
  case .lines: model.setPlain(true, colors: .none)
  }
  var loop = Loop(
    model: model, display: display, mailbox: mailbox, openDisplay: open, perform: perform)
  let reason = loop.run(signals: signals)
  loop.close()
  return TUIOutcome(
    reason: reason, state: loop.model.run, summary: loop.model.summary(ascii: !utf8))
}
