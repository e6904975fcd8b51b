internal import Engine
internal import Glibc
internal import HumanText
internal import Posix

/// Where the loop shows the model: a painted screen, or printed lines.
enum Display {
  case screen(any ScreenTerminal)
  case lines(any LineTerminal)

  /// A screen if possible. Lines if requested, or with a message if no screen is possible.
  static func opened(
    plain: Bool, _ open: (_ plain: Bool) throws(TerminalError) -> Display
  ) -> Display {
    if !plain {
      do throws(TerminalError) {
        return try open(false)
      } catch {
        if error.code != .notATerminal {
          let line = LineText.safe("\(error); plain lines instead")
          try? DescriptorIO.write(line + "\n", to: STDERR_FILENO)
        }
      }
    }
    return (try? open(true)) ?? .lines(PlainTerminal())
  }

  var size: Size {
    switch self {
    case .screen(let terminal): terminal.size
    case .lines: Size(columns: 80, rows: 24)
    }
  }

  var terminal: any Terminal {
    switch self {
    case .screen(let terminal): terminal
    case .lines(let terminal): terminal
    }
  }

  /// Milliseconds between paintings; longer for lines, so that they are not fragments.
  var frameMilliseconds: Int {
    switch self {
    case .screen: 33
    case .lines: 100
    }
  }

  var colors: ColorDepth {
    switch self {
    case .screen(let terminal): terminal.colors
    case .lines: .none
    }
  }
}

/// Prints news on a line terminal.
struct LinePrinter {
  /// Events before this time are not printed, only the state after them.
  private let since: Int
  private var announcer = Announcer()
  private var eventLines = RunEventLines()
  private var news: [String] = []
  private var isAnswer = false
  private var mustPrintAll = true

  init(since: Int) { self.since = since }

  /// Records what a message changed; `model` has already been updated.
  mutating func record(_ message: Message, _ model: Model) {
    switch message {
    case .input, .programEnded: isAnswer = true
    case .world(let messages):
      for case .events(let events) in messages {
        for event in events where event.time >= since {
          news += eventLines.lines(for: event, in: model.run)
        }
      }
    case .resized, .clock: break
    }
  }

  mutating func repeatAll() { mustPrintAll = true }

  /// Prints news. Returns whether the selected row has changed and was printed.
  mutating func write(_ model: Model, on terminal: any LineTerminal) -> Bool {
    // Nothing to print before the run is known.
    guard model.run.startedAt != nil else { return false }
    let printsRow = mustPrintAll || isAnswer
    announcer.announcesEnd = terminal.hasKeys
    let announcements =
      mustPrintAll
      ? announcer.announceAll(model, news)
      : announcer.announceChanges(model, news, isAnswer: isAnswer)
    (news, isAnswer, mustPrintAll) = ([], false, false)
    guard !announcements.isEmpty else { return printsRow }
    var text = ""
    for part in announcements {
      switch part {
      case .line(let line): text += LineText.safe(line) + "\n"
      case .echo(let letters): text += LineText.safe(letters)
      case .erase: text += "\u{8} \u{8}"
      }
    }
    terminal.write(text)
    return printsRow
  }
}
