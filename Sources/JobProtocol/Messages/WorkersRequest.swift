import JSONValue

/// Changes the number of workers that a site has.
public struct WorkersRequest: Sendable, Equatable {
  public enum Change: String, Sendable, CaseIterable {
    case add
    /// Let workers finish their jobs, then exit.
    case drain
    /// End workers at once; their jobs are retried.
    case remove
  }

  public var change: Change
  public var site: String
  public var count: Int
  /// One worker by its name, or a place by its native id; `nil` lets the site choose.
  public var worker: String?

  public static let countRange = 1...10_000

  public init(_ change: Change, site: String, count: Int = 1, worker: String? = nil) {
    self.change = change
    self.site = site
    self.count = count
    self.worker = worker
  }

  var json: JSON {
    var members = JSONObject([
      ("do", .string("workers")), ("change", .string(change.rawValue)), ("site", .string(site)),
      ("count", .int(count)),
    ])
    members["worker"] = worker.map(JSON.string)
    return .object(members)
  }

  init?(_ json: JSON) {
    guard let change = json["change"]?.string.flatMap(Change.init),
      let site = json["site"]?.string, let count = json["count"]?.int,
      Self.countRange.contains(count)
    else { return nil }
    self.init(change, site: site, count: count, worker: json["worker"]?.string)
  }

  /// The beginning of the notice that answers the request.
  public static func mark(_ site: String) -> String { "workers of \(site): " }
  /// The beginning of the notice if nothing was changed.
  public static func refusalMark(_ site: String) -> String { mark(site) + "not changed: " }
}
