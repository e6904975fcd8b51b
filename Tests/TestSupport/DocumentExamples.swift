/// What stands in a document between fences of JSON, and in here-documents of the shell.
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
