import Testing

/// The elements of a page in order, read like a browser as far as needed. Fails if an element is
/// not closed.
struct Elements {
  private(set) var names: [String] = []

  struct Broken: Error { let text: String }

  private static let open: Set<String> = ["meta", "input"]
  private static let raw: Set<String> = ["script", "style", "title"]

  init(_ html: String) throws {
    var rest = Substring(html)
    var stack: [String] = []
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: ">") else { throw Broken(text: "no > after <") }
      let tag = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!DOCTYPE") { continue }
      let name = String(tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber })
      if name.isEmpty { throw Broken(text: "<\(tag)>") }
      if tag.hasPrefix("/") {
        guard stack.popLast() == name else { throw Broken(text: "<\(tag)> closes another") }
        continue
      }
      names.append(name)
      if tag.hasSuffix("/") || Self.open.contains(name) { continue }
      if Self.raw.contains(name) {
        guard let close = rest.firstRange(of: "</\(name)>") else { throw Broken(text: name) }
        rest = rest[close.upperBound...]
      } else {
        stack.append(name)
      }
    }
    if !stack.isEmpty { throw Broken(text: "not closed: \(stack)") }
  }
}
