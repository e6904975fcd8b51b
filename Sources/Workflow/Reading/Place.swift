/// Where in the file something is, as findings name it. Cheap to carry: the text is made only for a
/// finding.
struct Place: CustomStringConvertible {
  /// The array's key as this file spells it: `processes` or its old alias `tasks`.
  let list: String
  let index: Int
  var suffix = ""

  var description: String { "\(list)[\(index)]\(suffix)" }

  func key(_ name: String) -> String { "\(self).\(name)" }
  func element(_ name: String, _ position: Int) -> String { "\(self).\(name)[\(position)]" }
}

extension Place {
  func inside(_ path: String) -> Place { Place(list: list, index: index, suffix: suffix + path) }
}
