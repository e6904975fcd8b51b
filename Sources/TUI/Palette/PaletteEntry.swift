internal import Engine
internal import Workflow

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
    return words(for: verb, after: before).filter { $0.hasPrefix(word) }.prefix(50).map {
      before + $0
    }
  }

  private func words(for verb: Verb, after before: Substring) -> [String] {
    switch verb.words {
    case .none: return []
    case .oneOf(let words): return words
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
