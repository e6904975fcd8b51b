public import JSONValue

extension Workflow {
  /// A node of the graph. A class, because engine, screen and report refer to the same 100,000 of
  /// them; nothing of it ever changes.
  ///
  /// Neighbours in the file mostly agree in everything but name, signals and command, so those
  /// have what they agree in (`Traits`, and an equal `config`) in common.
  public final class Process: Sendable {
    public let id: ProcessID
    /// Need not be unique; may contain anything (`displayName` makes it fit for a terminal).
    public let name: String
    /// Data and control inputs in ascending signal id, the order in which functions see them.
    public let inputs: [Input]
    /// In the order of `outs`; a repeated signal keeps its last place.
    public let outputs: [Output]
    /// The whole `config` as given; empty when there is none.
    public let config: JSONObject
    let traits: Traits

    init(
      id: ProcessID, name: String, inputs: [Input], outputs: [Output], config: JSONObject,
      traits: Traits
    ) {
      self.id = id
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.config = config
      self.traits = traits
    }

    public var kind: Kind { traits.values.kind }
    public var function: String? { traits.values.function?.string }
    /// Firings after which the process finishes; `nil` is unlimited (absent or 0 in the file).
    public var firingLimit: Int? { traits.values.firingLimit }
    /// Concurrent firings; 0 is unlimited.
    public var parlevel: Int { traits.values.parlevel }
    /// Milliseconds between the firings of a process without data inputs.
    public var firingInterval: Int? { traits.values.firingInterval }
    /// Whether outputs are emitted in the order of firings.
    public var ordering: Bool { traits.values.ordering }
    public var executeWhenRecovering: Bool { traits.values.executeWhenRecovering }
    public var stateful: Bool { traits.values.stateful }
    /// How many branches a join waits for; `nil`: as many as it has data inputs.
    public var joinCount: Int? { traits.values.joinCount }
    /// How many arrivals until a join resets; `nil`: as many as it has data inputs.
    public var activeBranchesCount: Int? { traits.values.activeBranchesCount }
    /// `config.retry`; `nil` leaves it to the run.
    public var retry: RetryPolicy? { traits.values.retry }
    /// `config.timeout`: seconds of wall clock for one attempt; `nil` for no limit.
    public var timeout: Double? { traits.values.timeout }
    /// `config.drain`: seconds for which the output is read on after the program's end while nobody
    /// who holds it writes or works; `nil` leaves it to the executor.
    public var drain: Double? { traits.values.drain }
    /// The keys that HyperFlow does not know, as given.
    public var extra: JSONObject { traits.values.extra }

    /// `config.executor`, the command to run. Decoded from `config` each time: a run needs it once
    /// or twice for each process, and it takes as much memory as the rest of the process.
    public var command: CommandLine? {
      guard executor != nil else { return nil }
      var ignored = Findings()
      // The findings were told when the file was read.
      return CommandDecoder.decode(config, Place(list: "", index: id.index), &ignored)
    }

    /// `config.executor` as given, with the keys that only an executor knows.
    public var executor: JSONObject? { config["executor"]?.object }

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
