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

  public init(index: Int, datum: JSON?, source: FiringID?, keys: JSONObject? = nil) {
    self.keys = keys
    self.index = index
    self.datum = datum
    self.source = source
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
  public let instances: [SignalInstance]

  public init(signal: SignalID, instances: [SignalInstance]) {
    self.signal = signal
    self.instances = instances
  }
}
