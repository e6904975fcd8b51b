public import JSONValue
public import Workflow

/// One instance of a signal on its way to a process.
public struct SignalInstance: Sendable, Equatable {
  /// Counts the instances of the signal, from 1.
  public let index: Int
  /// The one datum it carries; `nil` when it is bare.
  public let datum: JSON?
  public let source: FiringID?
  /// Keys that its producer gave it, besides the signal's own.
  public let keys: JSONObject?

  /// Its place among the instances that its source sent at once, from 0.
  let ordinal: Int

  public init(index: Int, datum: JSON?, source: FiringID?, keys: JSONObject? = nil) {
    self.init(index: index, datum: datum, source: source, keys: keys, ordinal: 0)
  }

  init(index: Int, datum: JSON?, source: FiringID?, keys: JSONObject?, ordinal: Int) {
    self.keys = keys
    self.index = index
    self.datum = datum
    self.source = source
    self.ordinal = ordinal
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
