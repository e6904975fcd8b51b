public import JSONValue
public import Workflow

/// One instance of a signal on its way to a process, in 24 bytes: each task keeps those it took.
public struct SignalInstance: Sendable, Equatable {
  /// Counts the instances of the signal, from 1.
  public var index: Int { Int(packedIndex) }
  /// The one datum it carries; `nil` when it is bare.
  public var datum: JSON? { content?.datum }
  public var source: FiringID? { packedSource.number == 0 ? nil : packedSource }
  /// Keys that its producer gave it, besides the signal's own.
  public var keys: JSONObject? { content?.keys }
  /// Its place among the instances that its source sent at once, from 0.
  var ordinal: Int { Int(packedOrdinal) }

  private let packedIndex: Int32
  private let packedOrdinal: Int32
  /// Firing 0 stands for none: firings count from 1.
  private let packedSource: FiringID
  /// `nil` for what is bare, as most instances are.
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

  /// The same instance with what its source gave when it ran again.
  func revised(by value: PortValue) -> SignalInstance {
    let data = value.data
    guard data.indices.contains(ordinal) else { return self }
    return SignalInstance(
      index: index, datum: data[ordinal], source: source, keys: value.keys, ordinal: ordinal)
  }
}

/// What is sent when a run starts.
public struct InitialSignal: Sendable, Equatable {
  public let signal: SignalID
  public let value: PortValue

  public init(_ signal: SignalID, _ value: PortValue) {
    self.signal = signal
    self.value = value
  }
}

/// What a firing took from one of its inputs.
public struct ConsumedInput: Sendable, Equatable {
  public let signal: SignalID
  public internal(set) var instances: [SignalInstance]

  public init(signal: SignalID, instances: [SignalInstance]) {
    self.signal = signal
    self.instances = instances
  }
}
