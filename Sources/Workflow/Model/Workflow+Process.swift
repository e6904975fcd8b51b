public import JSONValue

extension Workflow {
  /// A node of the graph. A class, because engine, screen and report refer to the same 100,000 of
  /// them; nothing of it ever changes.
  public final class Process: Sendable {
    public let id: ProcessID
    /// Need not be unique; may contain anything (`displayName` makes it fit for a terminal).
    public let name: String
    public let kind: Kind
    public let function: String?
    /// Data and control inputs in ascending signal id, the order in which functions see them.
    public let inputs: [Input]
    /// In the order of `outs`; a repeated signal keeps its last place.
    public let outputs: [Output]
    /// Firings after which the process finishes; `nil` is unlimited (absent or 0 in the file).
    public let firingLimit: Int?
    /// Concurrent firings; 0 is unlimited.
    public let parlevel: Int
    /// Milliseconds between the firings of a process without data inputs.
    public let firingInterval: Int?
    /// Whether outputs are emitted in the order of firings.
    public let ordering: Bool
    public let executeWhenRecovering: Bool
    public let stateful: Bool
    /// How many branches a join waits for; `nil`: as many as it has data inputs.
    public let joinCount: Int?
    /// How many arrivals until a join resets; `nil`: as many as it has data inputs.
    public let activeBranchesCount: Int?
    /// The whole `config` as given; empty when there is none.
    public let config: JSONObject
    /// `config.retry`; `nil` leaves it to the run.
    public let retry: RetryPolicy?
    /// `config.timeout`: seconds of wall clock for one attempt; `nil` for no limit.
    public let timeout: Double?
    /// `config.drain`: seconds for which the output is read on after the program's end while nobody
    /// who holds it writes or works; `nil` leaves it to the executor.
    public let drain: Double?
    /// `config.executor`, the command to run.
    public let command: CommandLine?
    /// The keys that HyperFlow does not know, as given.
    public let extra: JSONObject

    init(
      id: ProcessID, name: String, kind: Kind, function: String?, inputs: [Input],
      outputs: [Output], firingLimit: Int?, parlevel: Int, firingInterval: Int?, ordering: Bool,
      executeWhenRecovering: Bool, stateful: Bool, joinCount: Int?, activeBranchesCount: Int?,
      config: JSONObject, retry: RetryPolicy?, timeout: Double?, drain: Double?,
      command: CommandLine?, extra: JSONObject
    ) {
      self.id = id
      self.name = name
      self.kind = kind
      self.function = function
      self.inputs = inputs
      self.outputs = outputs
      self.firingLimit = firingLimit
      self.parlevel = parlevel
      self.firingInterval = firingInterval
      self.ordering = ordering
      self.executeWhenRecovering = executeWhenRecovering
      self.stateful = stateful
      self.joinCount = joinCount
      self.activeBranchesCount = activeBranchesCount
      self.config = config
      self.retry = retry
      self.timeout = timeout
      self.drain = drain
      self.command = command
      self.extra = extra
    }

    public enum Kind: String, Sendable {
      case dataflow, choice, join, foreach, splitter
    }

    /// `firingLimit`, or one firing for each input of a foreach.
    public var effectiveFiringLimit: Int? {
      firingLimit ?? (kind == .foreach ? dataInputs.count : nil)
    }

    /// The data outputs that a firing (counted from 1) may send: all, or of a foreach the one at
    /// the place of its input.
    public func dataOutputs(ofFiring number: Int) -> [Output] {
      let outputs = outputs.filter { $0.control == nil }
      guard kind == .foreach else { return outputs }
      let place = (number - 1) % max(1, dataInputs.count)
      return outputs.indices.contains(place) ? [outputs[place]] : []
    }

    /// The place of a signal among the inputs.
    public func port(of signal: SignalID) -> Int? {
      var (low, high) = (0, inputs.count)
      while low < high {
        let middle = (low + high) / 2
        if inputs[middle].signal < signal { low = middle + 1 } else { high = middle }
      }
      return low < inputs.count && inputs[low].signal == signal ? low : nil
    }

    public var dataInputs: [Input] { inputs.filter { $0.control == nil } }
  }

  /// A signal that a process waits for, and how.
  public struct Input: Sendable, Equatable {
    public let signal: SignalID
    public let count: Count
    /// The last value stays and is read by every firing.
    public let sticky: Bool
    public let control: Control?

    /// How many instances one firing takes.
    public enum Count: Sendable, Equatable {
      case fixed(Int)
      /// As many as the next instance of this count signal says.
      case signal(SignalID)
    }
  }

  /// A signal that a process emits.
  public struct Output: Sendable, Equatable {
    public let signal: SignalID
    /// The count signal that tells how many instances a firing emitted (`"file:fcount"`).
    public let countSignal: SignalID?
    public let control: Control?
  }
}
