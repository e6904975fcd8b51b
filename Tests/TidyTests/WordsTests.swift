import Foundation
import Testing

/// The words of comments, names, messages and documents: those of the field, and one word for one
/// thing. Each row says what to write instead.
@Suite struct WordsTests {
  struct Ban: Sendable, CustomTestStringConvertible {
    let pattern: String
    let instead: String
    /// `file: word` for stored names and other words that cannot change.
    var exceptions: Set<String> = []

    init(_ pattern: String, _ instead: String, except exceptions: Set<String> = []) {
      self.pattern = pattern
      self.instead = instead
      self.exceptions = exceptions
    }

    var testDescription: String { pattern }

    func matches(in text: String) throws -> [(word: String, line: Int)] {
      let expression = try NSRegularExpression(pattern: pattern, options: [.anchorsMatchLines])
      let whole = NSRange(text.startIndex..., in: text)
      return expression.matches(in: text, range: whole).compactMap { match in
        guard let range = Range(match.range, in: text) else { return nil }
        let line = 1 + text[..<range.lowerBound].utf8.count { $0 == UInt8(ascii: "\n") }
        return (String(text[range]), line)
      }
    }

    func check(_ text: String, of path: String) throws {
      let file = path.split(separator: "/").last.map(String.init) ?? path
      for (word, line) in try matches(in: text) where !exceptions.contains("\(file): \(word)") {
        Issue.record("\(path):\(line): \(word): \(instead)")
      }
    }
  }

  // MARK: Texts

