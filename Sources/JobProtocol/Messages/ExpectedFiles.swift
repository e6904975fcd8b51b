public import JSONValue

/// The files that a job declares, which its executor looks for before the start and after the end:
/// the member `files` of `hflow` in a job message.
public struct ExpectedFiles: Sendable, Equatable {
  /// In the order of the message's inputs.
  public var inputs: [Input]
  /// Names, in the order of the message's outputs.
  public var outputs: [String]
  /// Whether a missing file fails the job; else the report has a warning.
  public var isStrict: Bool

  public struct Input: Sendable, Equatable {
    public let name: String
    /// The label of the task that makes it; empty if no task does.
    public let maker: String

    public init(name: String, maker: String = "") {
      self.name = name
      self.maker = maker
    }
  }

  public init(inputs: [Input], outputs: [String], isStrict: Bool) {
    self.inputs = inputs
    self.outputs = outputs
    self.isStrict = isStrict
  }

  init?(_ value: JSON) {
    guard let members = value.object else { return nil }
    inputs = (members["in"]?.array ?? []).compactMap { item in
      if let name = item.string { return Input(name: name) }
      guard let pair = item.array, let name = pair.first?.string else { return nil }
      return Input(name: name, maker: pair.dropFirst().first?.string ?? "")
    }
    outputs = (members["out"]?.array ?? []).compactMap(\.string)
    isStrict = members["strict"]?.bool ?? false
  }

  public var json: JSON {
    var members = JSONObject()
    if !inputs.isEmpty {
      members["in"] = .array(
        inputs.map { input in
          input.maker.isEmpty
            ? .string(input.name) : .array([.string(input.name), .string(input.maker)])
        })
    }
    if !outputs.isEmpty { members["out"] = .array(outputs.map(JSON.string)) }
    if isStrict { members["strict"] = true }
    return .object(members)
  }
}

extension ExpectedFiles {
  private static let shownNames = 5

  /// `input missing: a.txt; task make:1 should have made it`.
  public func text(missingInputs names: [String]) -> String {
    let makers = Dictionary(inputs.map { ($0.name, $0.maker) }, uniquingKeysWith: { $1 })
    var made: [String] = []
    for maker in names.compactMap({ makers[$0] }) where !maker.isEmpty && !made.contains(maker) {
      made.append(maker)
    }
    let pronoun = names.count == 1 ? "it" : "them"
    let origin =
      made.isEmpty
      ? "no task makes \(pronoun)"
      : "\(made.count == 1 ? "task" : "tasks") \(Self.list(made)) should have made \(pronoun)"
    return "\(Self.noun("input", names)) missing: \(Self.list(names)); \(origin)"
  }

  /// `output missing: a.txt`.
  public static func text(missingOutputs names: [String]) -> String {
    "\(noun("output", names)) missing: \(list(names))"
  }

  private static func noun(_ noun: String, _ names: [String]) -> String {
    names.count == 1 ? noun : "\(noun)s"
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(shownNames).joined(separator: ", ")
    return names.count > shownNames ? "\(shown) and \(names.count - shownNames) more" : shown
  }
}
