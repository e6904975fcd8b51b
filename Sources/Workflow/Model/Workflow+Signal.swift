public import JSONValue

extension Workflow {
  /// A named edge of the graph; its instances are the tokens.
  public struct Signal: Sendable {
    public let id: SignalID
    /// Numbers in the file become text. Unique only if the file refers to it by name. A signal
    /// without a name shows as `signal 3`, and has no name in `attributes`.
    public let name: String
    public let control: Control?
    /// The instances sent when the run starts; `nil` when the file has no `data`.
    public let data: [JSON]?
    /// Every attribute but `data`, as given and in its order: they travel in job messages.
    public let attributes: JSONObject

    /// The file says `control`, but no kind that HyperFlow knows: it belongs to no process's
    /// inputs or outputs.
    let hasUnknownControl: Bool
  }

  /// What a control signal does to the process that consumes it.
  public enum Control: String, Sendable, CaseIterable {
    /// Must arrive before each firing.
    case next
    /// Finishes the process when it is idle.
    case done
    /// Says how many instances of a counted signal belong to a firing.
    case count
    /// Goes from a choice to its join.
    case merge
  }
}
