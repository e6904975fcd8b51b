/// The state of a replay.
public struct ReplayState: Sendable, Equatable {
  /// Milliseconds since 1970, on the clock of the events.
  public var position: Int
  /// From the first event to the last.
  public var range: ClosedRange<Int>
  /// Seconds of the run for each second of real time.
  public var speed: Double
  public var isPaused: Bool

  public init(position: Int, range: ClosedRange<Int>, speed: Double, isPaused: Bool = false) {
    self.position = position
    self.range = range
    self.speed = speed
    self.isPaused = isPaused
  }

  public var length: Int { range.upperBound - range.lowerBound }
  public var elapsed: Int { position - range.lowerBound }
  public var isAtEnd: Bool { position >= range.upperBound }
}

/// Requests to a replay.
public enum ReplayRequest: Sendable, Equatable {
  /// Pauses or continues; at the end, restarts from the beginning.
  case pause
  case speed(Double)
  /// To a time in milliseconds since 1970, limited to the range.
  case seek(Int)
}

/// The keys of a replay. They take precedence over those of panes, whose actions on the run are
/// not possible.
enum ReplayKeys {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .replay(.pause), .run, [.character(" "), .character("p")], "pause or continue",
      hint: "pause"),
    KeyBinding(.replay(.slower), .run, [.character("<")], "half speed", hint: "slower"),
    KeyBinding(.replay(.faster), .run, [.character(">")], "double speed", hint: "faster"),
    KeyBinding(.replay(.back), .run, [.character("{")], "5 % back", hint: "back"),
    KeyBinding(.replay(.forward), .run, [.character("}")], "5 % forward", hint: "forward"),
    KeyBinding(.replay(.start), .run, [.character("(")], "to the start"),
    KeyBinding(.replay(.end), .run, [.character(")")], "to the end"),
  ]
}

/// The actions of a replay.
enum ReplayAction: String, CaseIterable, Sendable {
  case pause, slower, faster, back, forward, start, end
}

extension KeyTable {
  /// The table with bindings that take precedence everywhere.
  func overlaid(with bindings: [KeyBinding]) -> KeyTable {
    let taken = Set(bindings.flatMap(\.keys))
    func withoutTaken(_ others: [KeyBinding]) -> [KeyBinding] {
      others.compactMap { binding in
        var binding = binding
        binding.keys.removeAll { taken.contains($0) }
        return binding.keys.isEmpty ? nil : binding
      }
    }
    return KeyTable(global: bindings + withoutTaken(global), local: local.mapValues(withoutTaken))
  }
}
