public import JSONValue

/// What a function or job gave for one of its outputs.
public enum PortValue: Sendable, Equatable {
  /// The output without data: one instance that carries only the signal's attributes.
  case bare
  /// One instance for each element; none for an empty list.
  case data([JSON])
  /// Nothing is emitted on this output.
  case nothing

  /// How many instances of the signal this makes.
  public var instanceCount: Int {
    switch self {
    case .bare: 1
    case .data(let elements): elements.count
    case .nothing: 0
    }
  }
}

extension PortValue {
  var json: JSON {
    switch self {
    case .bare: .bool(true)
    case .data(let elements): .array(elements)
    case .nothing: .null
    }
  }

  init?(_ json: JSON) {
    switch json {
    case .bool(true): self = .bare
    case .array(let elements): self = .data(elements)
    case .null: self = .nothing
    default: return nil
    }
  }
}
