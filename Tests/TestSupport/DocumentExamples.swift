/// The JSON blocks of a document, and the here-documents of its shell blocks.
public func examples(in document: String) -> [String] {
  var examples: [String] = []
  var open: [Substring]?
  for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
    if line == "```json" || line.hasSuffix("<<'END'") {
      open = []
    } else if line == "```" || line == "END" {
      if let lines = open { examples.append(lines.joined(separator: "\n")) }
      open = nil
    } else {
      open?.append(line)
    }
  }
  return examples
}
