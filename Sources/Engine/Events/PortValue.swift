public import JSONValue

/// The value of an output, from a function or a job.
public enum PortValue: Sendable, Equatable {
  /// One instance without data: only the signal's attributes.
  case bare
  /// One instance for each element; none for an empty list.
  case data([JSON])
  /// Instances as for `bare` (`data` is `nil`) or `data`, with additional keys.
  case keyed(JSONObject, data: [JSON]?)
  /// Nothing is sent on this output.
  case nothing

  /// The number of instances.
  public var instanceCount: Int {
    switch self {
    case .bare: 1
    case .data(let elements): elements.count
    case .keyed(_, let elements): elements?.count ?? 1
    case .nothing: 0
    }
  }

  /// The datum of each instance; `nil` without data.
  public var data: [JSON?] {
    switch self {
    case .bare: [nil]
    case .data(let elements): elements
    case .keyed(_, let elements?): elements
    case .keyed(_, nil): [JSON?.none]
    case .nothing: []
    }
  }

  public var keys: JSONObject? {
    if case .keyed(let keys, _) = self { keys } else { nil }
  }
}

extension PortValue {
  /// The length of its JSON text, in bytes.
  package var size: Int { json.bytes.count }

  var json: JSON {
    switch self {
    case .bare: .bool(true)
    case .data(let elements): .array(elements)
    case .keyed(let keys, let elements):
      .object(["keys": .object(keys), "data": elements.map(JSON.array) ?? .null])
    case .nothing: .null
    }
  }

  /// Parses the text form: `true`, an array, an object with `keys` and `data`, or `null`.
  public init?(_ json: JSON) {
    switch json {
    case .bool(true): self = .bare
    case .array(let elements): self = .data(elements)
    case .object(let members):
      guard let keys = members["keys"]?.object else { return nil }
      self = .keyed(keys, data: members["data"]?.array)
    case .null: self = .nothing
    default: return nil
    }
  }
}
