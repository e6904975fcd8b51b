public import JSONValue
public import Workflow

/// An instance of a signal, queued at a process. 24 bytes, because tasks keep their inputs.
public struct SignalInstance: Sendable, Equatable {
  /// Counts the instances of the signal, from 1.
  public var index: Int { Int(packedIndex) }
  /// Its datum; `nil` without data.
  public var datum: JSON? { content?.datum }
  public var source: FiringID? { packedSource.number == 0 ? nil : packedSource }
  /// Keys from its producer, besides the signal's own.
  public var keys: JSONObject? { content?.keys }
  /// Its index among the instances that its source sent at once.
  var ordinal: Int { Int(packedOrdinal) }

  private let packedIndex: Int32
  private let packedOrdinal: Int32
  /// Firing 0 means none: firings count from 1.
  private let packedSource: FiringID
  /// `nil` without data and keys, the usual case.
  private let content: Content?

  private final class Content: Sendable, Equatable {
    let datum: JSON?
    let keys: JSONObject?

    init(_ datum: JSON?, _ keys: JSONObject?) { (self.datum, self.keys) = (datum, keys) }

    static func == (left: Content, right: Content) -> Bool {
      left === right || (left.datum == right.datum && left.keys == right.keys)
    }
  }

  public init(index: Int, datum: JSON?, source: FiringID?, keys: JSONObject? = nil) {
    self.init(index: index, datum: datum, source: source, keys: keys, ordinal: 0)
  }

  init(index: Int, datum: JSON?, source: FiringID?, keys: JSONObject?, ordinal: Int) {
    packedIndex = Int32(clamping: index)
    packedOrdinal = Int32(clamping: ordinal)
    packedSource = source ?? FiringID(ProcessID(number: 0), 0)
    content = datum == nil && keys == nil ? nil : Content(datum, keys)
  }

  /// The instance with the new value after its source has run again.
  func revised(by value: PortValue) -> SignalInstance {
    let data = value.data
    guard data.indices.contains(ordinal) else { return self }
    return SignalInstance(
      index: index, datum: data[ordinal], source: source, keys: value.keys, ordinal: ordinal)
  }
}

/// The signals sent at the start of a run.
public struct InitialSignal: Sendable, Equatable {
  public let signal: SignalID
  public let value: PortValue

  public init(_ signal: SignalID, _ value: PortValue) {
    self.signal = signal
    self.value = value
  }
}

/// The instances that a firing consumed from one input.
public struct ConsumedInput: Sendable, Equatable {
  public let signal: SignalID
  public internal(set) var instances: [SignalInstance]

  public init(signal: SignalID, instances: [SignalInstance]) {
    self.signal = signal
    self.instances = instances
  }
}