  /// For comments, messages and documents.
  static let words = [
    Ban(#"\b(goes|go|went|going) on( with)?\b"#, "continue, resume"),
    Ban(#"\bsigns? of life\b"#, "heartbeat"),
    Ban(#"\banother make\b"#, "foreign executor"),
    Ban(#"(?i)\blookers?\b"#, "viewer", except: ["RunDirectory.swift: lookers"]),
    Ban(#"\b(told of|tells? of|told about it)\b"#, "report, notify"),
    Ban(#"\bSo (many|often|long|much)\b"#, "name the number"),
    Ban(#"\bunder way\b"#, "running, sent"),
    Ban(
      #"\b(anew|alike|beforehand|thereof|thus|hence|whence|wherein)\b"#, "again, both, in advance"),
    Ban(#"\bask(s|ed|ing)? after\b"#, "check"),
    Ban(#"\b(lays?|laid|laying) aside\b"#, "set aside"),
    Ban(#"\b(brings?|brought) (it |them )?back\b"#, "restart, restore"),
    Ban(#"\bjust now\b"#, "at the moment, or nothing"),
    Ban(#"\b(the same of|as of one|one which|that which|of which)\b"#, "whose, or a new sentence"),
    Ban(#"\bwhere (there )?(is|are) none\b"#, "if there is none"),
    Ban(#"\bmade again\b"#, "retried, restored"),
    Ban(#"\bnobody had\b"#, "no executor had"),
    Ban(#"\bmakes? room\b"#, "free space"),
    Ban(#"\b(lets?|letting) go\b"#, "discard, release"),
    Ban(#"\b[Ww]ho(so)?ever\b"#, "name the actor"),
    Ban(
      #"\bpersons?(Downstream)?\b"#, "user",
      except: ["RunEvent.swift: person", "RunEvent.swift: personDownstream"]),
    Ban(#"(?i)\b(et cetera|and so on|etc\.)"#, "list it"),
    Ban(#"\b(simply|really|actually|basically)\b"#, "delete the filler"),
    Ban(#"\bblanks\b"#, "spaces"),
    Ban(#"\bparted by\b"#, "separated by"),
    Ban(#"\b(a|one) word about\b"#, "message"),
    Ban(#"\blacked\b"#, "missing"),
    Ban(#"timeout after\b"#, "timed out after"),
    Ban(#"\bgone worker"#, "a worker that left"),
    Ban(#"\bis started again\b"#, "was restarted, is restarted"),
    Ban(#"\bgive that one\b"#, "name what to give"),
    Ban(#"\b(is|are) taken for\b"#, "is treated as, counts as"),
    Ban(
      #"(?<!there )\bis no (regular )?(file|directory|number|terminal|state|cause|key)\b"#,
      "is not a …"),
    Ban(#"\b(last|first) words\b"#, "the last line, the end of the output"),
    Ban(#"(?<![\w./])/(srv|home|work|tmp/[a-z]+\.md)/"#, "no paths of one machine"),
  ]

  /// Comments and strings of the sources, comments and names of the tests, and the documents.
  private static let texts =
    Repository.sources.map { ($0.path, $0.prose) }
    + tests.map { ($0.path, $0.testProse) }
    + Repository.documents.map { ($0, Repository.prose(of: $0)) }

  /// Without this target, whose patterns are the words themselves.
  private static let tests = Repository.tests.filter { $0.target != "TidyTests" }

  @Test(arguments: words)
  func `texts use the words of the field`(ban: Ban) throws {
    for (path, text) in Self.texts { try ban.check(text, of: path) }
  }

  @Test func `a comment has one idea in a sentence`() throws {
    let ban = Ban(#";[^;\n]*;"#, "one semicolon in a line at most")
    for source in Repository.sources + Self.tests {
      try ban.check(source.comments.joined(separator: "\n"), of: source.path)
    }
  }

  @Test func `the first word of a comment is its subject or verb`() throws {
    let pattern = #"^ */// (Of|Those|Who|They|Them|That|It|Else|Nor|And|But|Or|So)\b"#
    let expression = try Regex(pattern)
    for source in Repository.sources + Self.tests {
      for (number, line) in source.lines.enumerated() where line.contains(expression) {
        let before = number > 0 ? source.lines[number - 1].drop { $0 == " " } : ""
        if before.hasPrefix("///") { continue }
        Issue.record(
          "\(source.path):\(number + 1): \(line.drop { $0 == " " }): begin with a noun or a verb")
      }
    }
  }

  @Test func `a comment of a declaration begins like a sentence`() {
    // Comments of tests may begin with the name of a process or a file.
    for source in Repository.sources {
      for (number, line) in source.lines.enumerated() {
        let text = line.drop { $0 == " " }
        let before = number > 0 ? source.lines[number - 1].drop { $0 == " " } : ""
        guard text.hasPrefix("/// "), !before.hasPrefix("///") else { continue }
        if text.dropFirst(4).first?.isLowercase == true {
          Issue.record("\(source.path):\(number + 1): \(text): begin with a capital letter")
        }
      }
    }
  }

  // MARK: Names

  /// For all declared names.
  static let names = [
    Ban("^(deeds?|Deeds?|speaker|Speaker|Workshop|LogDesk|RunBirth|[Dd]oor)$", "a plain noun"),
    Ban("(?i)looker|lookedat", "viewer, checked"),
    Ban("(?i)crowd", "what waits for parlevel; many nets"),
    Ban(
      "(?i)lastWords|firstWords|farewell|pulse$|glance|birth|revive|sweep|sleepless|^lend|^lent$",
      "plain description"),
    Ban("(?i)noMore$|goOn$|forgive", "a plain verb: isNot…, remove…, continue"),
    Ban(#"^of[A-Z]\w*$"#, "name the thing, not the genitive"),
    Ban(
      "([hH]eard|^told|[a-z]Told|[lL]ookAfter)|^(beginAnew|makeRoom|noRoom)$",
      "received, reported, checked; space"),
    Ban("^(patience|[a-z]+Patience|isPatient)", "timeout, interval, milliseconds"),
    Ban("(?i)complain", "error, failure, problem, message"),
    Ban("(?i)distrust", "untrusted, refused"),
    Ban("(?i)narrat|^(speech|spoken)$", "announce, print; what screen readers get"),
    Ban("^(said|saidSo|tells[A-Z]\\w*|must(Tell|Say)\\w*)$", "reported, announces, prints"),
    Ban("(?i)^(room|[a-z]+Room)$", "space, width, columns, available"),
    Ban(
      "^(isThere|wasThere|isAdrift|isApart|isBare|goesOn)$", "exists, isAlive, isInList, isShown"),
    Ban(
      "^(mends|hopeless\\w*|survivors|crew|shelf\\w*|kin|fate|essence|absence)$", "its effect"),
    Ban("(?i)^(wish|leftRuns|bring(s|Back|Worker|Executor))$", "parameters, kept, restart, add"),
    Ban("^(isGot|got|getsNothing)$", "input, output"),
    Ban("^(least|most)$", "minimum, maximum"),
    Ban("^trouble$", "failure, attention, problem", except: ["WorkerHealth.swift: trouble"]),
    Ban(
      "^(who|whom|what|why|how|it|them|they|theirs|ours|those)$",
      "a noun: reason, cause, name, advice"),
  ]

  /// For functions and types.
  static let functions = [
    Ban("^take$", "receive, apply, accept, consume, handle"),
    Ban("^(learn|hear|hears|heard|hearNothing|listenFor)$", "receive, observe"),
    Ban("^(look|looks|Look)$", "check, inspect, appearance"),
    Ban("^(beat|nextBeat)$", "heartbeat, schedule"),
    Ban(
      "^([Ss]igns?|keepSigning)$", "heartbeat, symbol, glyph; to sign is cryptography",
      except: ["SigningKey+Job.swift: sign", "SigningKey+Requests.swift: sign"]),
    Ban("^(fits|fitting|fittingTasks)$", "matches, applicable"),
    Ban(
      "^(weigh|judge|obey|suspect|suspects|admit|believed|strike|shelve|land|stiffen)$",
      "decide, check, apply, accept, verify, mark, save"),
    Ban("^(comeBack|letGo|takeUp|bearRefusals|goOn|silent)$", "resume, release, wait out, check"),
    Ban(
      "^(Place|Piece|Spot|Fate|Room|Seal|Speech|Weight|Own|Left|Hold|Lists|Found|Touch|Open)$",
      "a noun of the field"),
    Ban("^(Typed|Words|Crowd)$", "a noun of the field"),
    Ban(
      "^(most|whole|full|common|late|broken|given|near|under|around|again|apart)$",
      "a noun or a verb, no adjective or preposition"),
    Ban("^(where|when)$", "place, time"),
    Ban("^(say|says|tell|tells|tellAll|rest|bad|wrong|prove|greet)$", "show, print, wait, invalid"),
    Ban("^(ask|asks)$", "send, request, query", except: ["OtherRuns.swift: ask"]),
    Ban("^(recall|standing|surroundings|absence|lookAhead)$", "restore, state, update"),
    Ban(
      "^(turned|returned|leaving|bringBack|takeBack|noSuch|lights)$", "copy, restore, undo"),
    Ban(
      "^(attemptLeft|couldFire|occupy|takeFinish|boundLogs|boundOpenLogs)$",
      "attemptEnded, canFire, restartFailed, finishOnce, limitLogs"),
    Ban("^(words|said)$", "arguments, text, message", except: wordLists),
    Ban("^(Wish|Texts|Hidden|Arrived|Narration|LeftRuns|Lack)$", "a noun of the field"),
  ]

  /// Functions that split text into words.
  private static let wordLists: Set<String> = [
    "ContainerOrder.swift: words", "DeclaredFiles.swift: words", "CommandText.swift: words",
    "EditOptions.swift: words", "Palette.swift: words", "PlainPane.swift: words",
  ]

  private struct Name {
    let path: String
    let line: Int
    let kind: Substring
    let text: Substring
  }

  private static let declared = Repository.sources.flatMap { source in
    source.code.enumerated().flatMap { number, line -> [Name] in
      let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
      return zip(words, words.dropFirst()).map {
        Name(path: source.path, line: number + 1, kind: $0, text: $1)
      }.filter { kinds.contains($0.kind) }
    }
  }

  private static let values: Set<Substring> = ["var", "let", "case"]
  private static let kinds = values.union([
    "func", "struct", "class", "enum", "actor", "protocol", "typealias",
  ])

  @Test(arguments: names)
  func `names are terms of the field`(ban: Ban) throws {
    try check(Self.declared, ban)
  }

  @Test(arguments: functions)
  func `functions and types are named for what they do`(ban: Ban) throws {
    try check(Self.declared.filter { !Self.values.contains($0.kind) }, ban)
  }

  /// Searches all names at once, one on each line.
  private func check(_ names: [Name], _ ban: Ban) throws {
    for (word, line) in try ban.matches(in: names.map(\.text).joined(separator: "\n")) {
      let name = names[line - 1]
      let file = name.path.split(separator: "/").last ?? ""
      if ban.exceptions.contains("\(file): \(word)") { continue }
      Issue.record("\(name.path):\(name.line): \(name.text): \(ban.instead)")
    }
  }

  // MARK: One name for one thing

  @Test func `no type name is in two targets`() throws {
    // Both programs have one.
    let shared: Set<String> = ["Console"]
    let words = #"(?:public |package |final |indirect )*"#
    let kinds = "(?:struct|enum|class|actor|protocol|typealias)"
    let declaration = try Regex("^\(words)\(kinds) (\\w+)", as: (Substring, Substring).self)
    var targets: [String: String] = [:]
    for source in Repository.sources {
      for line in source.code {
        guard let name = line.firstMatch(of: declaration).map({ String($0.1) }),
          !shared.contains(name)
        else { continue }
        let other = targets.updateValue(source.target, forKey: name)
        if let other { Issue.record("\(name) is in \(other) and in \(source.path)") }
      }
    }
  }

  @Test func `no file name is used twice`() {
    let shared: Set<String> = ["Console.swift", "main.swift"]
    let files = Dictionary(grouping: Repository.sources, by: \.file)
    for (name, sources) in files where sources.count > 1 && !shared.contains(name) {
      Issue.record("\(sources.map(\.path).sorted())")
    }
  }

  @Test func `the names in the table of words exist`() throws {
    let map = try #require(Repository.text("ARCHITECTURE.md"))
    let table = map.split(separator: "\n").drop { $0 != "## Words" }.drop { !$0.hasPrefix("|") }
      .prefix { $0.hasPrefix("|") }
    #expect(table.count > 20)
    let code = Set(
      Repository.sources.flatMap { source in
        source.code.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" } }
      })
    for row in table {
      let cells = row.split(separator: "|")
      for name in cells.last?.split(separator: "`") ?? [] where name.first?.isLetter == true {
        if name.hasPrefix("hflow") { continue }
        for part in name.split(separator: ".") where !code.contains(part) {
          Issue.record("ARCHITECTURE.md: \(name) is not in Sources")
        }
      }
    }
  }
}
