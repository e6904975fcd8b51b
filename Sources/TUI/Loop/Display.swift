internal import Engine
internal import Glibc
internal import HumanText
internal import Posix

/// Where the loop shows what it has: a screen that is painted, or lines that are said.
enum Display {
  case screen(any ScreenTerminal)
  case lines(any LineTerminal)

  /// A screen if it can be; lines where it was asked for or there is no other way, which is said.
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

  /// Milliseconds between paintings; what is said is not said in pieces.
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

/// Says on a line terminal what is new.
struct Speaker {
  /// Events before this belong to the past: only what has become of them is told.
  private let since: Int
  private var narration = Narration()
  private var narrator = RunNarrator()
  private var news: [String] = []
  private var wasAsked = false
  private var mustTellAll = true

  init(since: Int) { self.since = since }

  /// Notes what a message brought; `model` has taken it in.
  mutating func hear(_ message: Message, _ model: Model) {
    switch message {
    case .input, .lent: wasAsked = true
    case .world(let messages):
      for case .events(let events) in messages {
        for event in events where event.time >= since {
          news += narrator.lines(for: event, in: model.run)
        }
      }
    case .resized, .clock: break
    }
  }

  mutating func repeatAll() { mustTellAll = true }

  /// Whether the row that keys act on was told, if it is another one.
  mutating func speak(of model: Model, on terminal: any LineTerminal) -> Bool {
    // Before the run is known there is nothing to say.
    guard model.run.startedAt != nil else { return false }
    let tellsRow = mustTellAll || wasAsked
    narration.tellsEnd = terminal.hasKeys
    let speech =
      mustTellAll
      ? narration.tellAll(model, news) : narration.tell(model, news, wasAsked: wasAsked)
    (news, wasAsked, mustTellAll) = ([], false, false)
    guard !speech.isEmpty else { return tellsRow }
    var text = ""
    for part in speech {
      switch part {
      case .line(let line): text += LineText.safe(line) + "\n"
      case .echo(let letters): text += LineText.safe(letters)
      case .erase: text += "\u{8} \u{8}"
      }
    }
    terminal.say(text)
    return tellsRow
  }
}
