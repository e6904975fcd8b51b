/// The state of the palette besides its text field.
struct Palette: Equatable, Sendable {
  static let historyLimit = 100

  /// Earlier commands, oldest first.
  private(set) var history: [String] = []
  /// The position in the history.
  private var place: Int?
  /// The text before the history was entered.
  private var draft = ""
  /// The completions that Tab cycles through, and the current one.
  private var candidates: [String] = []
  private var candidate: Int?

  /// The line `steps` back (negative) or forward in the history; `nil` if there is none.
  mutating func recall(_ steps: Int, from text: String) -> String? {
    if place == nil { draft = text }
    let next = (place ?? history.count) + steps
    guard (0...history.count).contains(next) else { return nil }
    place = next == history.count ? nil : next
    return place.map { history[$0] } ?? draft
  }

  /// The next completion, cyclically; the first call computes them with `complete`.
  mutating func cycle(_ steps: Int, _ complete: () -> [String]) -> String? {
    if candidate == nil { candidates = complete() }
    guard !candidates.isEmpty else { return nil }
    let next = candidate.map { $0 + steps } ?? (steps > 0 ? 0 : -1)
    let place = (next + candidates.count) % candidates.count
    candidate = place
    return candidates[place]
  }

  /// The line was edited.
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
