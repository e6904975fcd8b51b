import JSONValue

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

  /// The traits of another process where they are the same. Those with keys that HyperFlow does not
  /// know are not compared: equal objects may have their keys in another order.
  static func traits(_ values: Traits.Values, sharedWith other: Workflow.Process?) -> Traits {
    if let other, values.extra.isEmpty, other.traits.values == values { return other.traits }
    return Traits(values)
  }
}
