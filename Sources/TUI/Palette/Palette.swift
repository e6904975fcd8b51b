/// The state of the command palette besides the line being typed.
struct Palette: Equatable, Sendable {
  static let historyLimit = 100

  /// What was run, the oldest first.
  private(set) var history: [String] = []
  /// Which of the history is shown, while one goes through it.
  private var place: Int?
  /// What was typed before one went there.
  private var draft = ""
  /// What Tab goes through, and where it is.
  private var candidates: [String] = []
  private var candidate: Int?

  /// The line to show after going `steps` back (negative) or forth; `nil` when there is no more.
  mutating func recall(_ steps: Int, from text: String) -> String? {
    if place == nil { draft = text }
    let next = (place ?? history.count) + steps
    guard (0...history.count).contains(next) else { return nil }
    place = next == history.count ? nil : next
    return place.map { history[$0] } ?? draft
  }

  /// The next completion, round and round; the first time those of `complete`.
  mutating func cycle(_ steps: Int, _ complete: () -> [String]) -> String? {
    if candidate == nil { candidates = complete() }
    guard !candidates.isEmpty else { return nil }
    let next = candidate.map { $0 + steps } ?? (steps > 0 ? 0 : -1)
    let place = (next + candidates.count) % candidates.count
    candidate = place
    return candidates[place]
  }

  /// The line was changed by hand.
  mutating func touch() {
    place = nil
    candidate = nil
  }

  mutating func remember(_ text: String) {
    touch()
    history.removeAll { $0 == text }
    history.append(text)
    if history.count > Self.historyLimit { history.removeFirst() }
  }
}
