public import JSONValue

extension Workflow {
  /// A named edge of the graph.
  public struct Signal: Sendable {
    public let id: SignalID
    /// Numbers become text. Unique only if the file refers to it by name. A signal without
    /// a name is shown as `signal 3` and has no name in `attributes`.
    public let name: String
    public let control: Control?
    /// The instances sent when the run starts; `nil` without `data`.
    public let data: [JSON]?
    /// All attributes except `data`, in order; they are sent in job messages.
    public let attributes: JSONObject

    /// Whether `control` has a value that HyperFlow does not know: then it is no process's
    /// input or output.
    let hasUnknownControl: Bool
  }

  /// The effect of a control signal on its consumer.
  public enum Control: String, Sendable, CaseIterable {
    /// Needed for each firing.
    case next
    /// Finishes the process once it is idle.
    case done
    /// The number of instances of a counted signal in a firing.
    case count
    /// From a choice to its join.
    case merge
  }
}
