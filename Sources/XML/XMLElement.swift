/// An element of an XML document.
public struct XMLElement: Sendable {
  public enum Part: Sendable {
    case text(String)
    case element(XMLElement)
  }

  /// Without the prefix of its namespace.
  public let name: String
  /// In the order of the document; the names have their prefixes.
  public let attributes: [(name: String, value: String)]
  public internal(set) var parts: [Part] = []

  init(name: String, attributes: [(name: String, value: String)]) {
    self.name = name
    self.attributes = attributes
  }

  /// The value of an attribute.
  public subscript(attribute: String) -> String? {
    attributes.first { $0.name == attribute }?.value
  }

  public var elements: [XMLElement] {
    parts.compactMap { part in
      if case .element(let element) = part { element } else { nil }
    }
  }

  /// The text of this element without that of the elements in it.
  public var text: String {
    parts.map { part in
      if case .text(let text) = part { text } else { "" }
    }.joined()
  }
}
