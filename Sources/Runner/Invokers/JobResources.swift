/// What a job needs while it runs. `nil` where nothing was asked for.
struct JobResources: Sendable, Equatable {
  /// Processor cores; may be a part of one.
  var cores: Double?
  var memoryBytes: Int?
  /// How long it may run.
  var seconds: Double?
}
