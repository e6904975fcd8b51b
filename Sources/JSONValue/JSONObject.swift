/// The members of a JSON object, in order. A repeated key keeps its first position and its last
/// value, as in `JSON.parse`.
///
/// Small objects are searched. From `indexThreshold` members on, a dictionary finds keys, so
/// building an object with a hundred thousand keys takes linear time.
public struct JSONObject: Sendable {
  public private(set) var members: [(key: String, value: JSON)] = []
  private var index: [ExactText: Int]?

  private static let indexThreshold = 16

  public init() {}

  public init(_ members: some Sequence<(String, JSON)>) {
    for (key, value) in members { self[key] = value }
  }

  /// Members with different keys.
  public init(distinct members: [(key: String, value: JSON)]) {
    self.members = members
    if members.count >= Self.indexThreshold { rebuildIndex() }
  }

  public var keys: some Sequence<String> { members.lazy.map(\.key) }
  public var isEmpty: Bool { members.isEmpty }
  public var count: Int { members.count }

  public subscript(key: String) -> JSON? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): remove(at: place)
      case (nil, let value?): append(key, value)
      case (nil, nil): break
      }
    }
  }

  private func position(of key: String) -> Int? {
    if let index { return index[ExactText(key)] }
    let key = ExactText(key)
    // By index, because a closure would copy each value.
    for place in members.indices where ExactText(members[place].key) == key { return place }
    return nil
  }

  private mutating func append(_ key: String, _ value: JSON) {
    members.append((key, value))
    if index != nil {
      index?[ExactText(key)] = members.count - 1
    } else if members.count >= Self.indexThreshold {
      rebuildIndex()
    }
  }

  private mutating func remove(at place: Int) {
    members.remove(at: place)
    if index != nil { rebuildIndex() }
  }

  private mutating func rebuildIndex() {
    index = Dictionary(
      uniqueKeysWithValues: members.enumerated().map { (ExactText($0.element.key), $0.offset) })
  }
}

/// Equal if they have the same members, in any order.
extension JSONObject: Equatable {
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }
}

extension JSON {
  /// Whether both give the same text, unlike `==`, which neglects the order of members and compares
  /// strings as Swift does.
  public func isIdentical(to other: JSON) -> Bool {
    switch (self, other) {
    case (.string(let left), .string(let right)): ExactText(left) == ExactText(right)
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isIdentical(to: $1) }
    case (.object(let left), .object(let right)):
      left.count == right.count
        && zip(left.members, right.members).allSatisfy {
          ExactText($0.key) == ExactText($1.key) && $0.value.isIdentical(to: $1.value)
        }
    default: self == other
    }
  }
}
