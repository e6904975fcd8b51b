/// `TASKS=SITE`: the tasks of these processes run on this site. `*` in TASKS stands for any text.
public struct Route: Sendable, Equatable {
  public let pattern: String
  public let site: String

  public init(_ text: String) throws(SiteMistake) {
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
      text.index(after: equals) < text.endIndex
    else { throw SiteMistake("--route \(text): write TASKS=SITE, as in 'mProject*=cluster'") }
    pattern = String(text[..<equals])
    site = String(text[text.index(after: equals)...])
  }

  public var text: String { "\(pattern)=\(site)" }

  /// Whether the pattern describes the name of a process.
  public func matches(_ name: String) -> Bool { Self.matches(Array(pattern), Array(name)) }

  private static func matches(_ pattern: [Character], _ text: [Character]) -> Bool {
    var (place, start) = (0, 0)
    // The position of the last `*`, and the end of the text that it matches so far.
    var star: (pattern: Int, text: Int)?
    while start < text.count {
      if place < pattern.count, pattern[place] == "*" {
        star = (place, start)
        place += 1
      } else if place < pattern.count, pattern[place] == text[start] {
        place += 1
        start += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        place = last.pattern + 1
        start = last.text + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
  }
}
