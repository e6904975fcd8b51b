public import JSONValue
import ShellText

extension Workflow {
  /// A node of the graph. An immutable class, because engine, screen and report refer to the
  /// same 100,000 of them.
  ///
  /// Consecutive processes usually differ only in name, signals and command, so equal `Traits`
  /// and `config` are shared.
  public final class Process: Sendable {
    public let id: ProcessID
    /// May be shared by processes, and may contain anything (use `displayName` to print
    /// it).
    public let name: String
    /// Data and control inputs in ascending signal id, the order in which functions get them.
    public let inputs: [Input]
    /// In the order of `outs`; a repeated signal has its last position.
    public let outputs: [Output]
    /// The whole `config`; empty without one.
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
    /// Firings after which the process finishes; `nil` for no limit (no key or 0 in the file).
    public var firingLimit: Int? { traits.values.firingLimit }
    /// Concurrent firings; 0 for no limit.
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
    /// `config.drain`: seconds for which the output is still read after the program's end while no
    /// process that holds it writes or works; `nil` leaves it to the executor.
    public var drain: Double? { traits.values.drain }
    /// The keys that HyperFlow does not know, as given.
    public var extra: JSONObject { traits.values.extra }

    /// `config.executor`, the command to run. Decoded from `config` each time: a run needs it once
    /// or twice for each process, and it takes as much memory as the rest of the process.
    public var command: CommandLine? {
      guard executor != nil else { return nil }
      var ignored = Findings()
      // The findings were reported when the file was read.
      return CommandDecoder.decode(config, JSONPath(list: "", index: id.index), &ignored)
    }

    /// `config.executor` as given, with the keys that only an executor knows.
    public var executor: JSONObject? { config["executor"]?.object }

    public enum Kind: String, Sendable {
      case dataflow, choice, join, foreach, splitter
    }

    /// `firingLimit`, or the number of inputs of a foreach.
    public var effectiveFiringLimit: Int? {
      firingLimit ?? (kind == .foreach ? dataInputs.count : nil)
    }

    /// The data outputs of a firing (from 1): all, or for a foreach the output at its
    /// input's position.
    public func dataOutputs(ofFiring number: Int) -> [Output] {
      let outputs = outputs.filter { $0.control == nil }
      guard kind == .foreach else { return outputs }
      let place = (number - 1) % max(1, dataInputs.count)
      return outputs.indices.contains(place) ? [outputs[place]] : []
    }

    /// The index of a signal among the inputs.
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

  /// An input of a process.
  public struct Input: Sendable, Equatable {
    public let signal: SignalID
    public let count: Count
    /// Whether the last value is kept and used by every firing.
    public let sticky: Bool
    public let control: Control?

    /// How many instances a firing consumes.
    public enum Count: Sendable, Equatable {
      case fixed(Int)
      /// As many as the next instance of this count signal says.
      case signal(SignalID)
    }
  }

  /// An output of a process.
  public struct Output: Sendable, Equatable {
    public let signal: SignalID
    /// The count signal with the number of sent instances (`"file:fcount"`).
    public let countSignal: SignalID?
    public let control: Control?
  }
}

extension Workflow.Process {
  /// The attributes of a process besides its name, signals and `config`. Processes that follow each
  /// other in a file share them.
  final class Traits: Sendable {
    let values: Values

    init(_ values: Values) { self.values = values }

    struct Values: Sendable, Equatable {
      var kind: Kind
      var function: ExactText?
      var firingLimit: Int?
      var parlevel: Int
      var firingInterval: Int?
      var ordering: Bool
      var executeWhenRecovering: Bool
      var stateful: Bool
      var joinCount: Int?
      var activeBranchesCount: Int?
      var retry: RetryPolicy?
      var timeout: Double?
      var drain: Double?
      var extra = JSONObject()
    }
  }

  /// The traits of the other process if they are equal. Traits with keys that HyperFlow does not
  /// know are not compared: equal objects may have their keys in another order.
  static func traits(_ values: Traits.Values, sharedWith other: Workflow.Process?) -> Traits {
    if let other, values.extra.isEmpty, other.traits.values == values { return other.traits }
    return Traits(values)
  }
}

extension Workflow {
  /// `config.executor`: the command a job runs.
  public struct CommandLine: Sendable {
    public let executable: String
    /// One word each. With `shell`, they are joined by spaces without quoting.
    public let arguments: [String]
    public let shell: Bool
    public let stdout: String?
    public let stderr: String?
    public let stdoutAppend: String?
    public let stderrAppend: String?
    /// The whole object, with unknown keys.
    public let all: JSONObject
  }
}

extension Workflow.Process {
  /// The command, or the function, on one line; safe to print.
  public var summary: String {
    guard let command, !command.executable.isEmpty else {
      return (function ?? name).displayName
    }
    let words = [command.executable] + command.arguments
    let line = command.shell ? words : words.map(ShellWords.quoted)
    return line.joined(separator: " ").displayName
  }
}
