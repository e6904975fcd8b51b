public import JSONValue

/// A user's edit of an attempt; `nil` members keep the workflow's values.
public struct JobEdit: Sendable, Equatable {
  public var executable: String?
  public var arguments: [String]?
  /// Added to the job's environment; takes precedence.
  public var environment: [String: String]
  /// Seconds; 0 for no limit.
  public var timeout: Double?

  public init(
    executable: String? = nil, arguments: [String]? = nil, environment: [String: String] = [:],
    timeout: Double? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.timeout = timeout
  }

  public var isEmpty: Bool { self == JobEdit() }

  public var json: JSON {
    var members = JSONObject()
    members["executable"] = executable.map(JSON.string)
    members["args"] = arguments.map { .array($0.map(JSON.string)) }
    if !environment.isEmpty {
      let sorted = environment.sorted { $0.key < $1.key }
      members["env"] = .object(JSONObject(sorted.map { ($0.key, .string($0.value)) }))
    }
    members["timeout"] = timeout.map(JSON.init(number:))
    return .object(members)
  }

  /// `nil` if the text is not an edit: an invalid one must not run as something else.
  public init?(_ value: JSON) {
    guard let members = value.object else { return nil }
    self.init()
    if let given = members["executable"] {
      guard let text = given.string, !text.isEmpty else { return nil }
      executable = text
    }
    if let given = members["args"] {
      guard let words = given.array?.compactMap(\.string), words.count == given.array?.count
      else { return nil }
      arguments = words
    }
    for (name, value) in members["env"]?.object?.members ?? [] {
      guard let text = value.string, !name.isEmpty, !name.contains("=") else { return nil }
      environment[name] = text
    }
    if let given = members["timeout"] {
      guard let seconds = given.double, seconds >= 0, seconds.isFinite else { return nil }
      timeout = seconds
    }
  }
}

/// The scope of a retry.
public enum RetryScope: String, Sendable, CaseIterable {
  /// The task alone; tasks that have used its outputs stay unchanged.
  case alone
  /// Also every task that has used its outputs, in order.
  case downstream
}
