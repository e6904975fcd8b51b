public import Engine
public import JobProtocol
internal import Posix

// The interface between the screen and the rest of the program.
//
//     let messageQueue = try MessageQueue()
//     // any thread: messageQueue.send(.events(…)), .log(…), .connection(…)
//     let outcome = try runTUI(options, state: state, messageQueue: messageQueue) { effect in … }
//     // the terminal is restored; print outcome.summary
//
// `runTUI` blocks the calling thread, which becomes the screen's. The screen never uses Redis:
// it passes effects to `perform` on that thread, so `perform` must not block.

/// What the program sends to the screen.
public enum WorldMessage: Sendable {
  /// Further journal events, in order.
  case events([RunEvent])
  case log(LogUpdate)
  /// The last line of output of an attempt.
  case lastLine(AttemptID, String)
  case connection(Connection)
  /// Whether the run has an engine. False if the engine died without closing the run.
  case engine(isAlive: Bool)
  /// One line for the user, for example why a request could not be sent.
  case notice(String)
  /// The run is closed: no more events come, and its engine accepts no requests.
  case closed
  /// The latest heartbeats of the workers, while ``WorldEffect/watchWorkers(_:)`` is on.
  case workers([WorkerHealth])
  /// The answer to ``WorldEffect/listRuns``, the newest first.
  case runs([RunEntry])
  /// The screen now watches another run, whose events follow.
  case switched(RunState)
  /// The screen watches this run again; the events that it has missed follow.
  case returned(run: String)
  /// Facts about the files of ``WorldEffect/inspectFiles(_:)``: about all of them, or none if
  /// they are on another host.
  case files([FileFact])
  /// The position of a replay has changed.
  case replay(ReplayState)
  /// A replay went back: the run at the earlier time.
  case rewound(RunState)
  /// How far the received events are behind, in milliseconds.
  case lag(Int)
}

public enum Connection: Sendable, Equatable {
  case live
  /// Redis does not answer. The connection is retried automatically.
  case lost(String)
}

/// What the screen requests from the program.
public enum WorldEffect: Sendable, Equatable {
  /// Send this output only. Attempts that are already followed continue.
  case followLogs(LogSubscription)
  /// Send the output in the executor's files of an attempt that has ended, if Redis has none.
  case readOutputFiles(of: AttemptID)
  case control(ControlRequest)
  /// Run the user's shell command, because the run has ended.
  case finished(RunStatus, RunInfo?, command: String)
  /// Write text to a new file; never overwrite one. Answered with a notice.
  case save(text: String, path: String)
  /// Start or stop sending the health of workers every few seconds.
  case watchWorkers(Bool)
  /// Send the last line of output of these attempts only, now and whenever it changes, as
  /// ``WorldMessage/lastLine(_:_:)``.
  case tailLogs([AttemptID])
  /// Inspect files; answered with ``WorldMessage/files(_:)``.
  case inspectFiles(FileQuestion)
  case replay(ReplayRequest)
  case listRuns
  /// Switch to another run by its id; answered with ``WorldMessage/switched(_:)``.
  case switchRun(String)
  /// Switch to a run whose model the screen has kept; answered with
  /// ``WorldMessage/returned(run:)``, or like ``switchRun(_:)``.
  case returnToRun(String)
  /// Save settings for later screens, as lines of TOML.
  case keep(settings: [String])
  /// Restart the run's engine.
  case resume
}

/// Files to inspect.
public struct FileQuestion: Sendable, Equatable {
  /// Relative to the directory, or absolute.
  public let names: [String]
  public let directory: String
  /// The host of the directory; `nil` if unknown.
  public let host: String?

  public init(names: [String], directory: String, host: String?) {
    self.names = names
    self.directory = directory
    self.host = host
  }
}

/// The size and time of an inspected file.
public struct FileFact: Sendable, Equatable {
  /// The name as requested.
  public let name: String
  /// In bytes; `nil` if there is no such file.
  public let size: Int?
  /// Milliseconds of wall clock.
  public let modifiedAt: Int?

  public init(name: String, size: Int?, modifiedAt: Int? = nil) {
    self.name = name
    self.size = size
    self.modifiedAt = modifiedAt
  }
}

/// Why the screen ended.
public enum LeaveReason: Sendable, Equatable {
  /// The run continues, or closes when its last watcher has left.
  case detach
  /// The user wants to stop the run; `control(.stop)` has been requested.
  case stop
  /// The run was already closed.
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
  /// The initial position of a replay; updates come with ``WorldMessage/replay(_:)``.
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
  /// The last known state of the run.
  public let state: RunState
  /// Lines to print after the screen has closed; plain text without escape sequences.
  public let summary: [String]
}

/// Call once before a command starts threads, which inherit the signal mask, and before it
/// reads much data, which the guardian process would copy.
public func prepareTUI() {
  UnixSignals.block(TerminalSignals.numbers)
  ScreenGuardian.start()
}

/// Shows a run until the user leaves, on a screen or as lines. Restores the terminal on every
/// path.
///
/// If no screen is possible, prints why and continues with lines. `state` may already include
/// events.
public func runTUI(
  _ options: TUIOptions, state: RunState, messageQueue: MessageQueue,
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
    model: model, display: display, messageQueue: messageQueue, openDisplay: open, perform: perform)
  let reason = loop.run(signals: signals)
  loop.close()
  return TUIOutcome(
    reason: reason, state: loop.model.run, summary: loop.model.summary(ascii: !utf8))
}
