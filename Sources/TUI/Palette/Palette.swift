internal import Engine
internal import Workflow

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
  mutating func moveInHistory(_ steps: Int, from text: String) -> String? {
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
    // After the only completion, the next Tab completes what follows it.
    candidate = candidates.count > 1 ? place : nil
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

/// A line of the palette's list: a verb, or the action of a key.
struct PaletteEntry: Sendable, Equatable {
  let name: String
  let usage: String
  let help: String
  /// The keys of the same action.
  let keys: String
  /// Why it is not possible now.
  let objection: String?
}

extension Model {
  /// All commands in the focused pane: the verbs, then the actions of keys.
  var paletteEntries: [PaletteEntry] {
    let bindings = keys.bindings(in: focus)
    let verbs = self.verbs.map { verb in
      let binding = bindings.first { $0.action.name == verb.name }
      return PaletteEntry(
        name: verb.name, usage: verb.usage, help: verb.help, keys: binding?.names ?? "",
        objection: nil)
    }
    let known = Set(verbs.map(\.name))
    let actions = bindings.compactMap { binding -> PaletteEntry? in
      if known.contains(binding.action.name) || binding.action == .shell(.palette) { return nil }
      if case .move = binding.action { return nil }
      return PaletteEntry(
        name: binding.action.name, usage: "", help: binding.help, keys: binding.names,
        objection: objection(to: binding.action))
    }
    return verbs + actions
  }

  /// Entries that match the text: first by prefix, then by any part of name and help.
  func paletteEntries(for text: String) -> [PaletteEntry] {
    let typed = text.drop { $0 == " " }.lowercased()
    let word = typed.prefix { $0 != " " }
    let all = paletteEntries
    if typed.contains(" ") { return all.filter { $0.name == word } }
    let beginning = all.filter { $0.name.hasPrefix(word) }
    let within = all.filter { entry in
      !entry.name.hasPrefix(word)
        && (entry.name.contains(word) || entry.help.lowercased().contains(word))
    }
    return beginning + within
  }

  // MARK: Completion

  /// Complete lines for the current text.
  func completions(of text: String) -> [String] {
    let text = String(text.drop { $0 == " " })
    guard let blank = text.lastIndex(of: " ") else {
      return paletteEntries(for: text).filter { text.isEmpty || $0.name.hasPrefix(text) }.map {
        $0.usage.isEmpty ? $0.name : $0.name + " "
      }
    }
    let before = text[...blank]
    let word = text[text.index(after: blank)...]
    let name = String(text.prefix { $0 != " " })
    guard let verb = verbs.first(where: { $0.name == name }) else { return [] }
    let words = filterValues(word) ?? words(for: verb, after: before)
    let end = expectsMore(verb, before) ? " " : ""
    return words.filter { $0.hasPrefix(word) }.prefix(50).map { before + $0 + end }
  }

  /// Complete filters for the current text.
  func filterCompletions(of text: String) -> [String] {
    let word = text.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
    let before = text.dropLast(word.count)
    let keys = TaskFilter.Key.allCases.map { "\($0.rawValue):" }
    let words = filterValues(word) ?? keys + run.graph.stages.prefix(2000).map(\.name)
    return words.filter { $0.hasPrefix(word) }.prefix(50).map { before + $0 }
  }

  /// `state:failed`, if the word begins with a key whose values are known.
  private func filterValues(_ word: Substring) -> [String]? {
    guard let colon = word.firstIndex(of: ":"),
      let key = TaskFilter.Key(rawValue: String(word[..<colon].drop { $0 == "-" || $0 == "!" }))
    else { return nil }
    let values: [String]
    switch key {
    case .state: values = TaskState.allCases.map(\.word)
    case .stage: values = run.graph.stages.prefix(2000).map(\.name)
    case .host: values = Set(run.workers.map(\.host)).sorted()
    case .worker: values = run.workers.map(\.name)
    case .cause: values = TaskFilter.causeWords
    case .process, .firing, .attempt, .task, .says, .signature: return nil
    }
    return values.map { value in
      let isPlain = value.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) }
      return word[...colon] + (isPlain ? value : TaskFilter.quoted(value))
    }
  }

  /// Whether values follow the word: those of a setting.
  private func expectsMore(_ verb: Verb, _ before: Substring) -> Bool {
    guard case .settings = verb.argumentKind else { return false }
    return before.split(separator: " ").count == 1
  }

  private func words(for verb: Verb, after before: Substring) -> [String] {
    switch verb.argumentKind {
    case .none: return []
    case .oneOf(let words): return words
    case .runs: return (runs ?? []).map(\.run)
    case .settings:
      let path = before.split(separator: " ").dropFirst().first.map(String.init)
      return path.map { Preferences.values(of: $0) } ?? Preferences.settings
    case .workers: return run.workers.filter { !$0.isGone }.map(\.name)
    case .stages: return run.graph.stages.prefix(2000).map(\.name)
    case .tasks:
      let isOfProcesses = verb.options.contains(Self.processOption)
      if isOfProcesses, before.split(separator: " ").contains(Substring(Self.processOption)) {
        return processNames
      }
      // In the order of the table, so that failed tasks come first.
      let labels = (0..<min(tasks.count, 2000)).compactMap { tasks.firing(at: $0) }
        .map { run.workflow.label(process: $0.process, firing: $0.number) }
      return verb.options + TaskFilter.Key.allCases.map { "\($0.rawValue):" } + labels
    }
  }

  /// Each once, in workflow order.
  private var processNames: [String] {
    var known: Set<String> = []
    return run.workflow.processes.prefix(2000).map(\.name).filter { known.insert($0).inserted }
  }
}
