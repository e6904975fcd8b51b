internal import Engine
internal import HumanText
internal import Workflow

extension Model {
  private static let slowest = 1.0 / 16
  private static let fastest = 65_536.0
  /// How many steps lead from one end to the other.
  private static let steps = 20

  /// Applies the state of the replay, whose position is the model's time.
  mutating func handle(_ state: ReplayState) {
    replay = state
    now = state.position
  }

  mutating func perform(_ action: ReplayAction) -> [Effect] {
    guard let replay else { return [] }
    let step = max(1, replay.length / Self.steps)
    let request: ReplayRequest =
      switch action {
      case .pause: .pause
      case .slower: .speed(max(Self.slowest, replay.speed / 2))
      case .faster: .speed(min(Self.fastest, replay.speed * 2))
      case .back: .seek(replay.position - step)
      case .forward: .seek(replay.position + step)
      case .start: .seek(replay.range.lowerBound)
      case .end: .seek(replay.range.upperBound)
      }
    return [.world(.replay(request))]
  }

  /// Shows another time of the run. The user's arrangement stays; data from later events is
  /// removed.
  mutating func rewind(to state: RunState) {
    // Ignore the rewind of a replay that the user has left for another run.
    guard state.workflow.processes.count == run.workflow.processes.count else { return }
    var next = copy(showing: state)
    next.arrangement = arrangement
    next.overlay = overlay
    next.overlayTop = overlayTop
    next.prompt = prompt
    next.begin(replay)
    next.tasks.resume(tasks, state)
    next.graph = graph
    next.log.extent = log.extent
    self = next
  }

  /// Starts showing a replay.
  mutating func begin(_ state: ReplayState?) {
    guard let state else { return }
    handle(state)
    keys = keys.overlaid(with: ReplayKeys.bindings)
  }

  /// `replay ▶ ×8  0:01:12/0:04:12  28 %`, at its end `replay ‖ the end  0:04:12`; shortened
  /// for a small width.
  func replayLine(_ replay: ReplayState, isShort: Bool = false) -> Line {
    let sign = replay.isPaused ? theme.glyph(.held) : theme.glyph(.running)
    var line = Line("replay ", theme.dim)
    line.append(sign + " ", replay.isPaused ? theme.style(.held) : theme.style(.running))
    if replay.isAtEnd {
      line.append("the end", theme.strong)
      if !isShort {
        line.append("  " + Formats.duration(milliseconds: replay.length), theme.dim)
      }
      return line
    }
    let percent = replay.length == 0 ? 100 : replay.elapsed * 100 / replay.length
    if !isShort {
      line.append((theme.ascii ? "x" : "×") + Self.speedText(replay.speed))
      line.append("  " + Formats.duration(milliseconds: replay.elapsed), theme.strong)
      line.append("/" + Formats.duration(milliseconds: replay.length) + "  ", theme.dim)
    }
    line.append("\(percent) %", theme.dim)
    return line
  }

  /// `8`, `0.25`, `1.5`
  static func speedText(_ speed: Double) -> String {
    if speed >= 10 || speed == speed.rounded() { return "\(Int(min(speed, 1e9).rounded()))" }
    let hundredths = Int((speed * 100).rounded())
    let rest = hundredths % 100
    let digits = rest % 10 == 0 ? "\(rest / 10)" : (rest < 10 ? "0\(rest)" : "\(rest)")
    return "\(hundredths / 100).\(digits)"
  }
}

// MARK: - Commands

extension Model {
  /// Additional commands of the palette.
  var verbs: [Verb] {
    guard replay != nil else { return Verb.all }
    return Verb.replaying + Verb.all.filter { ["filter", "theme"].contains($0.name) }
  }
}

extension Verb {
  static let replaying: [Verb] = [
    Verb(
      name: "seek", usage: "28% | 0:01:12", help: "go to a time of the replay", argumentKind: .none
    ) { words, model throws(PaletteError) in
      guard let replay = model.replay else { throw PaletteError("seek works only in a replay") }
      guard words.count == 1, let position = position(words[0], in: replay) else {
        throw PaletteError("seek needs a percentage or a time: seek 28%, seek 0:01:12")
      }
      return [.world(.replay(.seek(position)))]
    },
    Verb(
      name: "speed", usage: "N", help: "replay N times as fast", argumentKind: .none
    ) { words, model throws(PaletteError) in
      guard model.replay != nil else { throw PaletteError("speed works only in a replay") }
      guard words.count == 1, let speed = Double(words[0]), speed > 0, speed <= 1_000_000 else {
        throw PaletteError("speed needs a number, as in: speed 8")
      }
      return [.world(.replay(.speed(speed)))]
    },
  ]

  /// A percentage, or hours, minutes and seconds from the start; `nil` for neither.
  static func position(_ word: String, in replay: ReplayState) -> Int? {
    if word.hasSuffix("%"), let share = Double(word.dropLast()), (0...100).contains(share) {
      return replay.range.lowerBound + Int(Double(replay.length) * share / 100)
    }
    let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(parts.count) else { return nil }
    var seconds = 0
    for part in parts {
      guard let part, part >= 0, part < 1_000_000 else { return nil }
      seconds = seconds * 60 + part
    }
    return replay.range.lowerBound + seconds * 1000
  }
}
