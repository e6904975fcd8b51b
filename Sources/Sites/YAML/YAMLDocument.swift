public import JSONValue

/// A YAML document, read as JSON.
public enum YAMLDocument {
  public struct Mistake: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  public static func json(_ text: String) throws(Mistake) -> JSON {
    do throws(YAMLReader.Mistake) {
      return try YAMLReader.json(text)
    } catch {
      let place = error.line.map { "line \($0): " } ?? ""
      throw Mistake(description: place + error.text)
    }
  }
}
