import JobProtocol
import Workflow

/// An error in a filter: one line that says where and what to do.
public struct TaskFilterError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// Reads the text of a ``TaskFilter``.
struct FilterReader {
  /// A character, and whether it was quoted: then it has no special meaning.
  private struct Letter {
    let character: Character
    let isQuoted: Bool

    func isSign(_ sign: Character) -> Bool { !isQuoted && character == sign }
  }

  private typealias Word = ArraySlice<Letter>

  private let words: [Word]

  init(_ text: String) { words = Self.split(text) }

  func terms() throws(TaskFilterError) -> [FilterTerm] {
    var terms: [FilterTerm] = []
    for word in words { terms.append(try Self.term(word)) }
    return terms
  }

  private static func split(_ text: String) -> [Word] {
    var words: [Word] = []
    var word: Word = []
    var (isQuoted, isEscaped, hasBegun) = (false, false, false)
    for character in text {
      if isEscaped || character != "\"" && character != "\\" && isQuoted {
        word.append(Letter(character: character, isQuoted: true))
        isEscaped = false
      } else if isQuoted, character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
        hasBegun = true
      } else if character.isWhitespace {
        if hasBegun || !word.isEmpty { words.append(word) }
        (word, hasBegun) = ([], false)
      } else {
        word.append(Letter(character: character, isQuoted: false))
      }
    }
    if hasBegun || !word.isEmpty { words.append(word) }
    return words
  }

  // MARK: Terms

  private static func term(_ word: Word) throws(TaskFilterError) -> FilterTerm {
    guard let first = word.first else {
      throw TaskFilterError(description: "\"\" is empty: write the text to look for in the quotes")
    }
    guard first.isSign("-") || first.isSign("!") else {
      return FilterTerm(test: try test(word))
    }
    let rest = word.dropFirst()
    guard !rest.isEmpty else {
      let sign = first.character
      throw TaskFilterError(
        description: "\(sign) has no term: write it directly before a term, as in "
          + "\(sign)state:succeeded")
    }
    return FilterTerm(isNegated: true, test: try test(rest))
  }

  private static func test(_ word: Word) throws(TaskFilterError) -> FilterTerm.Test {
    guard let colon = word.firstIndex(where: { $0.isSign(":") }), colon > word.startIndex else {
      return freeText(word)
    }
    let name = text(word[..<colon])
    let value = word[(colon + 1)...]
    guard let key = TaskFilter.Key(rawValue: name.lowercased()) else {
      if isTaskName(word) { return .task([Glob(parts: [text(word)], foldsCase: false)]) }
      throw unknownKey(name)
    }
    let alternatives = value.split(omittingEmptySubsequences: true) { $0.isSign(",") }
    guard !alternatives.isEmpty else {
      throw TaskFilterError(description: "\(key.rawValue): needs a value: \(key.help)")
    }
    return try test(key, alternatives)
  }

  private static func freeText(_ word: Word) -> FilterTerm.Test {
    let text = text(word)
    let bytes = FoldedText.bytes(text)
    return word.contains(where: \.isQuoted) ? .literal(bytes) : .fuzzy(FuzzyText(text), bytes)
  }

  /// `name:3` or `name:3.2`, as tasks are called.
  private static func isTaskName(_ word: Word) -> Bool {
    let suffix = text(word).split(separator: ":", omittingEmptySubsequences: false).last ?? ""
    let numbers = suffix.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count <= 2
      && numbers.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }

  private static func unknownKey(_ name: String) -> TaskFilterError {
    let keys = TaskFilter.Key.allCases.map(\.rawValue)
    let nearest = EditDistance.closest(to: name.lowercased(), among: keys)
    let advice =
      nearest.map { "did you mean \($0):" } ?? "the keys are \(keys.joined(separator: ", "))"
    return TaskFilterError(
      description: "\(name.displayName): is not a filter key: \(advice); quotes make it text")
  }

  // MARK: Values

  private static func test(
    _ key: TaskFilter.Key, _ values: [Word]
  ) throws(TaskFilterError) -> FilterTerm.Test {
    switch key {
    case .state: return .states(try states(values))
    case .cause: return .causes(try causes(values))
    case .stage: return .stage(values.map { glob($0, foldsCase: true) })
    case .host: return .host(values.map { glob($0, foldsCase: true) })
    case .worker: return .worker(values.map { glob($0, foldsCase: true) })
    case .process: return .process(try numbers(values, key))
    case .firing: return .firing(try numbers(values, key))
    case .attempt: return .attempt(try numbers(values, key))
    case .task: return .task(values.map { glob($0, foldsCase: false) })
    case .says: return .says(values.map { FoldedText.bytes(text($0)) })
    case .signature: return .signature(values.map { glob($0, foldsCase: false) })
    }
  }

  private static func states(_ values: [Word]) throws(TaskFilterError) -> Set<TaskState> {
    var all: Set<TaskState> = []
    for value in values {
      guard let states = StateWords.states(text(value)) else {
        throw TaskFilterError(
          description: "state:\(text(value).displayName) is not a state: \(StateWords.list)")
      }
      all.formUnion(states)
    }
    return all
  }

  private static func causes(_ values: [Word]) throws(TaskFilterError) -> [CausePattern] {
    var causes: [CausePattern] = []
    for value in values {
      let name = text(value)
      do {
        causes.append(try CausePattern(name))
      } catch {
        throw TaskFilterError(
          description: error == .noCause
            ? "cause:\(name.displayName) is not a cause: \(CausePattern.list)"
            : "cause:\(name.displayName) is not understood: exit:1, exit:>1, exit:1-9, "
              + "signal:9 and signal:KILL are")
      }
    }
    return causes
  }

  private static func numbers(
    _ values: [Word], _ key: TaskFilter.Key
  ) throws(TaskFilterError) -> [NumberPattern] {
    var numbers: [NumberPattern] = []
    for value in values {
      guard let number = NumberPattern(text(value)) else {
        throw TaskFilterError(
          description: "\(key.rawValue):\(text(value).displayName) is not a number: "
            + "3, 3-7, >3, >=3, <3 and <=3 are")
      }
      numbers.append(number)
    }
    return numbers
  }

  private static func glob(_ word: Word, foldsCase: Bool) -> Glob {
    let parts = word.split(omittingEmptySubsequences: false) { $0.isSign("*") }
    return Glob(parts: parts.map(text), foldsCase: foldsCase)
  }

  private static func text(_ word: Word) -> String { String(word.map(\.character)) }
}
