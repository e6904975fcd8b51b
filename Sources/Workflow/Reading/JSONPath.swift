/// A place in the file, for findings. Its text is made only when needed.
struct JSONPath: CustomStringConvertible {
  /// The array's key in this file: `processes` or the old name `tasks`.
  let list: String
  let index: Int
  var suffix = ""

  var description: String { "\(list)[\(index)]\(suffix)" }

  func key(_ name: String) -> String { "\(self).\(name)" }
  func element(_ name: String, _ position: Int) -> String { "\(self).\(name)[\(position)]" }
}

extension JSONPath {
  func inside(_ path: String) -> JSONPath {
    JSONPath(list: list, index: index, suffix: suffix + path)
  }
}
